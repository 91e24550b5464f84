/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* No mend of a PAM file or of a configuration file of the module is printed that was not tried
 * before: it is made in a copy, and the copy is judged as the files are. What a change of
 * sshd's files does, only sshd can say, which sshd_proof.h asks. */
#ifndef TOTPGROUP_CLI_DOCTOR_PROOF_H
#define TOTPGROUP_CLI_DOCTOR_PROOF_H

#include "cli/doctor/doctor.h"

/*
 * Tries the mends and proposals of all findings that change such files, and takes away those
 * that are not proven. Of the proposals the first one that is proven becomes a mend, where no
 * mend is left. A change is proven if
 * - PAM can read the files with it,
 * - the finding is gone, and no problem is new,
 * - openness_is_kept(), for this service and for each other one that reads a changed file.
 */
void doctor_prove_mends(struct doctor *doctor);

/* What a stack lets in, in openness.c. */

struct trial_list {
	const struct pam_trial *trials;
	size_t count;
};

/*
 * openness_is_kept(): whether nobody can do more after a change than before. Tried are all
 * answers of the modules that identify users or judge them, and of this module. What may
 * succeed that did not before is
 * a right password with a right code, and a right password alone of a user who is not asked for
 * a code, and only where the stack without this module would let that user in. These two must
 * still succeed where they did, unless the stack is a part of another one. keyed: other software
 * has identified the user before PAM is asked, so a stack without passwords may let in who needs
 * no code.
 *
 * False also if there are too many answers to try, or memory is out.
 */
struct openness_rules {
	bool keyed;
	bool part;
};

bool openness_is_kept(const struct trial_list *before, const struct trial_list *after,
	const struct openness_rules *rules);

/* The services that read a changed file, in proof_services.c. */

/* Whether the stack has lines of that file. */
bool proof_stack_reads(const struct pam_stack *stack, const char *path);
/* Whether the service may ask for a key before it asks PAM: sshd. */
bool proof_is_keyed(const char *service);
/* openness_is_kept() for each other service that reads one of the files, with all of them. */
bool proof_others_are_kept(const struct doctor *doctor, const struct pam_changed_file *files);

/* Configuration files with a change, in conf_copy.c. */

/* Begins zeroed, ends with conf_copy_remove(). */
struct conf_copy {
	char *folder;	    /* that only the caller can read; NULL if it could not be made */
	char *path;	    /* of the file; its drop-ins are beside it */
	unsigned int count; /* of files that were copied */
};

/* Whether the file is one that the module reads for doctor->line. */
bool conf_copy_reads(const struct doctor *doctor, const char *path);
/* Copies the files that the module reads, with the mend in one of them. False if that cannot be
 * done. */
bool conf_copy_make(
	struct conf_copy *copy, const struct doctor *doctor, const struct mend *mend);
void conf_copy_remove(struct conf_copy *copy);

/* Changes of lines, in edit.c. */

/* Makes the change of the mend in the text of the file, which must be one of those that it
 * names. copy begins as TEXT_INIT. False if the line is not there, or memory is out. */
bool mend_apply(
	const struct mend *mend, const char *file, const struct text *text, struct text *copy);

#endif
