/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "client/daemon_message.h"

#include <stddef.h>

#include "base/wipe.h"
#include "core/typed.h"
#include "totpgroup.h"

static const struct {
	const char *name;
	const char *sentence;
} errors[] = {
	{DAEMON_INTERFACE ".StoreError", "it cannot decide; see 'journalctl -u totp-verifyd'"},
	{DAEMON_INTERFACE ".Busy", "it has too much to do; try again"},
};

int daemon_append_code(struct text *request, const char *code)
{
	struct typed typed;
	int status;

	typed_read(&typed, code, false);
	for (size_t i = 0; i < typed.length; i++)
		if (typed.text[i] < ' ' || typed.text[i] > '~')
			typed.text[i] = '?';
	status = json_append(request, typed.text);
	WIPE_OBJECT(&typed);
	return status;
}

bool daemon_reply_read(struct daemon_reply *reply, const struct text *text)
{
	struct json_value root, continues;

	return json_read(text->data != NULL ? text->data : "", text->length, &root) &&
	       json_member(&root, "error", &reply->error) &&
	       json_member(&root, "parameters", &reply->parameters) &&
	       json_member(&root, "continues", &continues) && continues.kind == JSON_ABSENT &&
	       (reply->error.kind != JSON_ABSENT || reply->parameters.kind == JSON_OBJECT);
}

void daemon_reply_fail(
	const char *path, const char *what, const char *word, struct error *error)
{
	error_set(error, TOTPGROUP_ESYSTEM, "totp-verifyd at %s: %s%.100s", path, what, word);
}

void daemon_reply_makes_no_sense(const char *path, struct error *error)
{
	daemon_reply_fail(
		path, "its answer makes no sense; is it of the same version?", "", error);
}

void daemon_reply_explain(
	const struct daemon_reply *reply, const char *path, struct error *error)
{
	char word[100];

	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (json_is(&reply->error, errors[i].name)) {
			daemon_reply_fail(path, errors[i].sentence, "", error);
			return;
		}
	if (json_string(&reply->error, word, sizeof word))
		daemon_reply_fail(path, "it answers with the error ", word, error);
	else
		daemon_reply_makes_no_sense(path, error);
}
