/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libtotpgroup: checks one-time codes (RFC 4226 HOTP, RFC 6238 TOTP) and
 * emergency codes against the credential text that google-authenticator made
 * standard.
 *
 * The functions here do no input or output: they open no file, read no clock
 * and keep no state of their own. A program keeps the text wherever it likes,
 * passes the time in, and stores the new text *before* it lets anyone in.
 *
 * Unless a comment says otherwise: functions return 0 or a negative
 * TOTPGROUP_E... code; pointers must not be NULL; an object may be used by
 * one thread at a time, and different objects by different threads at once.
 */
#ifndef TOTPGROUP_H
#define TOTPGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is seen outside the library, and nothing else is. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* What a function that did not return 0 returned. totpgroup_strerror() has a
 * sentence for each. */
enum {
	TOTPGROUP_EMEMORY = -1,	    /* memory could not be allocated */
	TOTPGROUP_EARGUMENT = -2,   /* an argument is outside its documented range */
	TOTPGROUP_EFORMAT = -3,	    /* the credential text is damaged */
	TOTPGROUP_ENOTFOUND = -4,   /* there is no credential */
	TOTPGROUP_EUNSAFE = -5,	    /* wrong type, owner, mode, link count or size */
	TOTPGROUP_ESYSTEM = -6,	    /* a system call failed */
	TOTPGROUP_EBUSY = -7,	    /* the lock was not free in time */
	TOTPGROUP_ECONFLICT = -8,   /* somebody else changed the credential */
	TOTPGROUP_EUNWRITABLE = -9, /* the new state could not be written */
	TOTPGROUP_ECRYPTO = -10,    /* libgcrypt refused */
	TOTPGROUP_ECONFIG = -11,    /* an option is unknown or malformed */
	TOTPGROUP_EGROUP = -12,	    /* a group does not resolve */
};

/* The verdict. Anything but TOTPGROUP_ACCEPTED is a refusal; so is memory
 * that nobody wrote to, or one flipped bit. */
enum totpgroup_verdict {
	TOTPGROUP_REFUSED = 0,
	TOTPGROUP_ACCEPTED = 0x2b5d16ca,
};

/* Why a verdict is a refusal. The words for the log are those of
 * totpgroup_reason_name(). */
enum totpgroup_reason {
	TOTPGROUP_REASON_NONE = 0,
	TOTPGROUP_REASON_WRONG_CODE,
	TOTPGROUP_REASON_REUSED,
	TOTPGROUP_REASON_RATE_LIMITED,
	TOTPGROUP_REASON_NOT_ENROLLED,
	TOTPGROUP_REASON_BAD_FILE,
	TOTPGROUP_REASON_STORE_ERROR,
	TOTPGROUP_REASON_GROUP_ERROR,
	TOTPGROUP_REASON_CONVERSATION,
	TOTPGROUP_REASON_CONFIG_ERROR,
	/* A session without the question for a code. */
	TOTPGROUP_REASON_NOT_ASKED,
	/* Made by an administrator, and not confirmed by a code in time. */
	TOTPGROUP_REASON_PENDING_EXPIRED,
};

/* What was accepted. */
enum totpgroup_method {
	TOTPGROUP_METHOD_NONE = 0,
	TOTPGROUP_METHOD_TOTP,
	TOTPGROUP_METHOD_HOTP,
	TOTPGROUP_METHOD_EMERGENCY,
	TOTPGROUP_METHOD_GRACE,
};

/* The answer to one attempt. */
struct totpgroup_result {
	enum totpgroup_verdict verdict;
	enum totpgroup_reason reason;
	enum totpgroup_method method;
	/* The counter (HOTP) or time step (TOTP) that the code belongs to, where
	 * one was found; meaningless otherwise. */
	int64_t step;
	/* TOTP: the least number of seconds by which the device's clock must
	 * differ for it to have shown this code: positive when it is ahead, 0 in
	 * the current step. Set for a refused code of another time as well. */
	int64_t offset;
	bool offset_known;
	/* Seconds until another attempt can succeed; 0 when waiting is not what
	 * helps. */
	int64_t retry_after;
	/* The credential's text has changed and must be made durable before the
	 * verdict is acted upon. True after refusals too. */
	bool changed;
};

/* A refusal with nothing known: where every result begins. */
#define TOTPGROUP_RESULT_INIT                                                                  \
	{                                                                                      \
		TOTPGROUP_REFUSED, TOTPGROUP_REASON_NONE, TOTPGROUP_METHOD_NONE, 0, 0, false,  \
			0, false                                                               \
	}

/* One credential: the text, and nothing that is not in the text. */
typedef struct totpgroup_credential totpgroup_credential;

/*
 * Reads length bytes of text into a new credential, which the caller frees
 * with totpgroup_credential_free(). The text is copied, so the caller may wipe
 * it. Bytes that this library does not understand are kept as they are.
 *
 * TOTPGROUP_EFORMAT: empty, over 65536 bytes, a NUL byte, or a first line
 * that is not a base32 secret. *credential is NULL after any error.
 */
int totpgroup_credential_parse(
	totpgroup_credential **credential, const char *text, size_t length);

/*
 * Decides on one attempt: code is what the person typed, NUL-terminated, now
 * is in seconds since 1970. An emergency code, an HOTP or a TOTP code is
 * accepted as the credential's own lines say, and is spent in the credential.
 *
 * Returns 0 when there is a verdict, whatever it is. When result->changed is
 * set, call totpgroup_credential_serialize() and store the text before
 * letting anyone in; where two attempts may come at once, store it with a
 * compare-and-swap against the text that was parsed, and decide again on
 * conflict. After an error *result is a refusal, and the credential is to be
 * thrown away.
 */
int totpgroup_credential_verify(totpgroup_credential *credential, const char *code, int64_t now,
	struct totpgroup_result *result);

/*
 * Gives the credential's text as it now is in *text, NUL-terminated, *length
 * bytes without that NUL. The caller wipes and frees it (free(3)).
 */
int totpgroup_credential_serialize(
	const totpgroup_credential *credential, char **text, size_t *length);

/* Wipes and frees. NULL is allowed. */
void totpgroup_credential_free(totpgroup_credential *credential);

/* A sentence for a TOTPGROUP_E... code, static and in English. Never NULL. */
const char *totpgroup_strerror(int code);

/* The word for a reason, such as "wrong-code", and for a method, such as
 * "totp": what the log says. Static. Never NULL. */
const char *totpgroup_reason_name(enum totpgroup_reason reason);
const char *totpgroup_method_name(enum totpgroup_method method);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
