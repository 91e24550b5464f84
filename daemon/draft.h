/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A secret that was drawn for a user, and that no code has confirmed yet: in the
 * memory of the connection, and nowhere else. */
#ifndef TOTPGROUP_DAEMON_DRAFT_H
#define TOTPGROUP_DAEMON_DRAFT_H

struct new_credential;

/* Begins zeroed, ends with draft_drop(). */
struct draft {
	struct new_credential *credential; /* NULL where there is none */
	unsigned int wrong;		   /* codes so far */
};

/* Wipes and frees it; it is zeroed again. */
void draft_drop(struct draft *draft);

#endif
