/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines of a PAM service in the order in which PAM reads them, with what
 * they include. Only reads: whether they make sense is for others to say. */
#ifndef TOTPGROUP_CLI_PAMCONF_STACK_H
#define TOTPGROUP_CLI_PAMCONF_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "cli/pamconf/control.h"

enum pam_type { PAM_TYPE_AUTH, PAM_TYPE_ACCOUNT, PAM_TYPE_PASSWORD, PAM_TYPE_SESSION };

/* One line that names a module, or one that begins a substack: its module is
 * NULL then, and the lines of the substack follow with a greater level. */
struct pam_line {
	const char *file; /* absolute; one of the stack's files */
	unsigned int number;
	unsigned int depth; /* of inclusion, 0 in the service's own file */
	unsigned int top;   /* where the service's own file has it or includes it */
	/* The line that includes its file; NULL and 0 in the service's own. */
	const char *includer;
	unsigned int includer_number;
	unsigned int level; /* of substacks: PAM ends and jumps within one */
	enum pam_type type;
	bool silent;	/* the type has a '-' before it */
	bool bracketed; /* the control stood in brackets, which are cut off */
	char *control;
	int actions[PAM_CONTROL_RESULTS];
	char *module; /* as written */
	char **arguments;
	int argument_count;
};

/* Begins as PAM_STACK_INIT; ends with pam_stack_free(). */
struct pam_stack {
	struct pam_line *lines;
	size_t count;
	char **files; /* every file that was read, each once */
	size_t file_count;
};

#define PAM_STACK_INIT                                                                         \
	{                                                                                      \
		NULL, 0, NULL, 0                                                               \
	}

/* Where PAM looks, the first one that has the file wins; ended by NULL. */
extern const char *const pam_stack_folders[];

/*
 * Reads a service's lines of all types. folders is ended by NULL.
 *
 * TOTPGROUP_ENOTFOUND where no folder has the service, TOTPGROUP_EFORMAT for a line
 * on which PAM would refuse (an unknown type, a malformed control, a missing
 * word, a file included that is not there, includes nested too deeply),
 * TOTPGROUP_EARGUMENT for a service's name with a slash, TOTPGROUP_ESYSTEM
 * where a file cannot be read, TOTPGROUP_EMEMORY; with a message that names
 * file and line.
 */
int pam_stack_read(struct pam_stack *stack, const char *const *folders, const char *service,
	struct error *error);

/* "auth" and so on. */
const char *pam_type_name(enum pam_type type);

/* Whether the line's module has that file name, in whatever folder. */
bool pam_line_names(const struct pam_line *line, const char *module);

void pam_stack_free(struct pam_stack *stack);

#endif
