/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/proof.h"
#include "config/configuration.h"

/* The files with the mend, as the stack knows them. */
struct change {
	struct text texts[2];
	struct pam_changed_file files[3]; /* ended by a path that is NULL */
};

/* The copy, and what it needs. */
struct trial_run {
	struct doctor doctor;
	struct configuration configuration;
};

static bool change_file(
	struct change *change, size_t at, const struct mend *mend, const char *path)
{
	struct text text = TEXT_INIT;
	struct text *copy = &change->texts[at];
	struct error error = ERROR_INIT;
	bool done =
		pam_file_read(&text, path, &error) == 0 && mend_apply(mend, path, &text, copy);

	text_free(&text);
	change->files[at] = (struct pam_changed_file){.path = path,
		.text = copy->data != NULL ? copy->data : "",
		.length = copy->length};
	return done;
}

static bool make_change(struct change *change, const struct mend *mend)
{
	bool second = mend->to_file != NULL && strcmp(mend->to_file, mend->file) != 0;

	return change_file(change, 0, mend, mend->file) &&
	       (!second || change_file(change, 1, mend, mend->to_file));
}

static void free_change(struct change *change)
{
	text_free(&change->texts[0]);
	text_free(&change->texts[1]);
}

static void judge_copy(struct trial_run *run, const struct doctor *doctor,
	const struct pam_changed_file *files, const char *conf)
{
	const struct configuration configuration = CONFIGURATION_INIT;

	run->configuration = configuration;
	run->doctor = (struct doctor){.options = doctor->options,
		.service = doctor->service,
		.user = doctor->user,
		.changed = files,
		.copied_conf = conf,
		.configuration = &run->configuration,
		.module = &run->configuration.options};
	doctor_run_checks(&run->doctor, DOCTOR_CHECKS_OF_FILES);
}

static void free_copy(struct trial_run *run)
{
	report_free(&run->doctor.report);
	text_free(&run->doctor.sshd);
	configuration_free(&run->configuration);
	free(run->doctor.trials);
	free(run->doctor.example_user);
	pam_stack_free(&run->doctor.stack);
}

/* How many findings of that check are at least as grave. */
static unsigned int count(
	const struct report *report, const char *check, enum finding_level level)
{
	unsigned int found = 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = report->findings[i];

		found += strcmp(finding->check, check) == 0 && finding->level >= level &&
			 finding->level != FINDING_UNKNOWN;
	}
	return found;
}

/* Whether no check has more findings than before. */
static bool nothing_is_new(
	const struct report *before, const struct report *after, enum finding_level level)
{
	for (size_t i = 0; i < after->count; i++) {
		const char *check = after->findings[i]->check;

		if (count(after, check, level) > count(before, check, level))
			return false;
	}
	return !after->out_of_memory;
}

/* The line of a file that a message names, after the file; 0 if it names none. */
static unsigned int named_line(const char *what)
{
	unsigned int number = 0;

	for (const char *colon = what; colon != NULL && (colon = strchr(colon, ':')) != NULL;
		colon++)
		if (sscanf(colon, ":%u: ", &number) == 1)
			return number;
	return 0;
}

/* The module names the first mistake of its files only. With that one mended, it may name
 * a later one. */
static bool names_later_line(const struct report *report, const struct finding *finding)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *other = report->findings[i];

		if (strcmp(other->check, finding->check) == 0 &&
			other->level == FINDING_PROBLEM)
			return strcmp(finding->check, "configuration-file") == 0 &&
			       named_line(other->what) > named_line(finding->what);
	}
	return false;
}

static bool is_gone(
	const struct report *before, const struct finding *finding, const struct report *after)
{
	return count(after, finding->check, FINDING_WARNING) <
		       count(before, finding->check, FINDING_WARNING) ||
	       names_later_line(after, finding);
}

/* Where strict, no warning may be new either. */
static bool is_better(const struct doctor *before, const struct finding *finding,
	const struct doctor *after, bool strict)
{
	const struct report *report = &after->report;

	if (after->trials == NULL || (before->line != NULL && after->line == NULL))
		return false;
	return is_gone(&before->report, finding, report) &&
	       nothing_is_new(&before->report, report, FINDING_PROBLEM) &&
	       (!strict || nothing_is_new(&before->report, report, FINDING_WARNING));
}

static bool this_is_kept(const struct doctor *doctor, const struct doctor *copy)
{
	const struct trial_list before = {
		.trials = doctor->trials, .count = doctor->trial_count};
	const struct trial_list after = {.trials = copy->trials, .count = copy->trial_count};
	const struct openness_rules rules = {.keyed = proof_is_keyed(doctor->service)};

	return openness_is_kept(&before, &after, &rules);
}

static bool is_proven_in_stack(const struct doctor *doctor, const struct finding *finding,
	const struct mend *mend, bool strict)
{
	struct change change = {.texts = {TEXT_INIT, TEXT_INIT}};
	struct trial_run *run = malloc(sizeof(*run));
	bool proven = false;

	if (run != NULL && make_change(&change, mend)) {
		judge_copy(run, doctor, change.files, NULL);
		proven = is_better(doctor, finding, &run->doctor, strict) &&
			 this_is_kept(doctor, &run->doctor) &&
			 proof_others_are_kept(doctor, change.files);
		free_copy(run);
	}
	free(run);
	free_change(&change);
	return proven;
}

/* Other services may read the file as well, but no option takes part in how PAM goes through
 * their lines. */
static bool is_proven_in_conf(const struct doctor *doctor, const struct finding *finding,
	const struct mend *mend, bool strict)
{
	struct conf_copy copy = {.count = 0};
	struct trial_run *run = malloc(sizeof(*run));
	bool proven = false;

	if (run != NULL && conf_copy_make(&copy, doctor, mend)) {
		judge_copy(run, doctor, NULL, copy.path);
		proven = is_better(doctor, finding, &run->doctor, strict) &&
			 this_is_kept(doctor, &run->doctor);
		free_copy(run);
	}
	free(run);
	conf_copy_remove(&copy);
	return proven;
}

static bool changes_stack(const struct doctor *doctor, const struct mend *mend)
{
	return mend->file != NULL && proof_stack_reads(&doctor->stack, mend->file);
}

static bool changes_files(const struct doctor *doctor, const struct mend *mend)
{
	return changes_stack(doctor, mend) ||
	       (mend->file != NULL && conf_copy_reads(doctor, mend->file));
}

static bool is_proven(const struct doctor *doctor, const struct finding *finding,
	const struct mend *mend, bool strict)
{
	return changes_stack(doctor, mend) ? is_proven_in_stack(doctor, finding, mend, strict)
					   : is_proven_in_conf(doctor, finding, mend, strict);
}

/* Takes the mend away; those behind it move up. */
static void drop_mend(struct finding *finding, size_t at)
{
	mend_clear(&finding->mends[at]);
	for (; at + 1 < FINDING_MENDS; at++) {
		finding->mends[at] = finding->mends[at + 1];
		finding->mends[at + 1] = (struct mend){.action = MEND_NONE};
	}
}

/* Makes the mends that change the stack the first proposals: what is left needs no proof. */
static void set_aside(const struct doctor *doctor, struct finding *finding)
{
	size_t at = 0;

	while (at < FINDING_MENDS && finding->mends[at].action != MEND_NONE)
		if (changes_files(doctor, &finding->mends[at])) {
			finding_propose_first(finding, &finding->mends[at]);
			drop_mend(finding, at);
		} else {
			at++;
		}
}

/* Returns false where none is proven. */
static bool find_mend(const struct doctor *doctor, struct finding *finding, bool strict)
{
	for (size_t i = 0; i < finding->proposal_count; i++) {
		struct mend *proposal = &finding->proposals[i];

		if (!is_proven(doctor, finding, proposal, strict))
			continue;
		mend_clear(&finding->mends[FINDING_MENDS - 1]);
		for (size_t j = FINDING_MENDS - 1; j > 0; j--)
			finding->mends[j] = finding->mends[j - 1];
		finding->mends[0] = *proposal;
		finding->proven = true;
		*proposal = (struct mend){.action = MEND_NONE};
		return true;
	}
	return false;
}

/* Returns true where a change of the stack is proven. */
static bool prove_mends(const struct doctor *doctor, struct finding *finding, bool wanted)
{
	set_aside(doctor, finding);
	if (!wanted)
		return false;
	/* A problem may be mended by what leaves a warning, if need be. */
	if (!find_mend(doctor, finding, true) && finding->level == FINDING_PROBLEM)
		find_mend(doctor, finding, false);
	return finding->proven;
}

/* Their mends are changes of sshd's files, of which sshd itself has to say what they mean: only
 * sshd_proof.c can ask it, and it has done so. */
static bool is_of_sshd(const struct finding *finding)
{
	return strncmp(finding->check, "sshd", strlen("sshd")) == 0;
}

/* A session line for one of them can only refuse. It is proven if PAM can read it, and it refuses
 * whom it should. */
static bool is_proven_guard(const struct doctor *doctor, const struct mend *mend)
{
	struct change change = {.texts = {TEXT_INIT, TEXT_INIT}};
	struct trial_run *run = malloc(sizeof(*run));
	bool proven = false;

	if (run != NULL && make_change(&change, mend)) {
		judge_copy(run, doctor, change.files, NULL);
		proven = run->doctor.guard_holds &&
			 nothing_is_new(&doctor->report, &run->doctor.report, FINDING_WARNING);
		free_copy(run);
	}
	free(run);
	free_change(&change);
	return proven;
}

static void prove_guards(const struct doctor *doctor, struct finding *finding)
{
	size_t at = 0;

	while (at < FINDING_MENDS && finding->mends[at].action != MEND_NONE)
		if (changes_stack(doctor, &finding->mends[at]) &&
			!is_proven_guard(doctor, &finding->mends[at]))
			drop_mend(finding, at);
		else
			at++;
}

/* PAM cannot read the files: the change is proven if it can with it, or what is wrong then is in
 * another file. */
static bool is_proven_readable(const struct doctor *doctor, const struct mend *mend)
{
	struct change change = {.texts = {TEXT_INIT, TEXT_INIT}};
	struct trial_run *run = malloc(sizeof(*run));
	bool proven = false;

	if (run != NULL && make_change(&change, mend)) {
		judge_copy(run, doctor, change.files, NULL);
		proven = run->doctor.trials != NULL ||
			 (run->doctor.report.count > 0 &&
				 strncmp(run->doctor.report.findings[0]->what, mend->file,
					 strlen(mend->file)) != 0);
		free_copy(run);
	}
	free(run);
	free_change(&change);
	return proven;
}

static void prove_without_stack(const struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->report.count; i++) {
		struct finding *finding = doctor->report.findings[i];

		if (finding->mends[0].action == MEND_LINE_ENDS &&
			!is_proven_readable(doctor, &finding->mends[0]))
			drop_mend(finding, 0);
	}
}

/* A warning waits until the problems are mended: the same change may mend it. */
void doctor_prove_mends(struct doctor *doctor)
{
	bool mended = false;

	if (doctor->trials == NULL) {
		prove_without_stack(doctor);
		return;
	}
	for (int level = FINDING_PROBLEM; level >= FINDING_WARNING; level--)
		for (size_t i = 0; i < doctor->report.count; i++) {
			struct finding *finding = doctor->report.findings[i];
			bool waits = level == FINDING_WARNING && mended;

			if (finding->level != (enum finding_level)level)
				continue;
			if (is_of_sshd(finding))
				prove_guards(doctor, finding);
			else if (prove_mends(doctor, finding, !waits) &&
				 level == FINDING_PROBLEM)
				mended = true;
		}
}
