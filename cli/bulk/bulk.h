/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * `totp-enroll bulk`: enrolls many users and writes a letter for each.
 *
 * bulk.c runs the command, and consider.c decides about each user. Users are enrolled in
 * batches, so that the program waits for the disk once a batch and not once a user.
 * batch.c carries a batch through, with letters.c, journal.c, secrets.c and shared.c.
 *
 * Functions that return int return 0, or a TOTPGROUP_E... with a message in error, unless
 * something else is said. One thread uses a run.
 */
#ifndef TOTPGROUP_CLI_BULK_BULK_H
#define TOTPGROUP_CLI_BULK_BULK_H

#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/bulk/users.h"
#include "cli/commands.h"
#include "cli/letter/letter.h"
#include "cli/ui/progress.h"
#include "cli/users/host_defaults.h"
#include "cli/users/user_file.h"
#include "core/new_credential.h"
#include "store/durable_steps.h"

struct bulk_run;
struct bulk_entry;

/* options.c: the command line. */

/* What --format asks for. */
struct bulk_formats {
	enum letter_format letters[LETTER_FORMATS]; /* a file for each user, in that order */
	size_t letter_count;
	bool csv;
	bool json;
	bool html; /* LETTER_HTML is one of the letters, so there is a print run, too */
};

/* Begins zeroed. Strings point into the argument vector; NULL where not given. */
struct bulk_options {
	const char *group;
	const char *users;
	const char *output;
	const char *format;
	const char *pending_for;
	const char *issuer;
	const char *language;
	const char *template_file;
	const char *organization;
	const char *logo;
	const char *contact;
	const char *exec;
	const char *secret;
	const char *conf;
	const char *service;
	const char *pam_folder;
	int rotate;
	int dry_run;
	int json;
	int quiet;
	struct bulk_formats formats;
	int64_t pending_seconds; /* 0: not pending */
};

/* Reads an argument vector. Reports what is wrong and returns STATUS_USAGE; else as
 * option_table_read(). */
enum exit_status bulk_options_read(struct bulk_options *options, int argc, char **argv);

/* The word for a format, which is also the ending of its files' names. */
const char *bulk_format_name(enum letter_format format);

/* Reads a list such as "svg,csv". False where a word in it is no format. */
bool bulk_formats_parse(struct bulk_formats *formats, const char *list);

/* signals.c: SIGHUP, SIGINT, SIGQUIT and SIGTERM wait until nothing is half done. */

struct bulk_signals {
	int descriptor; /* a signalfd(2), readable once a signal has come; -1: not held */
	sigset_t before;
};

/* Blocks these signals and ignores SIGPIPE. False, having said so, where that fails. */
bool bulk_signals_hold(struct bulk_signals *signals);
/* Whether one of the signals is waiting. */
bool bulk_signals_came(const struct bulk_signals *signals);
/* Waits until a file can be read (true) or a signal has come (false). */
bool bulk_signals_wait_for(const struct bulk_signals *signals, int file);
/* Restores the signals in a child process that is about to execute another program. */
void bulk_signals_restore_in_child(const struct bulk_signals *signals);
/* Unblocks the signals: one that is waiting ends the program now. */
void bulk_signals_release(struct bulk_signals *signals);

/* eligible.c: which members of a group are people who log in. */

/* Reads UID_MIN, the first uid of people, from a file as login.defs(5); 1000 where the
 * file or that line is missing. TOTPGROUP_ECONFIG where the line has no number,
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY. */
int bulk_read_first_uid(const char *path, uid_t *first, struct error *error);

/* Whether a uid is no person's: below the first one, or from 61184 to 65535, which are
 * systemd's dynamic services, nobody, and the uid that meant none when uids had 16 bits.
 * UID_MAX does not count, because directories number people far above it. */
bool bulk_is_system_uid(uid_t uid, uid_t first);

/* Whether a shell lets its user in. NULL is /bin/sh. */
bool bulk_has_login_shell(const char *shell);

/* report.c: the result for each user, printed at once, and the numbers at the end. */

/* Why a user was not enrolled. totp-enroll-bulk(1) lists them. */
enum bulk_reason {
	BULK_NONE, /* created */
	/* Skipped: */
	BULK_ENROLLED,	 /* has a secret */
	BULK_HAS_LETTER, /* --rotate was done into this folder before */
	BULK_TWICE,	 /* was named before */
	BULK_SYSTEM_ACCOUNT,
	BULK_NO_LOGIN_SHELL,
	BULK_UNKNOWN_MEMBER, /* the group lists a name that no user has */
	/* Failed: */
	BULK_UNKNOWN_USER, /* somebody named a user who does not exist */
	BULK_BAD_NAME,	   /* not a name, or not possible as a file's name */
	BULK_NOT_PERMITTED,
	BULK_BAD_FILE,	    /* the existing secret file is not as it should be */
	BULK_STORE_ERROR,   /* the secret cannot be read or written */
	BULK_LETTER_EXISTS, /* the letter's file exists already */
	BULK_CONFLICT,	    /* somebody else changed the secret meanwhile */
	BULK_OUTPUT,	    /* the letter cannot be made or written */
	BULK_EXEC,	    /* the command failed; the user is enrolled */
	BULK_REASONS,
};

/* Begins zeroed. */
struct bulk_report {
	bool begun;
	bool on_terminal; /* standard output is one */
	struct progress progress;
	unsigned long reasons[BULK_REASONS]; /* how many users had each */
	bool any;			     /* the JSON has a user already */
	bool output_failed;		     /* standard output takes nothing any more */
};

void bulk_report_begin(struct bulk_run *run);

/* Reports one user, whose secret is where the entry says; message says why there is none. */
void bulk_report_user(struct bulk_run *run, const char *user, enum bulk_reason reason,
	const struct bulk_entry *entry, const char *message);

/* Shows the progress by one of the functions progress_show(), _leave() and _step(). */
void bulk_report_progress(
	struct bulk_run *run, void (*show)(struct progress *, unsigned long, double));

/* Ends the report with the numbers, and returns the exit status of the command. stopped
 * is the status of a run that gave up, else STATUS_DONE. */
enum exit_status bulk_report_end(struct bulk_run *run, enum exit_status stopped);

/* folder.c: the folder that gets the letters. It is opened once, and everything in it is
 * reached through the descriptor. */

/* The folder in it for files that are not finished. No user has that name. */
#define BULK_STAGING ".totp-enroll-bulk"

/* Begins with both descriptors -1, ends with bulk_folder_close(). */
struct bulk_folder {
	const char *path; /* for messages; not owned */
	int descriptor;
	int staging;
};

/*
 * Opens the folder and locks it, so that one run at a time writes there. Where it is
 * missing it is made with mode 0700; unless make is false: TOTPGROUP_ENOTFOUND then.
 * TOTPGROUP_EBUSY: another run has the lock. TOTPGROUP_EUNSAFE: it is a link or no folder,
 * belongs to another user, or has another mode than 0700. TOTPGROUP_ESYSTEM.
 */
int bulk_folder_open(
	struct bulk_folder *folder, const char *path, bool make, struct error *error);

/* Warns on standard error where the folder is in a web root, or in a folder that
 * everybody may read. */
void bulk_folder_warn(const struct bulk_folder *folder);

/* Opens the staging folder, and makes it where it is missing. */
int bulk_folder_open_staging(struct bulk_folder *folder, struct error *error);
/* Removes all files of the staging folder; with remove, the folder itself as well. */
int bulk_folder_clear_staging(struct bulk_folder *folder, bool remove, struct error *error);

/* Writes a new file with mode 0600 into the staging folder. */
int bulk_folder_write(const struct bulk_folder *folder, const char *name,
	const struct text *text, struct error *error);

/* Makes everything written so far durable, by one wait for the whole file system. */
int bulk_folder_sync(const struct bulk_folder *folder, struct error *error);

void bulk_folder_close(struct bulk_folder *folder);

/* shared.c: the files that hold a piece for each user. They grow from run to run. Between
 * two batches each consists of a header, the pieces and a footer. */

enum bulk_shared_kind {
	BULK_CSV,
	BULK_JSON,
	BULK_PRINT_RUN,
	BULK_SHARED,
};

/* Begins with bulk_letters_name_shared(), ends with bulk_shared_close(). */
struct bulk_shared_file {
	const char *name;    /* NULL: this run has no such file */
	const char *folder;  /* for messages */
	const char *between; /* two pieces */
	struct text header;
	struct text footer;
	bool fixed_header; /* the same in every run, so that it is checked */
	int file;
	int64_t end; /* the offset behind the last piece, where the footer begins */
};

/*
 * Opens the file, or makes it. TOTPGROUP_EUNSAFE where something else has that name, or
 * the file does not end with the footer: bulk writes into no file but its own.
 * TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY.
 *
 * known is the `end` that an interrupted run noted: everything behind it is cut off.
 * Negative where there was no such run.
 */
int bulk_shared_open(struct bulk_shared_file *shared, const struct bulk_folder *folder,
	int64_t known, struct error *error);

/* Appends length bytes of the file `from`, beginning at offset, as one piece. The shared
 * file lacks its footer until bulk_shared_finish(). */
int bulk_shared_append(struct bulk_shared_file *shared, int from, int64_t offset, size_t length,
	struct error *error);
int bulk_shared_finish(struct bulk_shared_file *shared, struct error *error);

void bulk_shared_close(struct bulk_shared_file *shared);

/* secrets.c: the secrets of a batch, and storing them where a login looks. All use of
 * user_file.h and of the store is there. */

#define BULK_BATCH_MAX 512

/* An HMAC-SHA256 has so many hexadecimal digits. */
#define BULK_DIGEST_LENGTH 64

/* One user of a batch. Holds secrets: ends with bulk_entry_free(). */
struct bulk_entry {
	const char *user; /* name and path are good as long as the batch */
	char full_name[BULK_FULL_NAME_MAX + 1]; /* may be empty */
	const char *path;			/* of the secret */
	struct user_file file;		  /* not set where bulk_secret_find_again() failed */
	struct new_credential credential; /* zeroed where an interrupted run drew it */
	struct text text;		  /* what goes into the file */
	/* With --rotate, a digest of the secret that is replaced, keyed with the new
	 * secret; else empty. */
	char previous[BULK_DIGEST_LENGTH + 1];
	size_t pieces[BULK_SHARED]; /* lengths of what goes into the shared files */
	size_t published;	    /* how many of the letters have their names */
	bool is_due;		    /* its secret is to be stored now */
	bool left_out;		    /* for a signal: its user keeps the old secret */
	bool stored;		    /* the secret is there, or may be */
	enum bulk_reason reason;    /* the first failure, with its error; or BULK_NONE */
	struct error error;
};

/* Zeroed in new memory; ends with bulk_batch_clear(). */
struct bulk_batch {
	struct bulk_entry entries[BULK_BATCH_MAX];
	size_t count;
	char suffix[DURABLE_SUFFIX_LENGTH + 1]; /* of temporary files beside the secrets */
	struct bulk_formats formats;
	bool exec;	     /* the run has a command for the letters */
	size_t concluded;    /* so many entries of a recovered batch were reported before */
	bool recovered;	     /* read from a journal */
	struct text journal; /* of a recovered batch: entries point into it */
	int64_t ends[BULK_SHARED]; /* `end` of the shared files before; -1: no such file */
};

/* Notes a failure; the first one stands. */
void bulk_entry_fail(
	struct bulk_entry *entry, enum bulk_reason reason, const struct error *error);

/* Both wipe and free; the batch is empty afterwards. */
void bulk_entry_free(struct bulk_entry *entry);
void bulk_batch_clear(struct bulk_batch *batch);

/* Finds where a login looks for the secret of a user, and sets user and path. Returns the
 * reason, with a message, where the user cannot have one. */
enum bulk_reason bulk_secret_find(struct bulk_entry *entry, const struct bulk_run *run,
	const struct passwd *user, struct error *error);

/* Finds it again for an entry of a journal. Notes in the entry that it cannot be found;
 * TOTPGROUP_ECONFLICT where this run would look in another file than that one did. */
int bulk_secret_find_again(
	struct bulk_entry *entry, const struct bulk_run *run, struct error *error);

/* Reads the existing credential of an entry: TOTPGROUP_ENOTFOUND, TOTPGROUP_EUNSAFE, and
 * other errors of the store. */
int bulk_secret_read(const struct bulk_entry *entry, struct text *text, struct error *error);

/* Draws the new secret of an entry. old is the credential that it replaces, or empty. */
int bulk_secret_draw(struct bulk_entry *entry, const struct bulk_run *run,
	const struct text *old, struct error *error);

/*
 * Stores the secrets of all entries that have no reason against it, durably, and sets
 * `stored`, or a reason. Files in folders of root are written together; each of the others
 * with its owner's rights. A secret that an entry does not mean to replace stays. Of a
 * recovered batch, secrets that are there already are left alone. After a signal no more
 * secrets are replaced: `left_out` is set, and run->interrupted.
 */
void bulk_secrets_store(struct bulk_run *run);

/* letters.c: the letters of each user, and the pieces of the shared files. */

/* The file in the staging folder with all pieces of a batch: for each entry, those of the
 * shared files in the order of their kinds. */
#define BULK_PIECES "pieces"

/* Reads the template and the logo, sets the language and the day, and finds what letters say of
 * the host. Reports what is wrong. */
enum exit_status bulk_letters_begin(struct bulk_run *run);

/* prompt.c: sets what the house says of the prompt. The options are those of the first auth line of
 * the module that the service has, above the configuration; without such a line they are those of the
 * configuration. The errors of pam_stack_read() and configuration_load(); a service that nobody named
 * need not exist. */
int bulk_prompt_find(struct bulk_run *run, struct error *error);

/* Sets names, headers and footers of the shared files that the formats ask for. The
 * others have no name. */
int bulk_letters_name_shared(const struct bulk_run *run, const struct bulk_formats *formats,
	struct bulk_shared_file shared[BULK_SHARED], struct error *error);

/* The name of an entry's letter. False where it would be longer than a file's name can
 * be. */
bool bulk_letter_name(
	const struct bulk_entry *entry, enum letter_format format, char name[NAME_MAX + 1]);

/* Writes the letters and pieces of the run's batch into the staging folder. */
int bulk_letters_stage(const struct bulk_run *run, struct error *error);

/* journal.c: everything that is needed to finish a batch, written before the first of its
 * users is enrolled. It gets its name only when it and the letters are safe on the disk.
 * So where a journal is, the batch has to be finished; where none is, no user of the batch
 * was enrolled. */

/* Writes it under another name. */
int bulk_journal_write(const struct bulk_run *run, struct error *error);
/* Gives it its name, durably. Everything else has been synced before. */
int bulk_journal_complete(const struct bulk_folder *folder, struct error *error);
/* Removes it, durably: the batch is finished. */
int bulk_journal_drop(const struct bulk_folder *folder, struct error *error);

/* Reads it into an empty batch. TOTPGROUP_ENOTFOUND where there is none,
 * TOTPGROUP_EFORMAT, TOTPGROUP_ESYSTEM, TOTPGROUP_EMEMORY. */
int bulk_journal_read(
	const struct bulk_folder *folder, struct bulk_batch *batch, struct error *error);

/* Notes that the command ran for the next entry of the batch, or had no need to. It is not
 * synced: after a power cut the command may get the letter once more. */
int bulk_journal_note_concluded(const struct bulk_folder *folder, struct error *error);

struct bulk_run {
	struct bulk_options options;
	struct host_defaults defaults;
	struct bulk_signals signals;
	struct bulk_users users;
	struct bulk_report report;
	struct bulk_folder folder;
	struct bulk_shared_file shared[BULK_SHARED];
	struct bulk_batch *batch;
	void *promised; /* dry_run.c: paths that earlier batches of a dry run stand for */
	struct letter_template *letter_template;
	struct letter_house house;
	char *prompt; /* of the house; owned */
	char host[HOST_NAME_MAX + 1];
	const char *issuer;
	uid_t first_uid;
	bool interrupted; /* by a signal */
};

/* consider.c: adds a user who is to be enrolled to the batch, with a new secret, and
 * reports everyone else. With --dry-run it reports everyone. */
void bulk_consider(struct bulk_run *run, const struct bulk_user *user);

/*
 * batch.c: enrolls the users of the batch, and empties it. At every moment each user who is
 * enrolled has a letter:
 *
 *   1. Letters, pieces and the journal are written into the staging folder, and synced.
 *   2. The journal gets its name. From here on the batch is finished in any case, if need
 *      be by the next run (bulk_batch_recover()). Before, none of its users is enrolled.
 *   3. The letters get their names, then the secrets are stored. The letters of users who
 *      could not be enrolled are removed.
 *   4. The pieces of users who are enrolled go into the shared files. All is synced.
 *   5. The command of --exec gets the letters, and the journal is removed.
 *
 * Reports each user. Where the run cannot go on it says why and returns
 * STATUS_STORE_ERROR. Sets run->interrupted where a signal came.
 */
enum exit_status bulk_batch_commit(struct bulk_run *run);

/* Finishes what an interrupted run left in the folder, or removes it where no user of that
 * batch was enrolled. Returns as above. */
enum exit_status bulk_batch_recover(struct bulk_run *run);

#endif
