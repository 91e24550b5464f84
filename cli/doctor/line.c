/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The module's lines and the configuration files that they read: what the module refuses
 * to understand or to trust. */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/doctor/corrections.h"
#include "cli/doctor/doctor.h"
#include "cli/ui/words.h"
#include "config/configuration.h"
#include "config/verify_config.h"
#include "totpgroup.h"

#define OPTIONS_CHECK "module-options"
#define FILE_CHECK    "configuration-file"
#define SILENT_CHECK  "silent-line"
#define DROP_IN_CHECK "drop-in"

/* The number of the argument that is wrong by itself, or -1. */
static int find_wrong_argument(const struct pam_line *line)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	for (int i = 0; i < line->argument_count; i++)
		if (options_read(&options, line->arguments[i], &error) != 0)
			return i;
	return -1;
}

static bool is_understood(const void *context, const char *argument)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;

	(void)context;
	return options_read(&options, argument, &error) == 0;
}

/* Whether the line is understood, or refused for another reason, without that argument. */
static bool does_without(const struct pam_line *line, int argument, const struct error *problem)
{
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	const char **left = calloc((size_t)line->argument_count, sizeof *left);
	int count = 0;
	bool good = left != NULL;

	for (int i = 0; good && i < line->argument_count; i++)
		if (i != argument)
			left[count++] = line->arguments[i];
	if (good && options_read_all(&options, count, left, &error) != 0)
		good = strcmp(error.message, problem->message) != 0;
	free(left);
	return good;
}

/* Options that contradict each other are right one by one: one of them has to go, and the module
 * says so of those that do nothing. */
static int find_contradiction(const struct pam_line *line, const struct error *problem)
{
	bool idle = strstr(problem->message, " does nothing in a line with ") != NULL;

	for (int i = line->argument_count - 1; i >= 0; i--)
		if ((correction_may_remove(line->arguments[i]) ||
			    (idle && strncmp(line->arguments[i], "store=", 6) != 0)) &&
			does_without(line, i, problem))
			return i;
	return -1;
}

static void mend_wrong_argument(struct finding *finding, const struct pam_line *line, int wrong,
	const struct error *problem)
{
	const char *written = line->arguments[wrong];
	struct text joined = TEXT_INIT;
	struct pam_line_change change = {.argument = wrong};
	char *replacement = NULL;

	if (correction_join(&joined, line, wrong)) {
		finding_mend(
			finding, MEND_REPLACE, line->file, line->number, "%s", joined.data);
	} else {
		replacement =
			correction_find(written, problem->message, false, is_understood, NULL);
		change.replacement = replacement;
		if (replacement != NULL ||
			(correction_may_remove(written) && does_without(line, wrong, problem)))
			finding_mend_line(finding, MEND_REPLACE, line, &change);
	}
	free(replacement);
	text_free(&joined);
}

static void report_wrong_options(
	struct doctor *doctor, const struct pam_line *line, const struct error *error)
{
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, OPTIONS_CHECK,
		"%s, line %u: %s", line->file, line->number, error->message);
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;
	int wrong = find_wrong_argument(line);

	finding_why(finding,
		"The module refuses every login with an option that it does not understand.");
	if (wrong >= 0) {
		mend_wrong_argument(finding, line, wrong, error);
		return;
	}
	change.argument = find_contradiction(line, error);
	if (change.argument >= 0)
		finding_mend_line(finding, MEND_REPLACE, line, &change);
}

/* The line as it is in the file now; NULL if it cannot be read. */
static char *read_line(const char *path, unsigned int number)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	unsigned int read = 0;

	if (file == NULL)
		return NULL;
	while (read < number && getline(&line, &size, file) >= 0)
		read++;
	fclose(file);
	if (read < number) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* Cuts the carriage returns off the end of the line; false if there are none. */
static bool cut_line_end(char *line)
{
	size_t length = strlen(line), cut = length;

	while (cut > 0 && line[cut - 1] == '\r')
		cut--;
	line[cut] = '\0';
	return cut < length;
}

/* Adds what makes the line right: other line ends, other words, or nothing in its place. */
static void mend_file_line(struct finding *finding, const struct configuration *configuration,
	const char *path, unsigned int number, const char *problem)
{
	char *written = read_line(path, number), *right = NULL;
	bool foreign = written != NULL && cut_line_end(written);

	if (written == NULL)
		;
	else if (foreign && correction_is_line_end(configuration, path, number))
		finding_mend_line_ends(finding, path);
	else if ((right = correction_find_line(
			  configuration, path, number, written, problem)) != NULL)
		finding_mend(finding, MEND_REPLACE, path, number, "%s", right);
	else if (correction_may_remove(written) &&
		 correction_does_without_line(configuration, path, number))
		finding_mend(finding, MEND_REMOVE, path, number, "%s", written);
	free(right);
	free(written);
}

/* The module says to leave nullok out where something else says when it ends, and names the line
 * of one of them. */
static bool mend_contradiction(
	struct finding *finding, const struct configuration *configuration, const char *problem)
{
	const struct configuration_value *value =
		configuration_find(configuration, NULL, "nullok");

	if (strstr(problem, "leave nullok out") == NULL)
		return false;
	if (value != NULL &&
		correction_does_without_line(configuration, value->path, value->line))
		finding_mend(finding, MEND_REMOVE, value->path, value->line, "%s=%s",
			value->key, value->value);
	return true;
}

/* Mends the line of a configuration file if the message begins with it, as PATH:LINE: .
 * False if it does not. */
static bool mend_named_line(
	struct finding *finding, const struct configuration *configuration, const char *message)
{
	for (const struct configuration_file *file = configuration->files; file != NULL;
		file = file->earlier) {
		const char *path = file->path, *rest = message + strlen(path);
		unsigned int number;
		int length = 0;

		if (strncmp(message, path, strlen(path)) != 0 ||
			sscanf(rest, ":%u: %n", &number, &length) != 1 || length == 0)
			continue;
		if (!mend_contradiction(finding, configuration, message))
			mend_file_line(finding, configuration, path, number, rest + length);
		return true;
	}
	return false;
}

/* The file or folder that a message about its owner or mode begins with; the caller frees
 * it. NULL if it names none. */
static char *unsafe_path(const char *message)
{
	static const char folder[] = "the folder of ";
	bool is_folder = strncmp(message, folder, strlen(folder)) == 0;
	const char *start = message + (is_folder ? strlen(folder) : 0);
	const char *end = NULL;
	char *path;

	for (const char *next = start; (next = strstr(next, ": ")) != NULL; next++)
		end = next;
	if (end == NULL || *start != '/')
		return NULL;
	path = strndup(start, (size_t)(end - start));
	if (path != NULL && is_folder)
		strrchr(path, '/')[strrchr(path, '/') == path ? 1 : 0] = '\0';
	return path;
}

static void mend_unsafe(struct finding *finding, const char *message)
{
	char *path = unsafe_path(message);
	char *word = path != NULL ? shell_word(path) : NULL;
	struct stat status;

	if (word == NULL || lstat(path, &status) != 0)
		;
	else if (S_ISLNK(status.st_mode))
		finding_run(finding, "cp --remove-destination -- \"$(readlink -f %s)\" %s",
			word, word);
	else if (status.st_uid != 0 && status.st_uid != geteuid())
		finding_run(finding, "chown root %s", word);
	else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		finding_run(finding, "chmod go-w %s", word);
	free(word);
	free(path);
}

/* Without conf= the module reads the host's usual file. */
static void mend_missing_file(struct finding *finding, const struct pam_line *line)
{
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;

	for (int i = 0; i < line->argument_count; i++)
		if (strncmp(line->arguments[i], "conf=", strlen("conf=")) == 0)
			change.argument = i;
	finding_mend_line(finding, MEND_REPLACE, line, &change);
}

/* Several lines may read the same file. */
static bool is_reported(const struct doctor *doctor, const char *what)
{
	for (size_t i = 0; i < doctor->report.count; i++) {
		const struct finding *finding = doctor->report.findings[i];

		if (strcmp(finding->check, FILE_CHECK) == 0 && finding->what != NULL &&
			strcmp(finding->what, what) == 0)
			return true;
	}
	return false;
}

static void report_refused_file(struct doctor *doctor, const struct pam_line *line,
	const struct configuration *configuration, const struct error *error)
{
	/* Only root can check a file that only root may read. */
	bool unknown = error->system_error == EACCES && geteuid() != 0;
	struct finding *finding;

	if (is_reported(doctor, error->message))
		return;
	finding = report_add(doctor, unknown ? FINDING_UNKNOWN : FINDING_PROBLEM, FILE_CHECK,
		"%s", error->message);
	if (unknown)
		return;
	finding_why(finding, "The module refuses every login while it cannot trust and "
			     "understand its configuration.");
	if (mend_named_line(finding, configuration, error->message))
		return;
	if (error->code == TOTPGROUP_ENOTFOUND)
		mend_missing_file(finding, line);
	else
		mend_unsafe(finding, error->message);
}

/* The sections that only totp-verifyd reads: a mistake in them refuses no login. */
static void check_daemon_sections(
	struct doctor *doctor, const struct configuration *configuration)
{
	struct verify_config *verify = malloc(sizeof *verify);
	struct error error = ERROR_INIT;
	struct finding *finding;

	if (verify != NULL && verify_config_read(configuration, verify, &error) != 0) {
		finding = report_add(doctor, FINDING_PROBLEM, FILE_CHECK, "%s", error.message);
		finding_why(finding, "totp-verifyd does not start while it does not understand "
				     "its configuration; logins go on.");
		mend_named_line(finding, configuration, error.message);
	}
	free(verify);
}

/* The value of conf= on the line, or "". */
static const char *conf_of(const struct pam_line *line)
{
	static const char name[] = "conf=";
	const char *value = "";

	for (int i = 0; i < line->argument_count; i++)
		if (strncmp(line->arguments[i], name, strlen(name)) == 0)
			value = line->arguments[i] + strlen(name);
	return value;
}

int doctor_load_configuration(const struct doctor *doctor, const struct pam_line *line,
	struct configuration *configuration, struct error *error)
{
	const struct configuration_paths copy = {.host = doctor->copied_conf, .required = true};
	const char *const *arguments = (const char *const *)line->arguments;

	if (doctor->copied_conf != NULL && strcmp(conf_of(line), conf_of(doctor->line)) == 0)
		return configuration_load_from(
			configuration, &copy, line->argument_count, arguments, error);
	return configuration_load(configuration, line->argument_count, arguments, error);
}

/* Files beside the drop-ins that the module does not read. */
static void check_drop_ins(struct doctor *doctor, const struct configuration *configuration)
{
	const char *conf = configuration->options.conf;
	char *folder;

	if (asprintf(&folder, "%s.d", conf != NULL ? conf : CONFIGURATION_FILE) < 0) {
		doctor->report.out_of_memory = true;
		return;
	}
	doctor_check_drop_ins(doctor, DROP_IN_CHECK, folder, "the module");
	free(folder);
}

/* Reads what the module would read for the line. True if the module would go on. */
static bool load_configuration(
	struct doctor *doctor, const struct pam_line *line, struct configuration *configuration)
{
	struct error error = ERROR_INIT;

	if (doctor_load_configuration(doctor, line, configuration, &error) != 0) {
		report_refused_file(doctor, line, configuration, &error);
		return false;
	}
	if (line != doctor->line)
		return true;
	for (const struct configuration_file *file = configuration->files; file != NULL;
		file = file->earlier)
		report_add(doctor, FINDING_OK, FILE_CHECK,
			"the module understands %s, and only root can change it", file->path);
	check_daemon_sections(doctor, configuration);
	check_drop_ins(doctor, configuration);
	return true;
}

/* Whether the module asks some users or logins for no code: its result is PAM_IGNORE
 * then. The option enroll alone exempts nobody. */
static bool exempts_some(const struct options *options)
{
	return options->services != NULL || options->group != NULL ||
	       options->skip_net != NULL || options->skip_after != NULL || options->nullok ||
	       options->nullok_until > 0 || options->nullok_for > 0;
}

/* The results that a line can have depend on its options. */
static void correct_results(
	struct doctor *doctor, const struct pam_line *line, const struct options *options)
{
	for (size_t i = 0; i < doctor->trial_count; i++)
		if (doctor->trials[i].line == line && exempts_some(options))
			doctor->trials[i].results = PAM_RESULTS_ALL;
}

static void check_options(struct doctor *doctor, const struct pam_line *line)
{
	bool first = line == doctor->line;
	struct configuration own = CONFIGURATION_INIT;
	struct configuration *configuration = first ? doctor->configuration : &own;
	struct options options = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	bool loaded;

	doctor->misread = doctor->misread || first;
	if (options_read_all(&options, line->argument_count,
		    (const char *const *)line->arguments, &error) != 0) {
		report_wrong_options(doctor, line, &error);
		correct_results(doctor, line, &options);
		configuration->options = options;
		return;
	}
	if (first)
		report_add(doctor, FINDING_OK, OPTIONS_CHECK,
			"the module understands its options");
	loaded = load_configuration(doctor, line, configuration);
	options_leave_to_daemon(&configuration->options);
	if (loaded) {
		correct_results(doctor, line, &configuration->options);
		doctor->misread = doctor->misread && !first;
	}
	configuration_free(&own);
}

static void check_hyphen(struct doctor *doctor, const struct pam_line *line)
{
	struct finding *finding;

	if (!line->silent)
		return;
	finding = report_add(doctor, FINDING_WARNING, SILENT_CHECK,
		"%s, line %u: begins with a hyphen", line->file, line->number);
	finding_why(finding, "If the module cannot be loaded, logins are refused and nothing "
			     "in the log says why.");
	finding_mend_line(finding, MEND_REPLACE, line, NULL);
}

void doctor_check_line(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->stack.count; i++) {
		const struct pam_line *line = &doctor->stack.lines[i];

		if (!pam_line_names(line, DOCTOR_MODULE))
			continue;
		check_options(doctor, line);
		check_hyphen(doctor, line);
	}
}
