/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/pamconf/control.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/number.h"

#define JUMP_MAXIMUM 1000
/* Set for a result that no word has named yet. */
#define UNNAMED 1001

/* The order is that of the numbers. */
static const char *const result_names[PAM_CONTROL_RESULTS] = {"success", "open_err",
	"symbol_err", "service_err", "system_err", "buf_err", "perm_denied", "auth_err",
	"cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries", "new_authtok_reqd",
	"acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err",
	"no_module_data", "conv_err", "authtok_err", "authtok_recover_err", "authtok_lock_busy",
	"authtok_disable_aging", "try_again", "ignore", "abort", "authtok_expired",
	"module_unknown", "bad_item", "conv_again", "incomplete"};

static const struct {
	const char *name;
	int action;
} action_names[] = {
	{"ignore", PAM_ACTION_IGNORE},
	{"ok", PAM_ACTION_OK},
	{"done", PAM_ACTION_DONE},
	{"bad", PAM_ACTION_BAD},
	{"die", PAM_ACTION_DIE},
	{"reset", PAM_ACTION_RESET},
};

/* What a word stands for. */
static const struct {
	const char *word;
	const char *control;
} words[] = {
	{"required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"},
	{"requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"},
	{"sufficient", "success=done new_authtok_reqd=done default=ignore"},
	{"optional", "success=ok new_authtok_reqd=ok default=ignore"},
};

static bool read_action(const char *value, size_t length, int *action)
{
	int64_t jump;

	for (size_t i = 0; i < sizeof(action_names) / sizeof(action_names[0]); i++)
		if (ascii_is_word(value, length, action_names[i].name)) {
			*action = action_names[i].action;
			return true;
		}
	if (!number_parse(value, length, 1, JUMP_MAXIMUM, &jump))
		return false;
	*action = (int)jump;
	return true;
}

/* A result that was named before keeps its action; default is for the rest. */
static bool store_action(
	const char *name, size_t length, int action, int actions[PAM_CONTROL_RESULTS])
{
	if (ascii_is_word(name, length, "default")) {
		for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
			if (actions[i] == UNNAMED)
				actions[i] = action;
		return true;
	}
	for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
		if (ascii_is_word(name, length, result_names[i])) {
			actions[i] = action;
			return true;
		}
	return false;
}

static bool read_pairs(const char *text, int actions[PAM_CONTROL_RESULTS])
{
	static const char blanks[] = " \t\n";

	text += strspn(text, blanks);
	while (*text != '\0') {
		size_t name_length = strcspn(text, "= \t\n");
		const char *value = text + name_length + strspn(text + name_length, blanks);
		size_t value_length;
		int action;

		if (*value != '=')
			return false;
		value++;
		value += strspn(value, blanks);
		value_length = strcspn(value, blanks);
		if (!read_action(value, value_length, &action) ||
			!store_action(text, name_length, action, actions))
			return false;
		text = value + value_length + strspn(value + value_length, blanks);
	}
	return true;
}

bool pam_control_read(const char *control, bool bracketed, int actions[PAM_CONTROL_RESULTS])
{
	const char *pairs = bracketed ? control : NULL;

	for (size_t i = 0; !bracketed && i < sizeof(words) / sizeof(words[0]); i++)
		if (ascii_is_word(control, strlen(control), words[i].word))
			pairs = words[i].control;
	for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
		actions[i] = UNNAMED;
	if (pairs == NULL || !read_pairs(pairs, actions))
		return false;
	for (size_t i = 0; i < PAM_CONTROL_RESULTS; i++)
		if (actions[i] == UNNAMED)
			actions[i] = PAM_ACTION_BAD;
	return true;
}
