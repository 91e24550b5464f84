/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Text that the program reads on a host: an administrator's letter, PAM's files, and sshd's
 * settings and files as doctor reads them. PAM's files are parts with %% between, in this order:
 * sshd, common-auth, other.
 */

#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/sshd_files.h"
#include "cli/letter/letter.h"
#include "cli/pamconf/pamconf.h"
#include "core/new_credential.h"

static void render(const struct letter_markup *markup)
{
	static struct new_credential credential = NEW_CREDENTIAL_DEFAULT;
	static const struct letter_house house = {.organization = "Ex\"ample & Co",
		.contact = "<i>help</i>",
		.logo = TEXT_INIT,
		.prompt = "Code: ",
		.with_password = true,
		.year = 2027,
		.month = 1,
		.day = 15};
	static const struct letter outside = {.house = &house};
	static const struct letter letter = {.house = &house,
		.user = "al<b>ice",
		.full_name = "Al <Ice>",
		.host = "host.example",
		.issuer = "Ex\"ample & Co",
		.label = "alice@host",
		.credential = &credential,
		.pending_until = FUZZ_NOW};
	struct text text = TEXT_INIT;

	strcpy(credential.secret, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
	if (letter_render(markup, 0, markup->page, &outside, &text) == 0 &&
		letter_render(markup, markup->page, markup->page_end, &letter, &text) == 0)
		(void)letter_render(markup, markup->page_end, markup->count, &outside, &text);
	FUZZ_CHECK(!markup->html || text.length == 0 ||
		   memmem(text.data, text.length, "al<b>ice", 8) == NULL);
	text_free(&text);
}

/* The first byte says whether the rest is HTML. */
void fuzz_letter(struct fuzz_input input)
{
	struct letter_markup markup = {.source = TEXT_INIT};
	struct error error = ERROR_INIT;

	markup.html = fuzz_take_byte(&input) == 'h';
	/* What the template says itself is not what is looked for. */
	if (input.length > 0 && memmem(input.data, input.length, "al<b>ice", 8) != NULL)
		return;
	if (text_append(&markup.source, input.data, input.length) != 0)
		abort();
	if (markup.source.data == NULL ||
		memchr(markup.source.data, '\0', markup.source.length) != NULL) {
		text_free(&markup.source);
		return;
	}
	if (letter_markup_parse(&markup, "letter", &error) == 0)
		render(&markup);
	else
		fuzz_check_error(&error);
	letter_markup_free(&markup);
}

static void find_paths(const struct pam_stack *stack)
{
	struct pam_trial *trials = calloc(stack->count + 1, sizeof *trials);
	struct pam_paths paths;
	size_t count = 0;

	if (trials == NULL)
		abort();
	for (size_t i = 0; i < stack->count && count < 24; i++) {
		const struct pam_line *line = &stack->lines[i];

		if (line->type != PAM_TYPE_AUTH || line->module == NULL)
			continue;
		trials[count].line = line;
		trials[count].watched = pam_line_names(line, "pam_totpgroup.so");
		trials[count].role =
			pam_line_names(line, "pam_unix.so") ? PAM_ROLE_PASSWORD : PAM_ROLE_NONE;
		trials[count++].results = PAM_RESULTS_SUCCESS | PAM_RESULTS_REFUSED;
	}
	FUZZ_CHECK(pam_paths_find(&paths, trials, count) == 0);
	free(trials);
}

/* Each line that was read is written, with and without a change. */
static void write_lines(const struct pam_stack *stack)
{
	static const struct pam_line_change change = {
		.control = "required", .argument = 0, .more = "debug"};

	for (size_t i = 0; i < stack->count; i++) {
		struct text text = TEXT_INIT;

		(void)pam_line_text(&text, &stack->lines[i], NULL);
		if (stack->lines[i].module != NULL) {
			(void)pam_line_text(&text, &stack->lines[i], &change);
			(void)pam_line_shorter_jump(&text, &stack->lines[i], 1);
		}
		text_free(&text);
	}
}

void fuzz_pam_file(struct fuzz_input input)
{
	static const char *const names[] = {"sshd", "common-auth", "other"};
	char paths[3][128];
	struct pam_changed_file changed[4] = {{NULL, NULL, 0}};
	const char *folders[] = {fuzz_folder_path(), NULL};
	struct pam_stack stack;
	struct error error = ERROR_INIT;
	char *copies[3];

	for (unsigned int i = 0; i < 3; i++) {
		struct fuzz_input part = fuzz_take_part(&input, "%%\n");

		copies[i] = fuzz_copy(part);
		snprintf(paths[i], sizeof paths[i], "%s/%s", folders[0], names[i]);
		changed[i] = (struct pam_changed_file){paths[i], copies[i], part.length};
		fuzz_put_file(names[i], (struct fuzz_input){"", 0});
	}
	if (pam_stack_read_changed(&stack, folders, "sshd", changed, &error) == 0) {
		find_paths(&stack);
		write_lines(&stack);
	} else {
		fuzz_check_error(&error);
		FUZZ_CHECK(stack.count == 0);
	}
	pam_stack_free(&stack);
	for (unsigned int i = 0; i < 3; i++)
		fuzz_copy_free(copies[i]);
}

void fuzz_sshd_settings(struct fuzz_input input)
{
	struct text settings = TEXT_INIT, value = TEXT_INIT;
	char *methods;

	if (text_append(&settings, input.data, input.length) != 0)
		abort();
	if (settings.data != NULL) {
		methods = sshd_settings_get(&settings, "authenticationmethods");
		(void)sshd_settings_is(&settings, "usepam", "yes");
		(void)sshd_methods_judge(&settings);
		if (methods != NULL)
			(void)sshd_methods_with_code(&value, &settings, methods, true);
		free(methods);
	}
	text_free(&value);
	text_free(&settings);
}

void fuzz_sshd_files(struct fuzz_input input)
{
	char path[128];
	struct sshd_files files = {0};
	struct error error = ERROR_INIT;

	/* An Include could read any file of this host. */
	if (input.length > 0 && memmem(input.data, input.length, "/", 1) != NULL)
		return;
	fuzz_put_file("sshd_config", input);
	snprintf(path, sizeof path, "%s/sshd_config", fuzz_folder_path());
	if (sshd_files_read(&files, path, &error) == 0) {
		for (size_t i = 0; i < files.line_count; i++) {
			const struct sshd_line *line = &files.lines[i];

			FUZZ_CHECK(line->block == SSHD_NO_BLOCK || line->block <= i);
			(void)sshd_line_sets(line, "usepam");
		}
	} else {
		fuzz_check_error(&error);
	}
	sshd_files_free(&files);
}
