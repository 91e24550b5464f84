/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "totpgroup.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const error_sentences[] = {
	[0] = "no error",
	[-TOTPGROUP_EMEMORY] = "memory could not be allocated",
	[-TOTPGROUP_EARGUMENT] = "an argument is outside its documented range",
	[-TOTPGROUP_EFORMAT] = "the credential text is damaged",
	[-TOTPGROUP_ENOTFOUND] = "there is no credential",
	[-TOTPGROUP_EUNSAFE] =
		"the credential file has the wrong type, owner, mode, link count or size",
	[-TOTPGROUP_ESYSTEM] = "a system call failed",
	[-TOTPGROUP_EBUSY] = "the credential's lock was not free in time",
	[-TOTPGROUP_ECONFLICT] = "the credential was changed by somebody else",
	[-TOTPGROUP_EUNWRITABLE] = "the credential's new state could not be written",
	[-TOTPGROUP_ECRYPTO] = "libgcrypt refused a cryptographic operation",
	[-TOTPGROUP_ECONFIG] = "an option is unknown or malformed",
	[-TOTPGROUP_EGROUP] = "a group does not resolve",
	[-TOTPGROUP_EMISSING] = "a library that is needed is not installed",
};

static const char *const reason_names[] = {
	[TOTPGROUP_REASON_NONE] = "none",
	[TOTPGROUP_REASON_WRONG_CODE] = "wrong-code",
	[TOTPGROUP_REASON_REUSED] = "reused",
	[TOTPGROUP_REASON_RATE_LIMITED] = "rate-limited",
	[TOTPGROUP_REASON_NOT_ENROLLED] = "not-enrolled",
	[TOTPGROUP_REASON_BAD_FILE] = "bad-file",
	[TOTPGROUP_REASON_STORE_ERROR] = "store-error",
	[TOTPGROUP_REASON_GROUP_ERROR] = "group-error",
	[TOTPGROUP_REASON_CONVERSATION] = "conversation",
	[TOTPGROUP_REASON_CONFIG_ERROR] = "config-error",
	[TOTPGROUP_REASON_NOT_ASKED] = "not-asked",
	[TOTPGROUP_REASON_PENDING_EXPIRED] = "pending-expired",
	[TOTPGROUP_REASON_DENIED_BY_SSHD] = "denied-by-sshd",
};

static const char *const method_names[] = {
	[TOTPGROUP_METHOD_NONE] = "none",
	[TOTPGROUP_METHOD_TOTP] = "totp",
	[TOTPGROUP_METHOD_HOTP] = "hotp",
	[TOTPGROUP_METHOD_EMERGENCY] = "emergency",
	[TOTPGROUP_METHOD_GRACE] = "grace",
};

const char *totpgroup_strerror(int code)
{
	if (code > 0 || code <= -(int)COUNT(error_sentences))
		return "unknown error";
	return error_sentences[-code];
}

const char *totpgroup_reason_name(enum totpgroup_reason reason)
{
	return (size_t)reason < COUNT(reason_names) ? reason_names[reason] : "unknown";
}

const char *totpgroup_method_name(enum totpgroup_method method)
{
	return (size_t)method < COUNT(method_names) ? method_names[method] : "unknown";
}
