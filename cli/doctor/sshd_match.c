/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sshd's Match blocks: which of them apply to the login that is judged, and whether another of
 * them lets in without a code. And the drop-ins that sshd does not read. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "cli/doctor/sshd_files.h"
#include "cli/doctor/sshd_proof.h"
#include "message/translate.h"
#include "totpgroup.h"

/* sshd prints this name for each block that applies. */
#define MARK "TOTPGROUP_BLOCK_"
/* Each block that does not apply costs a run of sshd. */
#define BLOCKS_MAX 64

static bool begins_block(const struct sshd_files *files, size_t line)
{
	return files->lines[line].block == line;
}

static size_t count_blocks(const struct sshd_files *files)
{
	size_t count = 0;

	for (size_t i = 0; i < files->line_count; i++)
		count += begins_block(files, i);
	return count;
}

static int set_marks(const struct sshd_files *files, struct sshd_change *changes, char **texts,
	struct error *error)
{
	size_t count = 0;

	for (size_t i = 0; i < files->line_count; i++) {
		const struct sshd_line *line = &files->lines[i];

		if (!begins_block(files, i))
			continue;
		if (asprintf(&texts[count], "AcceptEnv " MARK "%zu", i) < 0) {
			texts[count] = NULL;
			return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
		}
		changes[count] =
			(struct sshd_change){MEND_ADD, line->file, line->number, texts[count]};
		count++;
	}
	return 0;
}

/* Copies the files with a mark in each block, as sshd collects all names of AcceptEnv. */
static int copy_with_marks(struct sshd_files *files, char **config, struct error *error)
{
	size_t count = count_blocks(files);
	struct sshd_change *changes = calloc(count, sizeof *changes);
	char **texts = calloc(count, sizeof *texts);
	int status;

	if (changes == NULL || texts == NULL)
		status = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	else
		status = set_marks(files, changes, texts, error);
	if (status == 0)
		status = sshd_files_copy(files, changes, count, config, error);
	for (size_t i = 0; texts != NULL && i < count; i++)
		free(texts[i]);
	free(texts);
	free(changes);
	return status;
}

static bool is_marked(const struct text *settings, size_t line)
{
	struct lines lines = {.text = settings->data, .length = settings->length};
	struct text mark = TEXT_INIT;
	const char *text;
	size_t length;
	bool found = false;

	text_append_format(&mark, "acceptenv " MARK "%zu", line);
	while (mark.status == 0 && !found && lines_next(&lines, &text, &length))
		found = length == mark.length && memcmp(text, mark.data, length) == 0;
	text_free(&mark);
	return found;
}

/* "from 192.0.2.1 to port 22" */
static void append_login(struct text *text, const struct sshd_login *login)
{
	text_append_format(text, translate("%s from %s"), login->user,
		login->rhost != NULL ? login->rhost : translate("this host"));
	if (login->local_port != 0)
		text_append_format(text, translate(" to port %d"), login->local_port);
}

static void append_block(
	struct text *text, const struct sshd_files *files, const struct sshd_line *line)
{
	text_append_format(text, translate("%s, line %u (%.*s)"), files->files[line->file].path,
		line->number, (int)line->length, line->text);
}

static void report_applied(
	struct doctor *doctor, const struct sshd_files *files, const struct text *settings)
{
	struct text applied = TEXT_INIT, other = TEXT_INIT, login = TEXT_INIT;
	struct finding *finding;

	for (size_t i = 0; i < files->line_count; i++) {
		struct text *text = is_marked(settings, i) ? &applied : &other;

		if (!begins_block(files, i))
			continue;
		if (text->length > 0)
			text_append_string(text, "; ");
		append_block(text, files, &files->lines[i]);
	}
	if (doctor->login.user != NULL)
		append_login(&login, &doctor->login);
	finding = report_add(doctor, FINDING_OK, SSHD_MATCH_CHECK,
		"%s%s, these Match blocks of sshd were looked at: %s",
		login.length > 0 ? translate("for a login of ") : translate("without a user"),
		login.length > 0 ? login.data : "", applied.length > 0 ? applied.data : "none");
	if (other.length > 0)
		finding_why(finding,
			"These do not apply to it: %s. Name a user, --rhost or --local-port to "
			"look at them.",
			other.data);
	if (applied.status != 0 || other.status != 0 || login.status != 0)
		doctor->report.out_of_memory = true;
	text_free(&applied);
	text_free(&other);
	text_free(&login);
}

/* Whether the block says how users prove who they are. */
static bool decides(const struct sshd_files *files, size_t block)
{
	static const char *const keywords[] = {SSHD_METHODS_KEYWORD, "PasswordAuthentication",
		"KbdInteractiveAuthentication", "ChallengeResponseAuthentication",
		"SkeyAuthentication", "PubkeyAuthentication", "HostbasedAuthentication",
		"GSSAPIAuthentication", "PAMServiceName"};

	for (size_t i = block; i < files->line_count; i++)
		for (size_t j = 0; j < sizeof keywords / sizeof keywords[0]; j++)
			if (files->lines[i].block == block &&
				sshd_line_sets(&files->lines[i], keywords[j]))
				return true;
	return false;
}

static void report_worse(
	struct doctor *doctor, const struct sshd_files *files, const struct sshd_line *line)
{
	struct text block = TEXT_INIT;
	struct finding *finding;

	append_block(&block, files, line);
	if (block.status == 0) {
		finding = report_add(doctor, FINDING_WARNING, SSHD_MATCH_CHECK,
			"the settings of a Match block have problems: %s", block.data);
		finding_why(finding,
			"It does not apply to the login that was looked at. Logins that it "
			"applies to may need no code, or may be impossible: look at one with a "
			"user, --rhost or --local-port.");
	} else {
		doctor->report.out_of_memory = true;
	}
	text_free(&block);
}

/* Judges each block that does not apply as if it were the only one, and applied to all. */
static void check_others(
	struct doctor *doctor, struct sshd_files *files, const struct text *settings)
{
	const struct sshd_verdict now =
		sshd_verdict_of(doctor, doctor->options.sshd_config, &doctor->login);
	size_t count = 0;

	for (size_t i = 0; i < files->line_count && count < BLOCKS_MAX; i++) {
		const struct sshd_change change = {MEND_REPLACE, files->lines[i].file,
			files->lines[i].number, "Match all"};
		struct sshd_verdict verdict;
		struct error error = ERROR_INIT;
		char *config;

		if (!begins_block(files, i) || is_marked(settings, i) || !decides(files, i))
			continue;
		count++;
		if (sshd_files_copy(files, &change, 1, &config, &error) == 0) {
			verdict = sshd_verdict_of(doctor, config, NULL);
			if (verdict.read && sshd_verdict_has_new_problem(&verdict, &now))
				report_worse(doctor, files, &files->lines[i]);
		}
		free(config);
	}
}

static void check_blocks(struct doctor *doctor, struct sshd_files *files)
{
	struct error error = ERROR_INIT;
	struct text settings = TEXT_INIT;
	char *config = NULL;

	if (count_blocks(files) > 0 && copy_with_marks(files, &config, &error) == 0 &&
		sshd_settings_run(&settings, config, &doctor->login, &error) == 0) {
		report_applied(doctor, files, &settings);
		if (doctor->line != NULL)
			check_others(doctor, files, &settings);
	} else if (count_blocks(files) > 0) {
		report_add(doctor, FINDING_UNKNOWN, SSHD_MATCH_CHECK,
			"which Match blocks of sshd apply could not be told: %s",
			error.message);
	}
	free(config);
	text_free(&settings);
}

/* The folders of which sshd reads all files with a name like that. */
static void check_drop_ins(struct doctor *doctor, const struct sshd_files *files)
{
	for (size_t i = 0; i < files->line_count; i++) {
		const char *rest = files->lines[i].text + strlen("include");
		size_t length = files->lines[i].length - strlen("include");
		char *word;

		if (!sshd_line_sets(&files->lines[i], "include"))
			continue;
		while ((word = sshd_word_take(&rest, &length)) != NULL) {
			char *slash = strrchr(word, '/');

			if (word[0] == '/' && strcmp(slash, "/*.conf") == 0) {
				*slash = '\0';
				doctor_check_drop_ins(doctor, SSHD_DROP_IN_CHECK, word, "sshd");
			}
			free(word);
		}
	}
}

void sshd_check_files(struct doctor *doctor)
{
	struct sshd_files files = {.file_count = 0};
	struct error error = ERROR_INIT;

	if (doctor->options.sshd_settings != NULL)
		return;
	if (sshd_files_read(&files, sshd_main_file(doctor), &error) == 0) {
		check_blocks(doctor, &files);
		check_drop_ins(doctor, &files);
	}
	sshd_files_free(&files);
}
