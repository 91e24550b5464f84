/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/explain/options.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "cli/pamconf/option_origin.h"
#include "cli/ui/terminal.h"
#include "config/configuration.h"

#define FILE_STEP "conf"
#define STEP	  "option"

static void tell(const struct flow_watcher *watcher, const struct option_place *place)
{
	const struct configuration_value *value = place->value;
	struct text text = TEXT_INIT;

	if (text_append_format(&text, "%s=%s, from %s, line %u%s", value->name, value->value,
		    value->path, value->line,
		    place->argument >= 0 ? ": overruled by the line above" : "") == 0) {
		ascii_hide_controls(text.data);
		watcher->tell(watcher->context, STEP, text.data);
	} else {
		terminal_out_of_memory();
	}
	text_free(&text);
}

/* The decision has read the same files a moment ago, and understood them. */
static void tell_options(const struct explain_options *options)
{
	struct configuration configuration = CONFIGURATION_INIT;
	struct error error = ERROR_INIT;

	if (configuration_load(&configuration, options->count, options->arguments, &error) == 0)
		for (const struct option_definition *row = option_definitions;
			row->name != NULL; row++) {
			const struct option_place place = option_place_find(
				&configuration, options->count, options->arguments, row->name);

			if (row->alias_of == NULL && place.value != NULL)
				tell(options->watcher, &place);
		}
	configuration_free(&configuration);
}

void explain_options_step(void *context, const char *step, const char *text)
{
	struct explain_options *options = context;

	if (!options->told && strcmp(step, FILE_STEP) != 0) {
		options->told = true;
		tell_options(options);
	}
	options->watcher->tell(options->watcher->context, step, text);
}
