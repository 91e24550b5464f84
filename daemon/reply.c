/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/reply.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"

static void put(struct reply *reply, const char *bytes, size_t length)
{
	if (reply->status == 0)
		reply->status = text_append(reply->text, bytes, length);
}

static void put_text(struct reply *reply, const char *text)
{
	put(reply, text, strlen(text));
}

static void put_string(struct reply *reply, const char *string)
{
	if (reply->status == 0)
		reply->status = json_append(reply->text, string);
}

struct reply reply_begin(struct text *text, const char *error_name)
{
	struct reply reply = {text, 0, false};

	put_text(&reply, "{");
	if (error_name != NULL) {
		put_text(&reply, "\"error\":");
		put_string(&reply, error_name);
		put_text(&reply, ",");
	}
	put_text(&reply, "\"parameters\":{");
	return reply;
}

static void put_name(struct reply *reply, const char *name)
{
	if (reply->begun)
		put_text(reply, ",");
	reply->begun = true;
	put_string(reply, name);
	put_text(reply, ":");
}

void reply_string(struct reply *reply, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put_name(reply, name);
	put_string(reply, value);
}

void reply_number(struct reply *reply, const char *name, int64_t value)
{
	put_name(reply, name);
	if (reply->status == 0)
		reply->status = text_append_format(reply->text, "%" PRId64, value);
}

void reply_flag(struct reply *reply, const char *name, bool value)
{
	put_name(reply, name);
	put_text(reply, value ? "true" : "false");
}

void reply_strings(
	struct reply *reply, const char *name, const char *const *values, size_t count)
{
	put_name(reply, name);
	put_text(reply, "[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put_text(reply, ",");
		put_string(reply, values[i]);
	}
	put_text(reply, "]");
}

int reply_end(struct reply *reply)
{
	put_text(reply, "}}");
	put(reply, "", 1);
	if (reply->status != 0)
		text_free(reply->text);
	return reply->status;
}

int reply_error(struct text *text, const char *error_name, const char *name, const char *value)
{
	struct reply reply = reply_begin(text, error_name);

	if (name != NULL)
		reply_string(&reply, name, value);
	return reply_end(&reply);
}
