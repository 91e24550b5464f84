/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libtotpgroup: checks one-time codes (RFC 4226 HOTP, RFC 6238 TOTP) and emergency
 * codes against the credential text that google-authenticator made standard.
 *
 * There are two levels:
 *
 *   - Credentials, for a program that keeps its users' texts itself. These functions do
 *     no input or output: they open no file, read no clock and keep no state of their
 *     own. The program passes the time in, and stores the new text *before* it lets
 *     anyone in.
 *   - A handle, for the users of this host. Their credentials are those that logins and
 *     totp-enroll use, in the same files, under the same locks: a code that was spent
 *     here is spent there. totpgroup_verify() does everything in one call.
 *
 * Unless a comment says otherwise:
 *
 *   - Functions return 0 or a negative TOTPGROUP_E... code, and pointers must not be
 *     NULL. What an out-parameter points to is NULL, or a refusal, after an error.
 *   - Times are in seconds since 1970-01-01 UTC, as time(2) has them. Strings are
 *     NUL-terminated and in UTF-8.
 *   - An object may be used by one thread at a time, and different objects by different
 *     threads at once. Nothing here changes the locale, the environment, signal
 *     handlers, or the umask. libgcrypt is initialised where nobody has done it.
 *   - A struct with a member `size` begins with its initialiser, such as
 *     TOTPGROUP_REQUEST_INIT, so that it may grow in a later version, as enums may.
 *   - Memory that held a secret or a code is erased before it is freed.
 *
 * After fork(2), objects may be used by parent and child, each its own copy, if the
 * process had one thread. In the child of a process that had several, POSIX allows
 * little before exec(3), and no function of this library.
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
	TOTPGROUP_EMISSING = -13,   /* a library that this needs is not installed */
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
	 * verdict is acted upon. True after refusals too. Never set by
	 * totpgroup_verify(), which has made it durable. */
	bool changed;
	uint64_t reserved[4]; /* 0; for members of later versions */
};

/* A refusal with nothing known: where every result begins. */
#define TOTPGROUP_RESULT_INIT                                                                  \
	{                                                                                      \
		TOTPGROUP_REFUSED, TOTPGROUP_REASON_NONE, TOTPGROUP_METHOD_NONE, 0, 0, false,  \
			0, false,                                                              \
		{                                                                              \
			0                                                                      \
		}                                                                              \
	}

/*
 * Credentials: the level without input and output.
 */

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

/*
 * Gives the otpauth:// URI that an authenticator app reads, of the first device where
 * there are several, in *uri, which the caller wipes and frees (free(3)): it holds the
 * secret. issuer is who asks for the codes, and
 * NULL or empty for nobody; account is whose they are, and not empty. The form is that of
 * google-authenticator's key URI format, and parameters with their usual value are left
 * out.
 *
 * TOTPGROUP_EFORMAT where the credential is damaged or accepts emergency codes alone,
 * TOTPGROUP_EARGUMENT for control characters in a name, or an empty account.
 */
int totpgroup_credential_uri(const totpgroup_credential *credential, const char *issuer,
	const char *account, char **uri);

/* Wipes and frees. NULL is allowed. */
void totpgroup_credential_free(totpgroup_credential *credential);

/*
 * The users of this host.
 */

/* The host's configuration as it was read, and the way to its users' credentials. Between
 * two calls it holds memory alone, no file and no lock. */
typedef struct totpgroup_handle totpgroup_handle;

/*
 * Reads the configuration, totpgroup.conf(5): that of the absolute path conf with its
 * drop-ins, or the usual files where conf is NULL. These options count: services=, group=
 * and skip_net= for totpgroup_must_ask(); secret=, user=, state=, allowed_perm=,
 * no_strict_owner, disallow_reuse, noskewadj, no_increment_hotp, strict and
 * grace_period=; and the section [enroll]. A later change counts for handles opened later.
 *
 * *handle is NULL after TOTPGROUP_EMEMORY. After another error (TOTPGROUP_ECONFIG,
 * TOTPGROUP_EUNSAFE, TOTPGROUP_ENOTFOUND, TOTPGROUP_ESYSTEM) it is good for
 * totpgroup_message() and totpgroup_close() alone; other functions return that error.
 *
 * Whose files are in reach: a process of root's takes on the user's rights on files, in
 * the calling thread alone, for as long as the file is at work; signals of that thread
 * wait, and the process aborts (abort(3)) if they could not be given up. As after any such
 * change, the kernel dumps no core of the process any more, and forgets the thread's
 * PR_SET_PDEATHSIG. Any other process reaches what its own rights reach.
 */
int totpgroup_open(totpgroup_handle **handle, const char *conf);

/* Frees. NULL is allowed. */
void totpgroup_close(totpgroup_handle *handle);

/* What was wrong in the last call with this handle, in one English line for an
 * administrator: what, where, what to do. Empty where nothing was. It may name files, but
 * never holds a secret or a code, and is not for the person who logs in. Good until the
 * next call. Never NULL; handle may be NULL, as there is none without memory. */
const char *totpgroup_message(const totpgroup_handle *handle);

/* One attempt. */
struct totpgroup_request {
	size_t size;	  /* set by TOTPGROUP_REQUEST_INIT */
	const char *user; /* as the user database has the name, or as it was typed */
	const char *code; /* what was typed; blanks in it do not count */
	/* For a grace period (grace_period=) the place that the attempt comes from: a name
	 * for the service, such as "web", and the numeric address of the client, of which
	 * the program is sure. NULL in either: there is no grace. */
	const char *service;
	const char *peer;
};

#define TOTPGROUP_REQUEST_INIT                                                                 \
	{                                                                                      \
		sizeof(struct totpgroup_request), NULL, NULL, NULL, NULL                       \
	}

/*
 * Decides on an attempt, at the time of the host's clock, as a login does: finds the
 * user's credential, locks it, decides, and makes the new state durable. Of any number of
 * attempts at the same moment, here and in logins, one code is accepted once. It may wait
 * for the user database (NSS), and for up to 5 seconds for a lock.
 *
 * It says whether the code is right, and nothing else. Whether this user must give one is
 * not asked (totpgroup_must_ask() tells), the account is not looked at (expired, locked,
 * shell), there was no other factor, nothing is logged, and allow_readonly is not heeded:
 * what cannot be recorded is not accepted.
 *
 * Returns 0 with a verdict; only TOTPGROUP_ACCEPTED lets in. Otherwise *result is a
 * refusal and the return says more: TOTPGROUP_ENOTFOUND where the user is unknown or has
 * no credential, after computing as much as for a wrong code; TOTPGROUP_EUNSAFE,
 * TOTPGROUP_EFORMAT, TOTPGROUP_EBUSY, TOTPGROUP_ECONFLICT, TOTPGROUP_EUNWRITABLE,
 * TOTPGROUP_ESYSTEM, TOTPGROUP_ECONFIG, TOTPGROUP_EARGUMENT (no user, no code, or a peer
 * that is no numeric address). Tell the person the same in all these cases.
 */
int totpgroup_verify(totpgroup_handle *handle, const struct totpgroup_request *request,
	struct totpgroup_result *result);

/*
 * What is known before anybody is asked. Nothing is locked, counted or changed, and
 * request->code is not looked at. The verdict is TOTPGROUP_ACCEPTED by
 * TOTPGROUP_METHOD_GRACE within a grace period; a refusal for
 * TOTPGROUP_REASON_RATE_LIMITED while attempts are refused, with retry_after; and a
 * refusal for TOTPGROUP_REASON_NONE where a code is to be asked for. Errors as above.
 */
int totpgroup_look(totpgroup_handle *handle, const struct totpgroup_request *request,
	struct totpgroup_result *result);

/*
 * Whether the configuration asks this user for a code, by services=, group= and skip_net=,
 * as the module judges them; request->code is not looked at. *must is false only where a
 * rule positively says so, and true after an error. A user who does not exist must give a
 * code, too, so that nobody learns who exists. It may wait for the user database.
 *
 * For services= the request needs a service, and for skip_net= a peer, without which it
 * is in no network. What was completed before (skip_after=), and a user who has no
 * credential yet (nullok and its kin; see totpgroup_status()), are for the program.
 *
 * TOTPGROUP_ECONFIG for a malformed rule, TOTPGROUP_EARGUMENT for a missing service,
 * TOTPGROUP_EGROUP where a group does not exist, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int totpgroup_must_ask(
	totpgroup_handle *handle, const struct totpgroup_request *request, bool *must);

/* Whether a first good code has confirmed a credential. */
enum totpgroup_confirmation {
	TOTPGROUP_CONFIRMATION_UNKNOWN = 0,
	TOTPGROUP_CONFIRMATION_PENDING, /* made by an administrator, and not yet */
	TOTPGROUP_CONFIRMATION_EXPIRED, /* and its time is over: no code is good */
	TOTPGROUP_CONFIRMATION_GIVEN,
};

/* What a credential says about itself: no secret, and no code. */
struct totpgroup_status {
	size_t size; /* set by TOTPGROUP_STATUS_INIT */
	enum totpgroup_confirmation confirmation;
	int64_t pending_until; /* where it is pending: the last second for a first code */
	/* TOTP, HOTP, or EMERGENCY where it accepts emergency codes alone. */
	enum totpgroup_method method;
	const char *algorithm; /* "SHA1", "SHA256" or "SHA512"; static */
	unsigned int digits;
	unsigned int period; /* of TOTP, in seconds */
	unsigned int emergency_codes;
	bool limited;	     /* an attempt now would be refused */
	int64_t retry_after; /* then: seconds until one would not */
	/* As far as the credential tells, or 0: when a code was last accepted, to the
	 * beginning of its time step, and when an attempt was last counted. */
	int64_t last_accepted;
	int64_t last_attempt;
	unsigned int devices; /* with a secret of their own */
};

#define TOTPGROUP_STATUS_INIT                                                                  \
	{                                                                                      \
		sizeof(struct totpgroup_status), TOTPGROUP_CONFIRMATION_UNKNOWN, 0,            \
			TOTPGROUP_METHOD_NONE, NULL, 0, 0, 0, false, 0, 0, 0, 0                \
	}

/* Reads what a user's credential says about itself now, without a lock. After an error
 * only size is set. TOTPGROUP_ENOTFOUND and other errors as totpgroup_verify(). */
int totpgroup_status(
	totpgroup_handle *handle, const char *user, struct totpgroup_status *status);

/*
 * Enrollment: a new credential in memory, which is shown, confirmed by a code from the
 * app, and only then stored.
 */

typedef struct totpgroup_enrollment totpgroup_enrollment;

struct totpgroup_enrollment_options {
	size_t size;	     /* set by TOTPGROUP_ENROLLMENT_OPTIONS_INIT */
	const char *user;    /* not empty */
	const char *issuer;  /* NULL: as the configuration says, else the host's name; or "" */
	const char *account; /* NULL: user@host */
};

#define TOTPGROUP_ENROLLMENT_OPTIONS_INIT                                                      \
	{                                                                                      \
		sizeof(struct totpgroup_enrollment_options), NULL, NULL, NULL                  \
	}

/*
 * Draws a secret and emergency codes from libgcrypt's generator, as the section [enroll]
 * of the handle's configuration says; codes change with time whatever it says. handle is
 * NULL for a program that keeps the text itself, and [enroll] has its defaults then.
 * Nothing is stored, and whether the user exists or has a credential is not asked. The
 * caller ends *enrollment, which does not need the handle any more, with
 * totpgroup_enrollment_free(). TOTPGROUP_EARGUMENT for no user, TOTPGROUP_ECRYPTO,
 * TOTPGROUP_EMEMORY.
 */
int totpgroup_enrollment_begin(totpgroup_enrollment **enrollment, totpgroup_handle *handle,
	const struct totpgroup_enrollment_options *options);

/* What the person gives to the app: the URI, perhaps as a QR code, or the secret in
 * base32. Good until totpgroup_enrollment_free(). Never NULL. */
const char *totpgroup_enrollment_uri(const totpgroup_enrollment *enrollment);
const char *totpgroup_enrollment_secret(const totpgroup_enrollment *enrollment);

/* An emergency code, from index 0; NULL behind the last one. Show them once it is stored.
 * Good until totpgroup_enrollment_free(). */
const char *totpgroup_enrollment_emergency_code(
	const totpgroup_enrollment *enrollment, unsigned int index);

/*
 * Judges a code from the app: right is one of the time step of now, or of one on either
 * side. After TOTPGROUP_ACCEPTED the enrollment is confirmed, and that code is spent in
 * what is stored. A refusal leaves all as it was, with result->offset where the code is
 * one of another time, so that a clock can be set. Returns 0 with a verdict. Attempts are
 * not counted: whoever asks has shown the secret.
 */
int totpgroup_enrollment_confirm(totpgroup_enrollment *enrollment, const char *code,
	int64_t now, struct totpgroup_result *result);

/*
 * Stores a confirmed enrollment durably, where the host's configuration says and with the
 * user's rights. TOTPGROUP_ECONFLICT where the user has a credential, which stays;
 * TOTPGROUP_EARGUMENT where the enrollment is not confirmed; TOTPGROUP_ENOTFOUND where the
 * user is unknown or a folder is missing; TOTPGROUP_EUNWRITABLE and others as
 * totpgroup_verify(). After TOTPGROUP_ESYSTEM it may have been stored.
 */
int totpgroup_enrollment_store(totpgroup_enrollment *enrollment, totpgroup_handle *handle);

/* Stores an enrollment that is not confirmed. It is in force, and a first good code up to
 * the time `until`, which is after 0, confirms it; later no code is good. Otherwise as
 * above. */
int totpgroup_enrollment_store_unconfirmed(
	totpgroup_enrollment *enrollment, totpgroup_handle *handle, int64_t until);

/* The credential's text, for a program that keeps it itself; as
 * totpgroup_credential_serialize(). Emergency codes that are to be hashed take a moment
 * each. */
int totpgroup_enrollment_serialize(
	const totpgroup_enrollment *enrollment, char **text, size_t *length);

/* Wipes and frees. NULL is allowed. */
void totpgroup_enrollment_free(totpgroup_enrollment *enrollment);

/*
 * QR codes (ISO/IEC 18004), made by libqrencode, which is loaded for as long as one is
 * made.
 */

typedef struct totpgroup_qr totpgroup_qr;

/* Makes the smallest code of error correction level L for a text, such as an otpauth://
 * URI. The caller ends *qr with totpgroup_qr_free(). TOTPGROUP_EARGUMENT where the text is
 * too long for any QR code, TOTPGROUP_EMISSING where libqrencode is not installed. What
 * libqrencode itself allocates is not erased. */
int totpgroup_qr_encode(totpgroup_qr **qr, const char *text);

/* Modules on a side, without the margin, which should be 4 modules wide. */
unsigned int totpgroup_qr_size(const totpgroup_qr *qr);

/* Whether a module is dark; counted from 0 in the upper left corner. Outside the code all
 * is light. */
bool totpgroup_qr_is_dark(const totpgroup_qr *qr, int column, int row);

/* Wipes and frees. NULL is allowed. */
void totpgroup_qr_free(totpgroup_qr *qr);

/*
 * Names.
 */

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
