/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a change of PAM's files lets in nobody in the other services that read them. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/folder.h"
#include "cli/doctor/proof.h"

bool proof_stack_reads(const struct pam_stack *stack, const char *path)
{
	for (size_t i = 0; i < stack->file_count; i++)
		if (strcmp(stack->files[i], path) == 0)
			return true;
	return false;
}

/* sshd may ask for a key before it asks PAM. */
bool proof_is_keyed(const char *service)
{
	return strcmp(service, "sshd") == 0;
}

/* In another service, the module may ask nobody. */
static void let_ignore(struct pam_trial *trials, size_t trial_count)
{
	for (size_t i = 0; i < trial_count; i++)
		if (trials[i].watched)
			trials[i].results = PAM_RESULTS_ALL;
}

static bool other_is_kept(const struct pam_stack *old, const struct pam_stack *new,
	const char *service, const struct openness_rules *rules)
{
	struct trial_list before;
	struct trial_list after;
	struct pam_trial *trials = doctor_make_trials(old, service, &before.count);
	struct pam_trial *changed = doctor_make_trials(new, service, &after.count);
	bool kept = false;

	if (trials != NULL && changed != NULL) {
		let_ignore(trials, before.count);
		let_ignore(changed, after.count);
		before.trials = trials;
		after.trials = changed;
		kept = openness_is_kept(&before, &after, rules);
	}
	free(trials);
	free(changed);
	return kept;
}

static bool is_changed(const struct pam_changed_file *files, const struct pam_stack *stack)
{
	for (size_t i = 0; files[i].path != NULL; i++)
		if (proof_stack_reads(stack, files[i].path))
			return true;
	return false;
}

/* A file that this service includes is a part of it, and seldom a service. */
static struct openness_rules rules_for(
	const struct doctor *doctor, const struct pam_stack *stack, const char *service)
{
	bool part = proof_stack_reads(&doctor->stack, stack->files[0]);

	return (struct openness_rules){
		.keyed = proof_is_keyed(part ? doctor->service : service), .part = part};
}

/* A service that PAM cannot read lets nobody in. */
static bool service_is_kept(
	const struct doctor *doctor, const struct pam_changed_file *files, const char *service)
{
	const char *given[2];
	const char *const *folders = doctor_pam_folders(doctor, given);
	struct error error = ERROR_INIT;
	struct openness_rules rules;
	struct pam_stack before;
	struct pam_stack after;
	bool kept = true;

	if (pam_stack_read(&before, folders, service, &error) != 0)
		return true;
	rules = rules_for(doctor, &before, service);
	if (is_changed(files, &before)) {
		kept = pam_stack_read_changed(&after, folders, service, files, &error) == 0;
		kept = kept && other_is_kept(&before, &after, service, &rules);
		pam_stack_free(&after);
	}
	pam_stack_free(&before);
	return kept;
}

/* Each file of the folders may be a service. */
static bool folder_is_kept(
	const struct doctor *doctor, const struct pam_changed_file *files, const char *folder)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;
	bool kept = true;

	/* Services that cannot be seen may be others. */
	if (directory == NULL)
		return errno == ENOENT;
	do {
		kept = folder_next(directory, &entry) == 0;
		if (entry != NULL && entry->d_name[0] != '.' &&
			strcmp(entry->d_name, doctor->service) != 0)
			kept = service_is_kept(doctor, files, entry->d_name);
	} while (kept && entry != NULL);
	closedir(directory);
	return kept;
}

bool proof_others_are_kept(const struct doctor *doctor, const struct pam_changed_file *files)
{
	const char *given[2];
	const char *const *folders = doctor_pam_folders(doctor, given);

	for (; *folders != NULL; folders++)
		if (!folder_is_kept(doctor, files, *folders))
			return false;
	return true;
}
