/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PAM's files as text: the lines of a service in the order in which PAM reads them, how
 * a login can go through them, and how a line is written with a change. Nothing here
 * writes a file, calls libpam or reports to the person. */
#ifndef TOTPGROUP_CLI_PAMCONF_PAMCONF_H
#define TOTPGROUP_CLI_PAMCONF_PAMCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/lines.h"
#include "base/text.h"

struct configuration;
struct configuration_value;

/* The syntax of pam.d(5), in syntax.c. */

/* The results of a module are numbered as in _pam_types.h, from PAM_SUCCESS, which is 0,
 * to PAM_CONTROL_RESULTS - 1. */
#define PAM_CONTROL_RESULTS 32

/* What the control field says to do about a result. A number above 0 is how many modules
 * to jump over. */
enum pam_action {
	PAM_ACTION_IGNORE = 0,
	PAM_ACTION_OK = -1,
	PAM_ACTION_DONE = -2,
	PAM_ACTION_BAD = -3,
	PAM_ACTION_DIE = -4,
	PAM_ACTION_RESET = -5,
};

/*
 * Reads a control field: `required`, `requisite`, `sufficient`, `optional` or, if
 * bracketed, the text between the brackets of `[success=1 default=ignore]`. Without
 * a default, the results that it does not name are bad. Returns false where it is
 * malformed; PAM then refuses whatever the module says.
 */
bool pam_control_read(const char *control, bool bracketed, int actions[PAM_CONTROL_RESULTS]);

/*
 * Gives the next line that is not empty, without its comment and with the lines that
 * backslashes at the end join to it; *number is that of the first of them. Returns 1,
 * 0 at the end, or TOTPGROUP_EMEMORY. line begins as TEXT_INIT; the caller frees it.
 */
int pam_line_next(struct lines *lines, struct text *line, unsigned int *number);

/*
 * Takes the next word off the front of the rest of a line. A word that begins with a
 * bracket goes up to the closing one and is given without both; a backslash keeps
 * a closing bracket in the word. Returns 1 with a word, which the caller frees, 0 where
 * there is none, TOTPGROUP_EFORMAT for a bracket that is not closed, or
 * TOTPGROUP_EMEMORY.
 */
int pam_word_take(const char **rest, char **word, bool *bracketed);

/* The lines of a service, in stack.c. */

enum pam_type { PAM_TYPE_AUTH, PAM_TYPE_ACCOUNT, PAM_TYPE_PASSWORD, PAM_TYPE_SESSION };

/* A line that names a module; or one that begins a substack: its module is NULL, and the
 * lines of the substack follow with a higher level. */
struct pam_line {
	const char *file; /* absolute; one of the stack's files */
	unsigned int number;
	unsigned int depth; /* of inclusion; 0 in the service's own file */
	unsigned int top;   /* the line of the service's own file that has or includes it */
	/* The line that includes this line's file; NULL and 0 in the service's own file. */
	const char *includer;
	unsigned int includer_number;
	unsigned int level; /* of substacks: PAM ends and jumps within one */
	enum pam_type type;
	bool silent;	/* the type has a '-' before it */
	bool bracketed; /* the control was in brackets, which are cut off */
	char *control;
	int actions[PAM_CONTROL_RESULTS];
	char *module; /* as written */
	char *target; /* of a substack: the file's name as written; else NULL */
	char **arguments;
	int argument_count;
};

/* Ends with pam_stack_free(). */
struct pam_stack {
	struct pam_line *lines;
	size_t count;
	char **files; /* every file that was read, once; the service's own is the first */
	size_t file_count;
};

/* The folders in which PAM looks for a file, ended by NULL; the first that has it wins. */
extern const char *const pam_stack_folders[];

/* What the message says after file and line where a line ends as on other systems. */
#define PAM_STACK_CARRIAGE_RETURN                                                              \
	"the line has a carriage return, which PAM takes as a part of the word before it"

/*
 * Reads the lines of all types of a service. folders is ended by NULL.
 *
 * Returns TOTPGROUP_ENOTFOUND where no folder has the service, TOTPGROUP_EFORMAT for
 * a line that PAM would refuse (an unknown type, a malformed control, a missing word, a CR,
 * an included file that does not exist, too deep inclusion), TOTPGROUP_EARGUMENT for
 * a service's name with a slash, TOTPGROUP_ESYSTEM where a file cannot be read, or
 * TOTPGROUP_EMEMORY; with a message that names file and line. The stack is empty then.
 */
int pam_stack_read(struct pam_stack *stack, const char *const *folders, const char *service,
	struct error *error);

/* A file's text as it would be with a change. */
struct pam_changed_file {
	const char *path; /* as the stack has it; NULL ends a list of them */
	const char *text;
	size_t length;
};

/* The same, where the files of the list are read as that text. changed may be NULL. */
int pam_stack_read_changed(struct pam_stack *stack, const char *const *folders,
	const char *service, const struct pam_changed_file *changed, struct error *error);

/* Reads the whole file, up to 1 MiB, with pam_stack_read()'s errors. text begins as
 * TEXT_INIT; the caller frees it. */
int pam_file_read(struct text *text, const char *path, struct error *error);

/* "auth", "account", "password" or "session". */
const char *pam_type_name(enum pam_type type);

/* Whether the line names a module of that file name, in any folder. */
bool pam_line_names(const struct pam_line *line, const char *module);
/* Whether the line's control is that word, such as required. */
bool pam_line_has_control(const struct pam_line *line, const char *word);

void pam_stack_free(struct pam_stack *stack);

/* A line with a change, in syntax.c. */

/* Begins as PAM_LINE_CHANGE_NONE. */
struct pam_line_change {
	const char *control;	 /* with its brackets, if any; NULL: unchanged */
	const char *module;	 /* NULL: unchanged */
	int argument;		 /* the number of the argument that is replaced, or -1 */
	const char *replacement; /* of that argument; NULL: it is left out */
	const char *more;	 /* one more argument, or NULL */
};

#define PAM_LINE_CHANGE_NONE                                                                   \
	{                                                                                      \
		.argument = -1                                                                 \
	}

/* Appends the line, without the '-' before its type. change may be NULL. Returns
 * text->status. */
int pam_line_text(
	struct text *text, const struct pam_line *line, const struct pam_line_change *change);

/*
 * Appends the line's control in brackets, so that it jumps over no more than that many
 * modules and never ends the stack: longer jumps, `done` and `sufficient` become a jump
 * over that many modules, or `ok` where modules is 0. Returns text->status.
 */
int pam_line_shorter_jump(struct text *text, const struct pam_line *line, unsigned int modules);

/* The ways through a stack, in paths.c. */

/* A set of results: a bit for each. */
#define PAM_RESULT(number)  (UINT32_C(1) << (number))
#define PAM_RESULTS_ALL	    UINT32_MAX
#define PAM_RESULTS_SUCCESS PAM_RESULT(0)
#define PAM_RESULTS_IGNORE  PAM_RESULT(25)
#define PAM_RESULTS_FAILURE (~(PAM_RESULTS_SUCCESS | PAM_RESULTS_IGNORE))
/* PAM_AUTH_ERR. */
#define PAM_RESULTS_REFUSED PAM_RESULT(7)
/* The password is right, but has to be changed: the stack does not succeed by that. */
#define PAM_RESULTS_EXPIRED PAM_RESULT(12)

/* What the line's module finds out about the user by itself. */
enum pam_role {
	PAM_ROLE_NONE,
	PAM_ROLE_PASSWORD,
	PAM_ROLE_FACTOR, /* something else that the user has, such as a key or a finger */
};

/* A line of the stack, and the results that its module may have. */
struct pam_trial {
	const struct pam_line *line;
	uint32_t results;
	bool watched;
	enum pam_role role;
};

/* What the lines that identify the user said on the way through the stack. Of several
 * lines the value that stands last here counts. */
enum pam_identified {
	PAM_IDENTIFIED_NOT_RUN,	  /* no line with a password was run */
	PAM_IDENTIFIED_WRONG,	  /* at least one was, and none said yes */
	PAM_IDENTIFIED_OTHERWISE, /* by a line of PAM_ROLE_FACTOR */
	PAM_IDENTIFIED_PASSWORD,  /* by a password */
	PAM_IDENTIFIED_COUNT,
};

/* What the watched lines said on the way through the stack. Of several lines the value
 * that stands last here counts. */
enum pam_watched {
	PAM_WATCHED_NOT_RUN,
	PAM_WATCHED_IGNORED,
	PAM_WATCHED_SUCCEEDED,
	PAM_WATCHED_FAILED,
	PAM_WATCHED_COUNT,
};

/* No trial, in struct pam_paths. */
#define PAM_PATHS_NONE SIZE_MAX

struct pam_paths {
	/* Whether the stack can succeed after the watched lines said that; and after those
	 * that identify the user said this as well. */
	bool succeeds[PAM_WATCHED_COUNT];
	bool succeeds_as[PAM_WATCHED_COUNT][PAM_IDENTIFIED_COUNT];
	/* Where the stack can succeed with no watched line run: the trial that ended it,
	 * or jumped over a watched line, and its result. */
	size_t skipper;
	unsigned int skipping_result;
	/* What identified the user on that way; of several ways, the one with the least. */
	enum pam_identified skipper_identified;
	/* The same where the stack can succeed with no line of a password run: the trial that
	 * ended it, or jumped over such a line. */
	size_t passer;
	unsigned int passing_result;
	/* A watched line can be run after another line has refused for good. */
	bool reached_refused;
	/* A watched line can be run after a password was wrong, and nothing else identified
	 * the user. */
	bool reached_wrong;
	/* A watched line can be run before anything has identified the user. */
	bool reached_first;
};

/* Tries every result of every line by PAM's rules. The count trials are of one type and
 * in order. Returns 0 or TOTPGROUP_EMEMORY. */
int pam_paths_find(struct pam_paths *paths, const struct pam_trial *trials, size_t count);

/* Where an option of the module is set, in option_origin.c. */

/* Strings and value are the configuration's or the line's. */
struct option_origin {
	/* Where the value in force is from; the module's line if the option is not given. */
	const char *file;
	unsigned int line;
	const char *text; /* the value in force: "" for a name alone, NULL: not given */
	int argument;	  /* its number on the module's line, or -1 */
	const struct configuration_value *value; /* of a file, or NULL; the line overrules it */
};

/* Finds an option of the module's line and of the configuration files that it reads, by
 * its name in option_definitions. */
struct option_origin option_origin_find(const struct configuration *configuration,
	const struct pam_line *line, const char *name);

#endif
