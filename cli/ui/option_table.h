/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options of a command as rows of a table, from which they are read and the help
 * is printed. */
#ifndef TOTPGROUP_CLI_UI_OPTION_TABLE_H
#define TOTPGROUP_CLI_UI_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/commands.h"
#include "message/translate.h"

/* What an option sets, and the type of that field in the struct of options. */
enum option_kind {
	OPTION_FLAG,   /* takes no argument: sets an int to `minimum` */
	OPTION_NUMBER, /* an int from `minimum` to `maximum` */
	OPTION_STRING, /* const char *, of `minimum` bytes or more */
	OPTION_WORD,   /* an int (or enum): one of `words`, `minimum` for the first */
	OPTION_STOP,   /* sets nothing: reading ends and returns `minimum` */
};

struct option_row {
	char letter; /* 0 where there is only the long name */
	const char *name;
	enum option_kind kind;
	size_t offset; /* of the field in the struct of options */
	/* Only one option of a family may be given, and only once. 0: may be repeated. */
	char family;
	int minimum;
	int maximum;
	const char *words;    /* separated by '|' */
	const char *argument; /* its name in the help; NULL: none, or the words */
	/* Words that are broken into lines where they are printed. Behind ':' at their end,
	 * the words above follow. They are translated. */
	const char *help;
};

/* The most rows of a table, without the last one. */
#define OPTION_ROWS_MAX 40

/* Rows of each kind. A file that uses these macros defines OPTIONS as the type of its
 * struct of options. */
#define FLAG_ROW(letter, name, field, family, value, help)                                     \
	{                                                                                      \
		letter, name, OPTION_FLAG, offsetof(OPTIONS, field), family, value, 0, NULL,   \
			NULL, help                                                             \
	}
#define NUMBER_ROW(letter, name, field, family, minimum, maximum, argument, help)              \
	{                                                                                      \
		letter, name, OPTION_NUMBER, offsetof(OPTIONS, field), family, minimum,        \
			maximum, NULL, argument, help                                          \
	}
#define STRING_ROW(letter, name, field, family, minimum, argument, help)                       \
	{                                                                                      \
		letter, name, OPTION_STRING, offsetof(OPTIONS, field), family, minimum, 0,     \
			NULL, argument, help                                                   \
	}
#define WORD_ROW(letter, name, field, family, first, words, argument, help)                    \
	{                                                                                      \
		letter, name, OPTION_WORD, offsetof(OPTIONS, field), family, first, 0, words,  \
			argument, help                                                         \
	}

/* The words for enum qr_mode (base/qr.h), in its order. The option also takes the name of a
 * file: qr_option_read(). */
#define QR_MODE_WORDS                                                                          \
	"auto|none|ansi|ansi_inverse|ansi_grey|utf8|utf8_inverse|utf8_grey|ansi256"

/* The same for enum code_format (core/emergency_codes.h), from CODE_FORMAT_PLAIN on. */
#define CODE_FORMAT_WORDS "plain|hashed"

/* Rows that several commands share. Each sets the field of its own name. */
#define SECRET_ROW                                                                             \
	STRING_ROW('s', "secret", secret, 's', 1, "SPEC",                                      \
		N_("where secrets are, as in the module's option secret="))
#define CONF_ROW                                                                               \
	STRING_ROW(0, "conf", conf, 'C', 1, "FILE",                                            \
		N_("read this configuration, as the module's conf="))
#define GROUP_ROW                                                                              \
	STRING_ROW('g', "group", group, 'G', 1, "GROUP",                                       \
		N_("all members of GROUP, primary and supplementary"))
#define LABEL_ROW                                                                              \
	STRING_ROW('l', "label", label, 'l', 1, "LABEL",                                       \
		N_("the account's name in the app (user@host)"))
#define ISSUER_ROW                                                                             \
	STRING_ROW('i', "issuer", issuer, 'i', 0, "ISSUER",                                    \
		N_("the issuer's name in the app (host); empty for none"))
#define DEVICE_ROW(help) STRING_ROW(0, "device", device, 'v', 1, "NAME", help)
#define PAM_FOLDER_ROW                                                                         \
	STRING_ROW(0, "pam-dir", pam_folder, 'p', 1, "DIR",                                    \
		N_("read PAM's files in DIR and not in /etc/pam.d and /usr/lib/pam.d"))
#define QR_ROWS(help)                                                                          \
	LIST_ROW('Q', "qr-mode", qr, 'Q', QR_MODE_WORDS, "MODE", help),                        \
		LIST_ROW(0, "qr", qr, 'Q', QR_MODE_WORDS, "MODE", N_("the same"))
#define CODE_FORMAT_ROW(help)                                                                  \
	WORD_ROW(0, "codes", code_format, 'k', CODE_FORMAT_PLAIN, CODE_FORMAT_WORDS, NULL, help)
/* A string that is often one of these words, which a shell offers. */
#define LIST_ROW(letter, name, field, family, words, argument, help)                           \
	{                                                                                      \
		letter, name, OPTION_STRING, offsetof(OPTIONS, field), family, 1, 0, words,    \
			argument, help                                                         \
	}
#define JSON_ROW	  FLAG_ROW(0, "json", json, 'j', 1, N_("print JSON for a program to read"))
#define FORCE_ROW(help)	  FLAG_ROW('f', "force", force, 'f', 1, help)
#define DRY_RUN_ROW(help) FLAG_ROW('n', "dry-run", dry_run, 'n', 1, help)
#define QUIET_ROW(help)	  FLAG_ROW('q', "quiet", quiet, 'q', 1, help)
#define HELP_ROW                                                                               \
	{                                                                                      \
		'h', "help", OPTION_STOP, 0, 0, STATUS_HELP, 0, NULL, NULL,                    \
			N_("print this and exit")                                              \
	}
#define END_ROW                                                                                \
	{                                                                                      \
		.name = NULL                                                                   \
	}

/* google-authenticator has none of the first rows of enroll. They are for the command alone: the
 * names of options may be abbreviated, and without a command no abbreviation that
 * google-authenticator takes may become ambiguous. */
#define ENROLL_COMMAND_ROWS 4

/* The table of each command, ended by END_ROW. */
extern const struct option_row enroll_options_table[];
extern const struct option_row bulk_options_table[];
extern const struct option_row codes_options_table[];
extern const struct option_row verify_options_table[];
extern const struct option_row status_options_table[];
extern const struct option_row show_options_table[];
extern const struct option_row resync_options_table[];
extern const struct option_row revoke_options_table[];
extern const struct option_row seal_options_table[];
extern const struct option_row unseal_options_table[];
extern const struct option_row rekey_options_table[];
extern const struct option_row import_options_table[];
extern const struct option_row export_options_table[];
extern const struct option_row store_options_table[];
extern const struct option_row explain_options_table[];
extern const struct option_row doctor_options_table[];

/*
 * Reads the options of an argument vector by a table into the struct at options. The
 * words behind the options begin at getopt's optind. Reports what is wrong and returns
 * STATUS_USAGE; returns STATUS_HELP or STATUS_VERSION where these are asked for, else
 * STATUS_DONE.
 */
enum exit_status option_table_read(
	const struct option_row *table, void *options, int argc, char **argv);

/* Finds a word in a list such as QR_MODE_WORDS: upper and lower case are the same, and so
 * are '-' and '_'. Returns its number, counted from 0, or -1. */
int option_word_find(const char *words, const char *word);

/* How wide the help is: as the terminal, but no wider than people like to read. */
size_t option_help_width(void);

/* Prints the rows to standard output, as the help has them. False where that fails. */
bool option_table_print(const struct option_row *table);

#endif
