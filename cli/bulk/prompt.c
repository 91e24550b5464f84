/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a login asks for, which the letters show: what the module does by its line in PAM's files and
 * by the configuration. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/bulk/bulk.h"
#include "cli/pamconf/pamconf.h"
#include "config/configuration.h"
#include "message/translate.h"
#include "totpgroup.h"

#define USUAL_SERVICE "sshd"
#define MODULE	      "pam_totpgroup.so"

/* The first line asks first. */
static const struct pam_line *find_line(const struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].type == PAM_TYPE_AUTH &&
			pam_line_names(&stack->lines[i], MODULE))
			return &stack->lines[i];
	return NULL;
}

/* Merges the line with the configuration, as the module does. --conf names another file than the
 * module would read. */
static int merge(struct configuration *configuration, const char *conf,
	const struct pam_line *line, struct error *error)
{
	const struct configuration_paths paths = {.host = conf, .required = true};
	const char *const *arguments = (const char *const *)line->arguments;
	struct error why = ERROR_INIT;
	int status = conf != NULL ? configuration_load_from(configuration, &paths,
					    line->argument_count, arguments, &why)
				  : configuration_load(configuration, line->argument_count,
					    arguments, &why);

	if (status == 0)
		return 0;
	return error_set(
		error, status, "%s, line %u: %s", line->file, line->number, why.message);
}

static int keep(struct bulk_run *run, const struct options *module, struct error *error)
{
	free(run->prompt);
	run->prompt = strdup(options_prompt(module));
	if (run->prompt == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	run->house.prompt = run->prompt;
	run->house.with_password = module->forward_pass;
	return 0;
}

int bulk_prompt_find(struct bulk_run *run, struct error *error)
{
	const struct bulk_options *options = &run->options;
	const char *const own_folder[] = {options->pam_folder, NULL};
	const char *service = options->service != NULL ? options->service : USUAL_SERVICE;
	const struct options *module = &run->defaults.configuration->options;
	struct configuration merged = CONFIGURATION_INIT;
	const struct pam_line *line;
	struct pam_stack stack;
	int status = pam_stack_read(&stack,
		options->pam_folder != NULL ? own_folder : pam_stack_folders, service, error);

	/* Users may log in to another host than this one. */
	if (status == TOTPGROUP_ENOTFOUND && options->service == NULL) {
		*error = (struct error)ERROR_INIT;
		status = 0;
	}
	line = status == 0 ? find_line(&stack) : NULL;
	if (line != NULL) {
		status = merge(&merged, options->conf, line, error);
		module = &merged.options;
	}
	if (status == 0)
		status = keep(run, module, error);
	configuration_free(&merged);
	pam_stack_free(&stack);
	return status;
}
