/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libtotpgroup: checks one-time codes (RFC 4226 HOTP, RFC 6238 TOTP) and emergency codes
 * against credentials in google-authenticator's text format.
 *
 * There are two levels:
 *
 *   - Credentials, for a program that stores its users' texts itself. These functions do
 *     no input or output: they open no file, read no clock and keep no state. The program
 *     passes the time, and stores the new text *before* it accepts the user.
 *   - A handle, for the users of this host. It uses the same credentials as logins and
 *     totp-enroll, in the same files and with the same locks: a code that was spent here
 *     is spent there. totpgroup_verify() does everything in one call.
 *
 * Unless a comment says otherwise:
 *
 *   - Functions return 0 or a negative TOTPGROUP_E... code, and pointers must not be NULL.
 *     After an error, an out-parameter is NULL or a refusal.
 *   - Times are in seconds since 1970-01-01 UTC, as in time(2). Strings are NUL-terminated
 *     and in UTF-8.
 *   - An object must not be used by two threads at a time; different objects may be. No
 *     function changes the locale, the environment, signal handlers or the umask.
 *     libgcrypt is initialized unless the program has done so.
 *   - A struct with a member `size` begins with its initializer, such as
 *     TOTPGROUP_REQUEST_INIT. Later versions may add members at its end, and values to
 *     enums.
 *   - Memory that held a secret or a code is wiped before it is freed.
 *
 * After fork(2) in a process with one thread, parent and child may each use their copy of
 * an object. In the child of a process with several threads, POSIX allows little before
 * exec(3), and no function of this library.
 */
#ifndef TOTPGROUP_H
#define TOTPGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library exports only what is declared here. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* Errors. totpgroup_strerror() has a sentence for each. */
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
	TOTPGROUP_EMISSING = -13,   /* a library is not installed */
};

/* The verdict. Any value but TOTPGROUP_ACCEPTED is a refusal: zeroed memory too, and
 * TOTPGROUP_ACCEPTED with a flipped bit. */
enum totpgroup_verdict {
	TOTPGROUP_REFUSED = 0,
	TOTPGROUP_ACCEPTED = 0x2b5d16ca,
};

/* The reason for a refusal. totpgroup_reason_name() has the word of the log. */
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
	/* A session that was opened without asking for a code. */
	TOTPGROUP_REASON_NOT_ASKED,
	/* A credential from an administrator that no code confirmed in time. */
	TOTPGROUP_REASON_PENDING_EXPIRED,
	/* sshd lets this user not log in, and answered the prompt itself. */
	TOTPGROUP_REASON_DENIED_BY_SSHD,
};

/* The kind of code that was accepted. */
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
	/* The counter (HOTP) or time step (TOTP) of the code, where one was found; otherwise
	 * meaningless. */
	int64_t step;
	/* TOTP: the smallest number of seconds by which the device's clock must differ to
	 * show this code: positive when it is ahead, 0 for the current step. Also set for a
	 * refused code of another time. */
	int64_t offset;
	bool offset_known;
	/* Seconds until another attempt can succeed; 0 when waiting does not help. */
	int64_t retry_after;
	/* The credential was changed, and its text must be stored durably before the
	 * program acts on the verdict, even on a refusal. Never set by totpgroup_verify(),
	 * which has stored it. */
	bool changed;
	uint64_t reserved[4]; /* 0; for members of later versions */
};

/* A refusal without a reason: the initializer of every result. */
#define TOTPGROUP_RESULT_INIT                                                                  \
	{                                                                                      \
		TOTPGROUP_REFUSED, TOTPGROUP_REASON_NONE, TOTPGROUP_METHOD_NONE, 0, 0, false,  \
			0, false,                                                              \
		{                                                                              \
			0                                                                      \
		}                                                                              \
	}

/*
 * Credentials: no input or output.
 */

/* One credential. It has no state but its text. */
typedef struct totpgroup_credential totpgroup_credential;

/*
 * Makes a credential of length bytes of text. The caller calls
 * totpgroup_credential_free(). The text is copied, so the caller may wipe it. Lines that
 * this library does not know are kept unchanged.
 *
 * TOTPGROUP_EFORMAT where the text is empty, longer than 65536 bytes or contains a NUL
 * byte, or the first line is not a base32 secret. *credential is NULL after any error.
 */
int totpgroup_credential_parse(
	totpgroup_credential **credential, const char *text, size_t length);

/*
 * Decides on one attempt at the time now. code is the text that the user typed. Accepts
 * an emergency code, an HOTP or a TOTP code according to the credential's lines, and
 * spends it in the credential.
 *
 * Returns 0 with any verdict. When result->changed is set, call
 * totpgroup_credential_serialize() and store the text before accepting the user. Where
 * two attempts can be made at the same time, store it with a compare-and-swap against the
 * text that was parsed, and after a conflict decide again. After an error *result is a
 * refusal, and the credential must only be freed.
 */
int totpgroup_credential_verify(totpgroup_credential *credential, const char *code, int64_t now,
	struct totpgroup_result *result);

/*
 * Gives the current text of the credential: *length bytes and a NUL. The caller wipes and
 * frees it (free(3)).
 */
int totpgroup_credential_serialize(
	const totpgroup_credential *credential, char **text, size_t *length);

/*
 * Gives the otpauth:// URI of the (first) device, as authenticator apps read it. It
 * contains the secret; the caller wipes and frees it (free(3)). issuer names the service
 * that asks for codes; NULL or empty for none. account names the user, and must not be
 * empty. The form is google-authenticator's key URI format; parameters with their usual
 * value are left out.
 *
 * TOTPGROUP_EFORMAT where the credential is damaged or accepts only emergency codes;
 * TOTPGROUP_EARGUMENT for control characters in a name, and for an empty account.
 */
int totpgroup_credential_uri(const totpgroup_credential *credential, const char *issuer,
	const char *account, char **uri);

/* Wipes and frees. NULL is allowed. */
void totpgroup_credential_free(totpgroup_credential *credential);

/*
 * The users of this host.
 */

/* The configuration of the host, for access to its users' credentials. Between two calls a
 * handle holds only memory, no file and no lock. */
typedef struct totpgroup_handle totpgroup_handle;

/*
 * Reads the configuration, totpgroup.conf(5), from the absolute path conf and its drop-ins,
 * or from the usual files where conf is NULL. These options have an effect: services=,
 * group= and skip_net= for totpgroup_must_ask(); secret=, user=, state=, allowed_perm=,
 * no_strict_owner, disallow_reuse, noskewadj, no_increment_hotp, strict and grace_period=;
 * and the section [enroll]. Later changes of the files have an effect on later handles.
 *
 * *handle is NULL after TOTPGROUP_EMEMORY. After another error (TOTPGROUP_ECONFIG,
 * TOTPGROUP_EUNSAFE, TOTPGROUP_ENOTFOUND, TOTPGROUP_ESYSTEM) only totpgroup_message() and
 * totpgroup_close() are of use; other functions return that error.
 *
 * Access to files: in a process of root, the calling thread takes on the rights of the
 * user while it works with the user's files. Signals of that thread wait, and the process
 * aborts (abort(3)) if the rights cannot be given up. As after any such change, the kernel
 * dumps no core of the process, and forgets the thread's PR_SET_PDEATHSIG. Another process
 * has its own rights.
 */
int totpgroup_open(totpgroup_handle **handle, const char *conf);

/* Frees. NULL is allowed. */
void totpgroup_close(totpgroup_handle *handle);

/* The error of the last call with this handle, in one English line for an administrator:
 * what is wrong, where, and what to do. Empty where there was no error. It can name files,
 * but never a secret or a code, and is not for the user who logs in. Valid until the next
 * call. Never NULL; handle may be NULL. */
const char *totpgroup_message(const totpgroup_handle *handle);

/* One attempt. */
struct totpgroup_request {
	size_t size;	  /* set by TOTPGROUP_REQUEST_INIT */
	const char *user; /* as in the user database, or as typed */
	const char *code; /* as typed; blanks are ignored */
	/* For a grace period (grace_period=): a name for the service, such as "web", and the
	 * numeric address of the client, which the program must be sure of. There is no
	 * grace where one is NULL. */
	const char *service;
	const char *peer;
};

#define TOTPGROUP_REQUEST_INIT                                                                 \
	{                                                                                      \
		sizeof(struct totpgroup_request), NULL, NULL, NULL, NULL                       \
	}

/*
 * Decides on an attempt as a login does: finds the user's credential, locks it, decides at
 * the time of the host's clock, and makes the new state durable. Of any number of attempts
 * at the same time, here and in logins, a code is accepted once. May wait for the user
 * database (NSS), and for up to 5 seconds for a lock.
 *
 * The verdict is only about the code. This function does not tell whether the user must
 * give a code (totpgroup_must_ask() does), does not check the account (expired, locked,
 * shell) or another factor, and logs nothing. It ignores allow_readonly: a code that cannot
 * be recorded is not accepted.
 *
 * Returns 0 with a verdict; accept the user only for TOTPGROUP_ACCEPTED. After an error
 * *result is a refusal: TOTPGROUP_ENOTFOUND where the user is unknown or has no credential,
 * after as much work as for a wrong code; TOTPGROUP_EUNSAFE, TOTPGROUP_EFORMAT,
 * TOTPGROUP_EBUSY, TOTPGROUP_ECONFLICT, TOTPGROUP_EUNWRITABLE, TOTPGROUP_ESYSTEM,
 * TOTPGROUP_ECONFIG, TOTPGROUP_EARGUMENT (no user, no code, or a peer that is no numeric
 * address). Tell the user the same in all these cases.
 */
int totpgroup_verify(totpgroup_handle *handle, const struct totpgroup_request *request,
	struct totpgroup_result *result);

/*
 * Decides before the user is asked, without a lock; counts and changes nothing, and
 * ignores request->code. The verdict is TOTPGROUP_ACCEPTED by TOTPGROUP_METHOD_GRACE
 * within a grace period; a refusal for TOTPGROUP_REASON_RATE_LIMITED, with retry_after,
 * while attempts are refused; and a refusal for TOTPGROUP_REASON_NONE where the user must
 * be asked for a code. Errors as totpgroup_verify().
 */
int totpgroup_look(totpgroup_handle *handle, const struct totpgroup_request *request,
	struct totpgroup_result *result);

/*
 * Whether services=, group= and skip_net= ask this user for a code, as in the module;
 * ignores request->code. *must is false only where a rule says so, and true after an
 * error. An unknown user must give a code, too, so that the answer does not reveal who
 * exists. May wait for the user database.
 *
 * services= needs a service in the request. skip_net= needs a peer; a request without one
 * is in no network. The program itself decides about methods that were completed before
 * (skip_after=), and about users without a credential (nullok and similar options;
 * totpgroup_status() tells).
 *
 * TOTPGROUP_ECONFIG for a malformed rule, TOTPGROUP_EARGUMENT for a missing service,
 * TOTPGROUP_EGROUP where a group does not exist, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 */
int totpgroup_must_ask(
	totpgroup_handle *handle, const struct totpgroup_request *request, bool *must);

/* Whether a first accepted code has confirmed a credential. */
enum totpgroup_confirmation {
	TOTPGROUP_CONFIRMATION_UNKNOWN = 0,
	TOTPGROUP_CONFIRMATION_PENDING, /* from an administrator, not yet */
	TOTPGROUP_CONFIRMATION_EXPIRED, /* and too late: no code is accepted */
	TOTPGROUP_CONFIRMATION_GIVEN,
};

/* The facts of a credential that are not secret. */
struct totpgroup_status {
	size_t size; /* set by TOTPGROUP_STATUS_INIT */
	enum totpgroup_confirmation confirmation;
	int64_t pending_until; /* PENDING, EXPIRED: the last second for a first code */
	/* TOTP, HOTP, or EMERGENCY where it accepts only emergency codes. */
	enum totpgroup_method method;
	const char *algorithm; /* "SHA1", "SHA256" or "SHA512"; static */
	unsigned int digits;
	unsigned int period; /* of TOTP, in seconds */
	unsigned int emergency_codes;
	bool limited;	     /* an attempt now would be refused */
	int64_t retry_after; /* then: seconds until one is allowed */
	/* When a code was last accepted (the beginning of its time step), and when an
	 * attempt was last counted; 0 where the credential does not tell. */
	int64_t last_accepted;
	int64_t last_attempt;
	unsigned int devices; /* each has its own secret */
};

#define TOTPGROUP_STATUS_INIT                                                                  \
	{                                                                                      \
		sizeof(struct totpgroup_status), TOTPGROUP_CONFIRMATION_UNKNOWN, 0,            \
			TOTPGROUP_METHOD_NONE, NULL, 0, 0, 0, false, 0, 0, 0, 0                \
	}

/* Reads the status of a user's credential now, without a lock. After an error only size is
 * set. TOTPGROUP_ENOTFOUND and other errors as totpgroup_verify(). */
int totpgroup_status(
	totpgroup_handle *handle, const char *user, struct totpgroup_status *status);

/*
 * Enrollment: a new credential is made in memory, shown to the user, confirmed by a code
 * from the app, and then stored.
 */

typedef struct totpgroup_enrollment totpgroup_enrollment;

struct totpgroup_enrollment_options {
	size_t size;	     /* set by TOTPGROUP_ENROLLMENT_OPTIONS_INIT */
	const char *user;    /* not empty */
	const char *issuer;  /* NULL: of the configuration, else the host's name; or "" */
	const char *account; /* NULL: user@host */
};

#define TOTPGROUP_ENROLLMENT_OPTIONS_INIT                                                      \
	{                                                                                      \
		sizeof(struct totpgroup_enrollment_options), NULL, NULL, NULL                  \
	}

/*
 * Draws a secret and emergency codes according to the section [enroll] of the handle's
 * configuration. Codes always change with time. handle may be NULL for a program that
 * stores the text itself; then [enroll] has its defaults. Stores nothing, and does not
 * check whether the user exists or has a credential. *enrollment does not need the handle
 * later; the caller calls totpgroup_enrollment_free(). TOTPGROUP_EARGUMENT for no user,
 * TOTPGROUP_ECRYPTO, TOTPGROUP_EMEMORY.
 */
int totpgroup_enrollment_begin(totpgroup_enrollment **enrollment, totpgroup_handle *handle,
	const struct totpgroup_enrollment_options *options);

/* The input for the app: the URI, for example as a QR code, or the secret in base32. Valid
 * until totpgroup_enrollment_free(). Never NULL. */
const char *totpgroup_enrollment_uri(const totpgroup_enrollment *enrollment);
const char *totpgroup_enrollment_secret(const totpgroup_enrollment *enrollment);

/* An emergency code, from index 0; NULL behind the last one. Show them after the enrollment
 * was stored. Valid until totpgroup_enrollment_free(). */
const char *totpgroup_enrollment_emergency_code(
	const totpgroup_enrollment *enrollment, unsigned int index);

/*
 * Judges a code from the app. Codes of the time step of now, and of the steps before and
 * after it, are accepted. TOTPGROUP_ACCEPTED confirms the enrollment, and the code will be
 * spent in the stored credential. A refusal changes nothing; for a code of another time it
 * has result->offset, so that the user can set the clock. Returns 0 with a verdict.
 * Attempts are not counted, because the program has shown the secret.
 */
int totpgroup_enrollment_confirm(totpgroup_enrollment *enrollment, const char *code,
	int64_t now, struct totpgroup_result *result);

/*
 * Stores a confirmed enrollment durably, where the configuration says and with the user's
 * rights. TOTPGROUP_ECONFLICT where the user has a credential, which is kept;
 * TOTPGROUP_EARGUMENT where the enrollment is not confirmed; TOTPGROUP_ENOTFOUND where the
 * user is unknown or a folder is missing; TOTPGROUP_EUNWRITABLE and others as
 * totpgroup_verify(). After TOTPGROUP_ESYSTEM it may have been stored.
 */
int totpgroup_enrollment_store(totpgroup_enrollment *enrollment, totpgroup_handle *handle);

/* Stores an enrollment that is not confirmed. A first accepted code up to the time `until`,
 * greater than 0, confirms it; later no code is accepted. Otherwise the same as
 * totpgroup_enrollment_store(). */
int totpgroup_enrollment_store_unconfirmed(
	totpgroup_enrollment *enrollment, totpgroup_handle *handle, int64_t until);

/* Gives the text of the credential, for a program that stores it itself; as
 * totpgroup_credential_serialize(). Hashing emergency codes takes a moment each. */
int totpgroup_enrollment_serialize(
	const totpgroup_enrollment *enrollment, char **text, size_t *length);

/* Wipes and frees. NULL is allowed. */
void totpgroup_enrollment_free(totpgroup_enrollment *enrollment);

/*
 * QR codes (ISO/IEC 18004). libqrencode makes them, and is loaded only while one is made.
 */

typedef struct totpgroup_qr totpgroup_qr;

/* Makes the smallest code of error correction level L for a text, such as an otpauth://
 * URI. The caller calls totpgroup_qr_free(). TOTPGROUP_EARGUMENT where the text is too long
 * for a QR code, TOTPGROUP_EMISSING where libqrencode is not installed. Memory that
 * libqrencode itself allocates is not wiped. */
int totpgroup_qr_encode(totpgroup_qr **qr, const char *text);

/* Modules on a side, without the margin, which should be 4 modules wide. */
unsigned int totpgroup_qr_size(const totpgroup_qr *qr);

/* Whether a module is dark; counted from 0 in the upper left corner. Outside the code all
 * modules are light. */
bool totpgroup_qr_is_dark(const totpgroup_qr *qr, int column, int row);

/* Wipes and frees. NULL is allowed. */
void totpgroup_qr_free(totpgroup_qr *qr);

/*
 * Names.
 */

/* A sentence for a TOTPGROUP_E... code, static and in English. Never NULL. */
const char *totpgroup_strerror(int code);

/* The word of the log for a reason, such as "wrong-code", or a method, such as "totp".
 * Static. Never NULL. */
const char *totpgroup_reason_name(enum totpgroup_reason reason);
const char *totpgroup_method_name(enum totpgroup_method method);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
