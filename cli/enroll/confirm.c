/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/enroll/confirm.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "base/wipe.h"
#include "cli/ui/terminal.h"
#include "core/confirmation.h"
#include "message/remark.h"
#include "totpgroup.h"

enum judgement {
	JUDGEMENT_WRONG = 0,
	JUDGEMENT_RIGHT,
	JUDGEMENT_SKIP,
	JUDGEMENT_FAILED,
	JUDGEMENT_ENDED, /* nobody answers any more */
};

static void remove_blanks(char *line)
{
	char *end = line;

	for (const char *c = line; *c != '\0'; c++)
		if (*c != ' ' && *c != '\t')
			*end++ = *c;
	*end = '\0';
}

static enum judgement failed(const struct error *error)
{
	terminal_complain_error(error);
	return JUDGEMENT_FAILED;
}

static enum judgement tell(
	const struct new_credential *credential, const struct confirmation *confirmation)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	enum judgement judgement = JUDGEMENT_WRONG;
	int result = remark_append(credential, confirmation, &text);

	if (result == 0) {
		terminal_say("%s", text.data);
	} else {
		error_set(&error, result, "%s", totpgroup_strerror(result));
		judgement = failed(&error);
	}
	text_free(&text);
	return judgement;
}

static enum judgement judge_line(struct new_credential *credential, char *line)
{
	struct confirmation confirmation;
	struct error error = ERROR_INIT;
	int64_t number;

	remove_blanks(line);
	if (number_parse(line, strlen(line), INT32_MIN, -1, &number))
		return JUDGEMENT_SKIP;
	if (confirmation_judge(credential, line, (int64_t)time(NULL), &confirmation, &error) !=
		0)
		return failed(&error);
	if (confirmation.verdict != CONFIRMATION_RIGHT)
		return tell(credential, &confirmation);
	credential->spent_step = confirmation.step;
	return JUDGEMENT_RIGHT;
}

static enum judgement ask(struct new_credential *credential)
{
	enum judgement judgement;
	char line[128];

	terminal_say("Code from the app (-1 to skip): ");
	if (terminal_read_line(line, sizeof(line))) {
		judgement = judge_line(credential, line);
	} else {
		terminal_say("\n");
		terminal_complain("no code: nothing was written");
		judgement = JUDGEMENT_ENDED;
	}
	WIPE_ARRAY(line);
	return judgement;
}

enum exit_status confirm_with_app(struct new_credential *credential)
{
	enum judgement judgement;

	do
		judgement = ask(credential);
	while (judgement == JUDGEMENT_WRONG);
	if (judgement == JUDGEMENT_FAILED)
		return STATUS_STORE_ERROR;
	if (judgement == JUDGEMENT_ENDED)
		return STATUS_REFUSED;
	terminal_say(
		judgement == JUDGEMENT_RIGHT ? "Right: the app works.\n" : "Not confirmed.\n");
	return STATUS_DONE;
}
