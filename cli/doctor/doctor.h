/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command doctor: checks whether this host is set up right, and says what mends it.
 * Each check looks at one thing, adds its findings to the report, and leaves in struct
 * doctor what later checks need. Nothing is changed on the host. */
#ifndef TOTPGROUP_CLI_DOCTOR_DOCTOR_H
#define TOTPGROUP_CLI_DOCTOR_DOCTOR_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/pamconf/pamconf.h"

struct doctor;
struct options;

#define DOCTOR_MODULE "pam_totpgroup.so"

/* The command line. NULL where not given. */
struct doctor_options {
	const char *service;
	const char *sshd_config;
	const char *sshd_settings;
	const char *pam_folder;
	const char *module_folder;
	const char *user;
	const char *conf;
	const char *rhost;
	int local_port;
	int print_config;
	int json;
};

/* The report, in report.c. */

enum finding_level {
	FINDING_OK,
	FINDING_WARNING, /* works, but not as well as it could */
	FINDING_PROBLEM,
	FINDING_UNKNOWN, /* could not be checked */
	FINDING_LEVELS,
};

/* What to do with the text that mends a finding. */
enum mend_action {
	MEND_NONE,
	MEND_REPLACE, /* the line of the file */
	MEND_ADD,     /* below that line; 0 is the top of the file */
	MEND_REMOVE,  /* the line of the file, which the text shows */
	MEND_MOVE,    /* the line of the file below another one, where the text is written */
	MEND_RUN,     /* the text is a command */
	/* The text is a command that takes the carriage returns off the ends of all lines of
	 * the file. */
	MEND_LINE_ENDS,
};

/* Strings belong to the mend and hold no control character. */
struct mend {
	enum mend_action action;
	char *file; /* NULL for MEND_RUN */
	unsigned int line;
	char *to_file;	      /* of MEND_MOVE */
	unsigned int to_line; /* 0 is the top of that file */
	char *text;
	/* A change of another line, without which this one is not right, or NULL: both have to
	 * be made. Only a change of sshd's files has one. */
	struct mend *also;
};

/* How many alternatives may mend a finding; more are left out. */
#define FINDING_MENDS 2

struct finding {
	struct report *report; /* that it is part of */
	enum finding_level level;
	const char *check; /* its name, which programs may rely on; not owned */
	char *what;
	char *why; /* NULL where all is well */
	struct mend mends[FINDING_MENDS];
	/* What may mend it where no mend above is proven: the first one that is proven becomes
	 * a mend. */
	struct mend *proposals;
	size_t proposal_count;
	bool proven; /* the first mend is a change of PAM's files, which was tried */
};

/* Begins zeroed; ends with report_free(). */
struct report {
	struct finding **findings;
	size_t count;
	bool out_of_memory; /* something is missing */
};

/* Adds a finding to doctor->report, which owns it. NULL if memory is out; all functions
 * that add to a finding ignore NULL. */
struct finding *report_add(struct doctor *doctor, enum finding_level level, const char *check,
	const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Says why it matters. */
void finding_why(struct finding *finding, const char *why, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a sentence to that. */
void finding_why_more(struct finding *finding, const char *more, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds an alternative that mends it: a change of a file's line. */
void finding_mend(struct finding *finding, enum mend_action action, const char *file,
	unsigned int line, const char *text, ...) __attribute__((format(printf, 5, 6)));

/* Adds another change to the alternative that was added last: both have to be made. */
void finding_mend_also(struct finding *finding, enum mend_action action, const char *file,
	unsigned int line, const char *text);

/* Adds an alternative that mends it: a command, whose words are quoted already. */
void finding_run(struct finding *finding, const char *command, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds a proposal: a change of a line, or with MEND_MOVE its removal and the text below line
 * to_line of to_file. to_file is NULL for other actions. */
void finding_propose(struct finding *finding, const struct mend *proposal);
/* The same, before those that are there. */
void finding_propose_first(struct finding *finding, const struct mend *proposal);

/* Frees the strings of the mend and makes it MEND_NONE. */
void mend_clear(struct mend *mend);

/* STATUS_REFUSED with a problem, else STATUS_STORE_ERROR if something could not be
 * checked, else STATUS_DONE. */
enum exit_status report_status(const struct report *report);

void report_free(struct report *report);

/* Prints the report to standard output, in print.c: with --json as the JSON object of
 * totp-enroll-doctor(1), else as lines, in color on a terminal unless NO_COLOR is set. Returns
 * report_status(), or reports a failure and returns STATUS_STORE_ERROR. */
enum exit_status doctor_print_report(const struct doctor *doctor);
/* Prints a text and frees it. Reports a failure and returns false then. */
bool doctor_print_text(struct text *text);

/* What the checks share. */

/* The login for which sshd's Match blocks are judged: none, if user is NULL. */
struct sshd_login {
	const char *user;
	const char *rhost; /* NULL: from this host */
	int local_port;	   /* 0: none in particular */
};

struct sshd_proposals;

struct doctor {
	struct doctor_options options;
	struct report report;
	const char *service;
	const struct passwd *user; /* who was named, or the caller */

	/* The PAM stack; the trials are its lines of the type auth, or NULL if it could not
	 * be read. */
	struct pam_stack stack;
	struct pam_trial *trials;
	size_t trial_count;
	/* The files that are judged with a change, or NULL; see proof.h. */
	const struct pam_changed_file *changed;
	/* The configuration file that is read in place of that of the module's line, or NULL. */
	const char *copied_conf;

	const struct pam_line *line; /* the module's first auth line, or NULL */
	/* What that line and the configuration files say, as far as it could be read. */
	struct configuration *configuration;
	const struct options *module; /* the options in it */
	bool misread; /* not all of that could be read, and the module refuses everybody */

	/* The module's first session line, or NULL, and whether it refuses every session
	 * that it should refuse. */
	const struct pam_line *guard;
	bool guard_holds;

	bool user_outside;  /* group= says that the user is not asked */
	char *example_user; /* a user who must give a code, for sshd's Match blocks, or NULL */
	struct text sshd;   /* what sshd -T prints */
	struct sshd_login login;
	struct sshd_proposals *proposals; /* NULL where nobody asks what mends */
};

/* Which checks run: all, or those that judge what is in PAM's files and in the module's
 * configuration files, which are judged again with a change. In checks.c. */
enum doctor_checks { DOCTOR_ALL_CHECKS, DOCTOR_CHECKS_OF_FILES };
void doctor_run_checks(struct doctor *doctor, enum doctor_checks which);

/* The checks, in the order in which they run. Those of the module's options do nothing
 * where doctor->line is NULL. */

/* Reads the PAM stack and looks for the module in it: sets stack, trials and line. */
void doctor_check_stack(struct doctor *doctor);
/* The options of the module's lines and the configuration files: sets configuration. */
void doctor_check_line(struct doctor *doctor);
/* group=: sets user_outside and example_user. */
void doctor_check_groups(struct doctor *doctor);
/* Other options that exempt logins: services=, skip_net=, skip_after=, nullok_...=. */
void doctor_check_exemptions(struct doctor *doctor);
/* How many of root's secrets are sealed: seal_key=. */
void doctor_check_seals(struct doctor *doctor);
/* Whether grace_services= can do anything. */
void doctor_check_grace(struct doctor *doctor);
/* Whether a path has a variable that is plain text there. */
void doctor_check_variables(struct doctor *doctor);
/* Whether only root can change the state of state=. */
void doctor_check_state(struct doctor *doctor);
/* Whether totp-verifyd answers, where store= leaves the decision to it. */
void doctor_check_daemon(struct doctor *doctor);
/* Whether no way through the stack lets in without a code, or refuses a good one. */
void doctor_check_paths(struct doctor *doctor);
/* Whether no way through the stack lets in without a right password, or enrolls a user
 * after a wrong one. */
void doctor_check_passwords(struct doctor *doctor);
/* Whether other lines than those of the types auth and session name the module, and whether
 * the module is asked twice. */
void doctor_check_misplaced(struct doctor *doctor);
/* Whether the program of the service can ask as often as the stack does. */
void doctor_check_programs(struct doctor *doctor);
/* The module's session line: sets guard and guard_holds. */
void doctor_check_guard(struct doctor *doctor);
/* Whether sshd asks PAM and lets nobody in without it: sets sshd. */
void doctor_check_sshd(struct doctor *doctor);
/* Whether the store that hosts share, with store=pgsql, can be used and is as it should be. */
void doctor_check_store(struct doctor *doctor);
/* A part of it, in local_codes.c: fail=local. */
void doctor_check_local_codes(struct doctor *doctor);
/* Whether only root can change the PAM files and the module. */
void doctor_check_files(struct doctor *doctor);
/* Whether sudo, if that is the service, asks PAM at all. */
void doctor_check_sudo(struct doctor *doctor);
/* Whether the kernel's clock is synchronized. */
void doctor_check_clock(struct doctor *doctor);
/* Whether the module accepts the user's secret. */
void doctor_check_user(struct doctor *doctor);

/* As configuration_load() for a line of the module, in line.c. */
int doctor_load_configuration(const struct doctor *doctor, const struct pam_line *line,
	struct configuration *configuration, struct error *error);

/* The lines of the stack, in stack.c. */

/* The folders of PAM's files, ended by NULL: the two pointers of given are room for that of
 * --pam-dir. */
const char *const *doctor_pam_folders(const struct doctor *doctor, const char *given[2]);
/* The lines of the type auth of the service as trials, which the caller frees; NULL if memory
 * is out. The module counts as one that exempts nobody. */
struct pam_trial *doctor_make_trials(
	const struct pam_stack *stack, const char *service, size_t *count);
/* The ways through trials of doctor->stack, of which all lines of one module that identifies
 * users say the same. False if memory is out, which is noted in the report. */
bool doctor_find_paths(
	struct doctor *doctor, struct pam_paths *paths, const struct pam_trial *trials);
/* Whether the module of both lines says the same on both at one login. */
bool doctor_say_the_same(const struct pam_trial *one, const struct pam_trial *other);
/* Takes away what modules that neither identify nor judge users seldom say: that they fail. */
void doctor_let_others_agree(struct pam_trial *trials, size_t count);
/* Whether it is one of these modules, and has nothing to refuse by. */
bool doctor_is_idle(const struct pam_trial *trial);
/* The first auth line that names the module, or NULL. */
const struct pam_line *doctor_find_auth_line(const struct doctor *doctor, const char *module);
/* Whether the line's module asks for a password or checks one. */
bool doctor_asks_password(const struct pam_line *line);
/* Whether the line's module judges by who the user is or where the login is from. */
bool doctor_is_gate(const struct pam_line *line);
/* Whether the line's module asks for a code of another program. */
bool doctor_asks_other_code(const struct pam_line *line);
/* Whether another module than this one identifies the user by what that user knows or
 * has. */
bool doctor_has_other_factor(const struct doctor *doctor);

/* The programs behind services, in programs.c. */

/* Whether there is nobody at the service who could answer. */
bool doctor_asks_never(const char *service);
/* Whether its program gives one answer to all prompts. */
bool doctor_asks_once(const char *service);
/* Proposes the line of the module, or a new one for NULL, with forward_pass above all lines of
 * passwords. */
void doctor_propose_forward_pass(
	struct doctor *doctor, struct finding *finding, const struct pam_line *line);
/* Whether services= lets the module ask in this service, in exemptions.c. */
bool doctor_asks_in_service(const struct doctor *doctor);

/* What mends a finding, in mend.c. */

/* Where the value in force of an option of doctor->line is set. */
struct option_origin doctor_option_origin(const struct doctor *doctor, const char *option);
/* Sets the option there to another value, or removes it where value is NULL. */
void doctor_mend_option(
	struct doctor *doctor, struct finding *finding, const char *option, const char *value);
/* A line of the stack, with a change, which may be NULL. */
void finding_mend_line(struct finding *finding, enum mend_action action,
	const struct pam_line *line, const struct pam_line_change *change);
/* Proposes all that may mend a line of the module in a wrong place, or with a wrong control,
 * in places.c: a stricter control, each other place, and stricter lines of passwords. */
void doctor_propose_places(struct doctor *doctor, struct finding *finding);
/* Takes the carriage returns off the ends of all lines of a file. */
void finding_mend_line_ends(struct finding *finding, const char *path);
/* The command with the word, quoted for the shell, as its last argument. */
void finding_run_on(struct finding *finding, const char *command, const char *word);
/* The name of an option that decides whether a user must give a code, and that another line
 * of the module says differently than doctor->line; NULL if there is none. In
 * session_guard.c. */
const char *doctor_find_difference(const struct doctor *doctor, const struct pam_line *line);
/* Adds a session line like doctor->line, in session_guard.c. */
void doctor_mend_by_guard(struct doctor *doctor, struct finding *finding);
/* The `name` or `name=value` in written with the name that an error message proposes for
 * it; the caller frees it. NULL if there is no proposal or memory is out. */
char *doctor_proposal(const char *message, const char *written);

/* Variables in the path of an option, in variables.c. */

/* A setting whose path has a variable that is refused, as name=value, with ${USER} and ${HOME} in
 * place of the variables that were meant to be that; the caller frees it. NULL where that cannot
 * be told, or does not do. */
char *doctor_correct_variables(const char *setting);

/* Owners and modes, in files.c. */

struct doctor_file {
	const char *check;
	const char *path;
	enum finding_level level; /* of a finding */
	const char *why;	  /* why it matters who can change the file */
	uid_t owner;		  /* who may own it beside root */
};

/* Reports an owner other than root and file->owner, or a mode that lets the group or
 * others write; folders with the sticky bit are exempt from the latter. Returns true with
 * nothing reported if neither holds, or if there is no such file. */
bool doctor_file_is_safe(struct doctor *doctor, const struct doctor_file *file);
/* The same for the folders above the path, up to the first that is not safe. */
bool doctor_folders_are_safe(struct doctor *doctor, const struct doctor_file *file);

/* Reports the files of the folder of drop-ins that nothing reads, because their names do not end
 * in .conf, in drop_ins.c. reader is who does not read them. */
void doctor_check_drop_ins(
	struct doctor *doctor, const char *check, const char *folder, const char *reader);

/* The settings of sshd, in sshd_settings.c. They are a text of lines, each with a name in
 * lower case, a blank and a value. */

/*
 * Runs the sshd in PATH, or /usr/sbin/sshd, with -T and an environment of its own.
 * config is the configuration file, or NULL for sshd's own; Match blocks are judged for
 * the login, or not at all if that or its user is NULL. Returns TOTPGROUP_ENOTFOUND if there
 * is no sshd, TOTPGROUP_ESYSTEM if it cannot be run, fails, prints too much or takes too long
 * (with its own words in the message), or TOTPGROUP_EMEMORY.
 */
int sshd_settings_run(struct text *settings, const char *config, const struct sshd_login *login,
	struct error *error);
/* Whether sshd would start with that configuration: runs it with -t. */
bool sshd_settings_start(const char *config);
/* Reads a file that holds what `sshd -T` printed. */
int sshd_settings_read(struct text *settings, const char *path, struct error *error);
/* Copies the value of a setting; the caller frees it. NULL if sshd does not print it, or
 * memory is out. name is in lower case. */
char *sshd_settings_get(const struct text *settings, const char *name);
bool sshd_settings_is(const struct text *settings, const char *name, const char *value);

/* What AuthenticationMethods demands, in sshd_methods.c. Each of its lists is enough to log in;
 * lists with a method that is switched off do not count. */
struct sshd_methods {
	bool without_pam;	/* a list of keys, hosts or tickets only */
	bool password;		/* a list with the password prompt of sshd itself */
	bool interactive;	/* a list with keyboard-interactive */
	bool interactive_alone; /* a list with nothing else */
	bool interactive_after_key;
	bool none;	   /* no list that counts */
	bool keyless;	   /* a list without a key, a host or a ticket */
	bool any;	   /* AuthenticationMethods has no list: each method is enough */
	bool other_device; /* a list asks for a device that is not PAM, and does not count */
};

struct sshd_methods sshd_methods_judge(const struct text *settings);

/*
 * Appends the value of AuthenticationMethods with the code in each list, and with everything
 * else that the list demands: nobody can log in with less than before. Lists that do not count
 * with the settings are left out; with NULL for those, all are kept. With other_factor, PAM asks
 * for more than the code, else a key has to come before it; so it has where no login is possible
 * without one yet. Returns text->status.
 */
int sshd_methods_with_code(
	struct text *text, const struct text *settings, const char *value, bool other_factor);

/* --print-config, in print_config.c. */

/*
 * Prints in the form of a configuration file every value in force, each with its file and
 * line, and the names that are left at their defaults. conf is the module's option conf=,
 * or NULL. Reports what is wrong and returns STATUS_STORE_ERROR then.
 */
enum exit_status print_config(const char *conf);

#endif
