/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The commands import and export: keys in other programs' formats. */
#ifndef TOTPGROUP_CLI_EXCHANGE_EXCHANGE_H
#define TOTPGROUP_CLI_EXCHANGE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lines.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/ui/option_table.h"
#include "cli/users/host_defaults.h"
#include "core/device.h"
#include "exchange/otp_key.h"

enum exchange_format {
	FORMAT_UNKNOWN = 0,
	FORMAT_GOOGLE_AUTHENTICATOR, /* one credential file */
	FORMAT_USERS_FILE,	     /* of pam_oath */
	FORMAT_URI,		     /* otpauth://, one on a line */
	FORMAT_MIGRATION,	     /* otpauth-migration://, one on a line */
	FORMAT_CSV,
	FORMAT_AEGIS, /* the next ones are read only */
	FORMAT_BITWARDEN,
	FORMAT_PSKC,   /* hardware tokens, RFC 6030 */
	FORMAT_TOKENS, /* the same as a vendor's table */
	FORMAT_FILES,  /* our own, where another configuration says */
	FORMAT_SECRET, /* base32 alone; no option names it */
};

/* The names from FORMAT_GOOGLE_AUTHENTICATOR on, for the options. */
#define EXCHANGE_FORMAT_WORDS "google-authenticator|users-file|uri|migration|csv"
#define IMPORT_FORMAT_WORDS   EXCHANGE_FORMAT_WORDS "|aegis|bitwarden|pskc|tokens|files"

const char *exchange_format_name(enum exchange_format format);

/* The options of both commands. Begins zeroed. Strings point into the argument vector;
 * NULL where not given. */
struct exchange_options {
	enum exchange_format format;
	const char *user;   /* import: whom the input is for */
	const char *secret; /* where credentials are; NULL: where a login looks */
	const char *conf;
	const char *issuer;   /* of export; or whose accounts to import */
	const char *label;    /* import: of which account, with or without its issuer */
	const char *output;   /* export: a file; NULL for standard output */
	const char *group;    /* import: whose homes or files */
	const char *old_conf; /* import: which says where the files are */
	/* Import of hardware tokens. */
	const char *users;	   /* a file that says whose each is */
	const char *key_file;	   /* of the pre-shared key */
	const char *password_file; /* of the password */
	int type;      /* 1 for totp, 2 for hotp; 0 where not given, as the next ones */
	int algorithm; /* 1 + enum hmac_algorithm */
	int digits;
	int period;
	int from_homes;
	int all;    /* who have a file where the old configuration says */
	int remove; /* the file, once there is a copy */
	int force;
	int dry_run;
	int quiet;
	char **words; /* files or users */
	int word_count;
};

/* Reads an argument vector by the command's table. Reports what is wrong and returns
 * STATUS_USAGE; else as option_table_read(). */
enum exit_status exchange_options_read(struct exchange_options *options,
	const struct option_row *table, int argc, char **argv);

/* One key that was read, good or bad. */
struct import_record {
	struct import_record *next;
	const char *source;  /* the name of the input for messages; not owned */
	bool names_user;     /* key.name is a user, and not a part of a label */
	bool passed_over;    /* it is for another user, or another record stands for it */
	bool is_chosen;	     /* by its label, which need not name the user then */
	bool is_whole;	     /* the text is one user's file, which is written as it is */
	bool is_token;	     /* a hardware token; key.name is NULL until it is somebody's */
	char *serial;	     /* the token's, or NULL */
	size_t device_count; /* how many devices the records have for which this one stands */
	struct otp_key key;
	struct text credential; /* the text to write */
	char *user;		/* whose key it is, once that is known */
	struct error error;	/* code is 0 where the record can be used */
	/* Of a migration URI, as in struct migration. */
	int32_t part;
	int32_t part_count;
	int32_t export_id;
};

/* All keys of an import. Begins zeroed; ends with import_list_free(). */
struct import_list {
	struct import_record *first;
	struct import_record *last;
};

/* Guesses the format of a text, but for FORMAT_SECRET. FORMAT_UNKNOWN where it looks like none
 * of them. */
enum exchange_format import_guess_format(const char *text, size_t length);

/* The text without the byte order mark that some programs write before UTF-8. */
struct word import_skip_mark(const char *text, size_t length);

/* Whether it begins with the mark of UTF-16. */
bool import_is_utf16(const char *text, size_t length);

/* Whether a text is base32 alone, of ten bytes or more, in one piece or in groups of one
 * length: words of a message could be base32, too. */
bool import_is_secret(const char *text, size_t length);

/* How an input is read. */
struct import_how {
	enum exchange_format format;
	int64_t now; /* seconds since 1970: which spent codes of a users file still matter */
	/* NULL where hardware tokens are not taken. */
	const struct exchange_options *tokens;
};

/*
 * Appends a record for each key of one input. source must outlive the list. Returns 0,
 * TOTPGROUP_EMEMORY, TOTPGROUP_EFORMAT where nothing of the input can be used, or another error of
 * opening it.
 */
int import_list_read(struct import_list *list, const char *source, const struct text *text,
	const struct import_how *how, struct error *error);

/* What import_key_ask(), for struct pskc_asker, needs. */
struct import_key {
	const struct exchange_options *options;
	const char *source; /* the name of the container for messages */
};

/* Reads the key or the password of a container from the file that the options name, or from the
 * terminal. */
int import_key_ask(void *key, bool password, struct text *answer, struct error *error);

/*
 * Gives each hardware token to its user, as the options' file says, and passes over those that are
 * nobody's. What does not fit becomes a record that cannot be used: a serial that is there for two
 * users, or for two secrets, and a user's serial that no token has. STATUS_STORE_ERROR where the
 * file cannot be read, which is reported; STATUS_USAGE where the options do not say whose tokens
 * are.
 */
enum exit_status import_list_assign(
	struct import_list *list, const struct exchange_options *options);

/*
 * Finds the user of every usable record. A record cannot be used where there is no such
 * user, or where two users fit its label.
 *
 * wanted is the user that the whole input is for, or NULL. With it, records that name
 * another user are passed over. Of several records with labels those count whose account
 * name is that user. A single one counts whatever its label says, but is refused where that
 * is another user of this host, unless it was chosen by its label.
 *
 * STATUS_STORE_ERROR where memory runs out, which is reported.
 */
enum exit_status import_list_find_users(struct import_list *list, const char *wanted);

struct import_join_options {
	int64_t now; /* seconds since 1970 */
	bool quiet;  /* do not say what is left out or twice */
};

/*
 * Joins the records of one user, in the order of the input, which is changed. Where some are
 * accounts of this host, those of others are passed over. What is left must have one secret,
 * or be devices of the user: the first record gets the credential of all, and the others are
 * passed over. Otherwise none of them can be used. Returns 0 or TOTPGROUP_EMEMORY.
 */
int import_join(struct import_record **records, size_t count,
	const struct import_join_options *options);

/* Joins the records that are for the same user, however the name is written, or for the same
 * file of one. STATUS_STORE_ERROR as above. */
enum exit_status import_list_join(struct import_list *list,
	const struct host_defaults *defaults, const struct exchange_options *options);

/* The same where all records are for one user, quietly. */
enum exit_status import_list_join_for_one(struct import_list *list);

/* What is said once for all records of an import. Begins zeroed. */
struct import_said {
	bool pin;     /* that PINs are left out */
	bool digits;  /* that their number is assumed */
	bool kind;    /* that what a table of tokens does not say is assumed */
	bool counter; /* that tokens begin at counter 1 */
};

/* Says on standard error what is left out of a record that was stored, or assumed for it. The
 * record has its user. */
void import_say_notes(const struct import_record *record, struct import_said *said);

/* Passes over the records that the options --issuer and --label do not choose. */
void import_list_choose(struct import_list *list, const struct exchange_options *options);

/* Copies the secrets of users in their homes, or with old where that says, to where a login looks,
 * and says what became of each. Where there is a copy already, what the file says is spent is spent
 * on it. Only root may do it. */
enum exit_status import_homes(const struct exchange_options *options,
	const struct host_defaults *defaults, const struct host_defaults *old);

void import_list_free(struct import_list *list);

/* Keys in the format of an export. Begins zeroed, with format and issuer; ends with
 * export_text_free(). */
struct export_text {
	enum exchange_format format;
	const char *issuer; /* NULL: the host in labels, and none elsewhere */
	struct text text;
	/* What was left out. notes has the same bits as in struct otp_key. */
	unsigned int notes;
	bool emergency_codes_left_out;
	bool device_names_left_out;
	bool state_not_read;	  /* of a user whose state is root's */
	bool parameters_left_out; /* that google-authenticator does not read */
	/* The keys of a migration, which are written together at the end. */
	struct otp_key **migrants;
	size_t migrant_count;
};

/* Adds a user's credential, with all its devices. Returns 0, TOTPGROUP_EMEMORY, or
 * TOTPGROUP_EFORMAT where the credential is damaged or the format cannot hold it; error says
 * which. */
int export_text_add(struct export_text *export, const char *user,
	const totpgroup_credential *credential, struct error *error);

/* Completes the text. Returns 0, TOTPGROUP_EMEMORY or TOTPGROUP_ECRYPTO. */
int export_text_finish(struct export_text *export, struct error *error);

void export_text_free(struct export_text *export);

#endif
