/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "message/remark.h"

#include "core/otp.h"
#include "message/translate.h"

/* Offsets from here on are told in minutes. */
#define MINUTES_FROM 120

static int append_offset(int64_t offset, struct text *text)
{
	int64_t size = offset < 0 ? -offset : offset;
	bool minutes = size >= MINUTES_FROM;

	/* A number and its unit. */
	return text_append_format(text,
		translate(offset > 0 ? N_("This code belongs to another time.\n"
					  "Your phone's clock is %lld %s ahead: set it to "
					  "automatic time.\n")
				     : N_("This code belongs to another time.\n"
					  "Your phone's clock is %lld %s behind: set it to "
					  "automatic time.\n")),
		(long long)(minutes ? size / 60 : size), minutes ? "min" : "s");
}

static int append_digits(unsigned int digits, struct text *text)
{
	static const char *const texts[] = {
		N_("A code has six digits.\n"),
		N_("A code has seven digits.\n"),
		N_("A code has eight digits.\n"),
	};

	return text_append_format(text, "%s", translate(texts[digits - OTP_DIGITS_MIN]));
}

int remark_append(const struct new_credential *credential,
	const struct confirmation *confirmation, struct text *text)
{
	switch (confirmation->verdict) {
	case CONFIRMATION_RIGHT:
		return 0;
	case CONFIRMATION_OTHER_TIME:
		return append_offset(confirmation->offset, text);
	case CONFIRMATION_NO_CODE:
		return append_digits(credential->digits, text);
	default:
		return text_append_format(text, "%s",
			translate("This code is wrong. Is it the one for this account, "
				  "and still on the screen?\n"));
	}
}
