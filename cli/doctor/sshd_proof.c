/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finds the line of sshd's files that mends a finding, by trying it: sshd itself reads copies of
 * its files with the change, and the checks judge what it says. */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/doctor/sshd_files.h"
#include "cli/doctor/sshd_proof.h"
#include "message/translate.h"

#define MAIN_FILE "/etc/ssh/sshd_config"

/* How many places are tried for a setting that is tried with another one. */
#define PLACES_MAXIMUM 6

/* More than all warnings together. */
#define PROBLEM_RANK 16

static const char *const checks[SSHD_VERDICT_CHECKS] = {SSHD_SETTINGS_CHECK, SSHD_PAM_CHECK,
	SSHD_PROMPT_CHECK, SSHD_PASSWORD_CHECK, SSHD_METHODS_CHECK, SSHD_FACTORS_CHECK,
	SSHD_ROOT_CHECK, SSHD_TIME_CHECK};

/* Old names of keywords. */
static const struct {
	const char *keyword;
	const char *alias;
} aliases[] = {
	{"KbdInteractiveAuthentication", "ChallengeResponseAuthentication"},
	{"KbdInteractiveAuthentication", "SkeyAuthentication"},
};

/* What a search for a mend needs. */
struct proof {
	const struct doctor *doctor;
	struct sshd_files files;
	struct sshd_verdict before;	   /* for doctor->login */
	struct sshd_verdict before_global; /* where no Match block applies */
};

const char *sshd_main_file(const struct doctor *doctor)
{
	return doctor->options.sshd_config != NULL ? doctor->options.sshd_config : MAIN_FILE;
}

static size_t find_check(const char *name)
{
	size_t i = 0;

	while (i < SSHD_VERDICT_CHECKS && strcmp(checks[i], name) != 0)
		i++;
	return i;
}

static void add_rank(struct sshd_verdict *verdict, const struct finding *finding)
{
	static const unsigned char ranks[FINDING_LEVELS] = {[FINDING_OK] = 0,
		[FINDING_WARNING] = 1,
		[FINDING_UNKNOWN] = PROBLEM_RANK,
		[FINDING_PROBLEM] = PROBLEM_RANK};
	size_t check = find_check(finding->check);

	if (check < SSHD_VERDICT_CHECKS && verdict->ranks[check] < ranks[finding->level])
		verdict->ranks[check] = ranks[finding->level];
}

struct sshd_verdict sshd_verdict_of(
	const struct doctor *doctor, const char *config, const struct sshd_login *login)
{
	static const struct sshd_login nobody = {.user = NULL};
	struct sshd_verdict verdict = {.read = false};
	struct doctor trial = *doctor;

	trial.report = (struct report){.count = 0};
	trial.sshd = (struct text)TEXT_INIT;
	trial.proposals = NULL;
	trial.options.sshd_config = config;
	trial.login = login != NULL ? *login : nobody;
	verdict.read = sshd_judge(&trial) && !trial.report.out_of_memory;
	if (verdict.read)
		verdict.methods = sshd_methods_judge(&trial.sshd);
	for (size_t i = 0; i < trial.report.count; i++)
		add_rank(&verdict, trial.report.findings[i]);
	report_free(&trial.report);
	text_free(&trial.sshd);
	return verdict;
}

bool sshd_verdict_has_new_problem(
	const struct sshd_verdict *after, const struct sshd_verdict *before)
{
	for (size_t i = 0; i < SSHD_VERDICT_CHECKS; i++)
		if (after->ranks[i] >= PROBLEM_RANK && before->ranks[i] < PROBLEM_RANK)
			return true;
	return false;
}

/* One mend after another makes this smaller, so that they end. */
static unsigned int sum(const struct sshd_verdict *verdict)
{
	unsigned int total = 0;

	for (size_t i = 0; i < SSHD_VERDICT_CHECKS; i++)
		total += verdict->ranks[i];
	return total;
}

/* Whether a password now does where a key was needed, and no list says that it should. */
static bool opens(const struct sshd_verdict *after, const struct sshd_verdict *before)
{
	return before->read && !before->methods.keyless && after->methods.keyless &&
	       after->methods.any;
}

/* Whether sshd's own prompt goes while PAM's cannot take its place: who has no key is locked
 * out. */
static bool locks_out(
	const struct sshd_verdict *after, const struct sshd_verdict *before, const char *check)
{
	return strcmp(check, SSHD_PASSWORD_CHECK) == 0 && before->methods.keyless &&
	       !after->methods.keyless;
}

static bool are_good_changes(
	struct proof *proof, const struct sshd_change *changes, size_t count, const char *check)
{
	struct error error = ERROR_INIT;
	struct sshd_verdict after = {.read = false};
	size_t number = find_check(check);
	bool good = false;
	char *config;

	if (sshd_files_copy(&proof->files, changes, count, &config, &error) == 0)
		after = sshd_verdict_of(proof->doctor, config, &proof->doctor->login);
	good = after.read && number < SSHD_VERDICT_CHECKS &&
	       after.ranks[number] < proof->before.ranks[number] &&
	       sum(&after) < sum(&proof->before) && !opens(&after, &proof->before) &&
	       !locks_out(&after, &proof->before, check) &&
	       !sshd_verdict_has_new_problem(&after, &proof->before);
	if (good && proof->doctor->login.user != NULL) {
		after = sshd_verdict_of(proof->doctor, config, NULL);
		good = after.read &&
		       !sshd_verdict_has_new_problem(&after, &proof->before_global);
	}
	good = good && sshd_settings_start(config);
	free(config);
	return good;
}

/* Whether the line sets what the setting sets, under any of its names. */
static bool sets_the_same(const struct sshd_line *line, const char *setting)
{
	size_t length = strcspn(setting, " ");
	char *keyword = strndup(setting, length);
	bool same = keyword != NULL && sshd_line_sets(line, keyword);

	for (size_t i = 0; keyword != NULL && i < sizeof aliases / sizeof aliases[0]; i++)
		if (strcasecmp(aliases[i].keyword, keyword) == 0 &&
			sshd_line_sets(line, aliases[i].alias))
			same = true;
	free(keyword);
	return same;
}

/* While sshd does not start, it does not say which lists are in force: each line is mended by
 * what it says itself. */
static char *own_methods(const struct doctor *doctor, const struct sshd_line *line)
{
	char *value = strndup(line->text + strlen(SSHD_METHODS_KEYWORD),
		line->length - strlen(SSHD_METHODS_KEYWORD));
	struct text mended = TEXT_INIT;
	char *setting = NULL;

	if (value != NULL &&
		sshd_methods_with_code(&mended, NULL, value + strspn(value, " \t=\""),
			doctor_has_other_factor(doctor)) == 0 &&
		asprintf(&setting, SSHD_METHODS_KEYWORD " %s", mended.data) < 0)
		setting = NULL;
	text_free(&mended);
	free(value);
	return setting;
}

static bool try_line(
	struct proof *proof, const struct sshd_proposal *proposal, const struct sshd_line *line)
{
	bool own = !proof->before.read && sshd_line_sets(line, SSHD_METHODS_KEYWORD);
	char *methods = own ? own_methods(proof->doctor, line) : NULL;
	const struct sshd_change change = {
		MEND_REPLACE, line->file, line->number, own ? methods : proposal->setting};
	bool good = change.text != NULL &&
		    are_good_changes(proof, &change, 1, proposal->finding->check);

	if (good)
		finding_mend(proposal->finding, change.action,
			proof->files.files[line->file].path, line->number, "%s", change.text);
	free(methods);
	return good;
}

static bool try_top(struct proof *proof, const struct sshd_proposal *proposal, size_t file)
{
	const struct sshd_change change = {MEND_ADD, file, 0, proposal->setting};

	if (!are_good_changes(proof, &change, 1, proposal->finding->check))
		return false;
	finding_mend(proposal->finding, change.action, proof->files.files[file].path, 0, "%s",
		proposal->setting);
	return true;
}

/* A line that is not in force changes nothing. */
static bool try_all(struct proof *proof, const struct sshd_proposal *proposal)
{
	struct sshd_files *files = &proof->files;

	for (size_t i = 0; i < files->line_count; i++)
		if (sets_the_same(&files->lines[i], proposal->setting) &&
			try_line(proof, proposal, &files->lines[i]))
			return true;
	return try_top(proof, proposal, files->drop_in) ||
	       (files->drop_in != 0 && try_top(proof, proposal, 0));
}

/* The places for a setting, and how many there are. */
struct places {
	struct sshd_change changes[PLACES_MAXIMUM];
	size_t count;
};

/* Each line that sets it, and the top of the files for new lines. */
static struct places find_places(const struct proof *proof, const char *setting)
{
	const struct sshd_files *files = &proof->files;
	struct places places = {.count = 0};

	for (size_t i = 0; i < files->line_count && places.count + 2 < PLACES_MAXIMUM; i++)
		if (sets_the_same(&files->lines[i], setting))
			places.changes[places.count++] = (struct sshd_change){MEND_REPLACE,
				files->lines[i].file, files->lines[i].number, setting};
	places.changes[places.count++] =
		(struct sshd_change){MEND_ADD, files->drop_in, 0, setting};
	if (files->drop_in != 0)
		places.changes[places.count++] = (struct sshd_change){MEND_ADD, 0, 0, setting};
	return places;
}

/* A new line at the top comes last, so that the number of the other one is still right. */
static bool try_both(struct proof *proof, struct finding *finding,
	const struct sshd_change *one, const struct sshd_change *other)
{
	const struct sshd_change changes[] = {*one, *other};
	const struct sshd_change *first = one->line > 0 ? one : other;
	const struct sshd_change *second = first == one ? other : one;
	const struct sshd_file *files = proof->files.files;

	if (!are_good_changes(proof, changes, 2, finding->check))
		return false;
	finding_mend(finding, first->action, files[first->file].path, first->line, "%s",
		first->text);
	finding_mend_also(
		finding, second->action, files[second->file].path, second->line, second->text);
	return true;
}

/* Two settings may be right only together: a key alone lets in, and sshd may not ask PAM while
 * that is so. */
static bool try_pairs(struct proof *proof, const struct sshd_proposals *proposals,
	const struct sshd_proposal *proposal)
{
	const struct places own = find_places(proof, proposal->setting);

	for (size_t i = 0; i < proposals->count; i++) {
		const struct places others = find_places(proof, proposals->rows[i].setting);

		if (proposals->rows[i].finding == proposal->finding)
			continue;
		for (size_t j = 0; j < own.count * others.count; j++)
			if (try_both(proof, proposal->finding, &own.changes[j / others.count],
				    &others.changes[j % others.count]))
				return true;
	}
	return false;
}

static bool begin(struct proof *proof, bool was_read)
{
	struct error error = ERROR_INIT;
	char *config = NULL;

	if (proof->doctor->options.sshd_settings != NULL ||
		sshd_files_read(&proof->files, sshd_main_file(proof->doctor), &error) != 0 ||
		sshd_files_copy(&proof->files, NULL, 0, &config, &error) != 0)
		return false;
	proof->before = sshd_verdict_of(proof->doctor, config, &proof->doctor->login);
	proof->before_global = sshd_verdict_of(proof->doctor, config, NULL);
	free(config);
	/* What sshd would say if it started is not known: nothing that it says may be a
	 * problem. */
	for (size_t i = 0; !was_read && i < SSHD_VERDICT_CHECKS; i++) {
		if (proof->before.ranks[i] == 0)
			proof->before.ranks[i] = 1;
		proof->before_global.ranks[i] = PROBLEM_RANK;
	}
	return proof->before.read == was_read;
}

/* The first of those for the same finding is what is needed; the others help on the way. */
static void report_unproven(const struct sshd_proposals *proposals, size_t last, bool was_tried)
{
	const struct sshd_proposal *rows = proposals->rows;
	size_t first = last;

	while (first > 0 && rows[first - 1].finding == rows[last].finding)
		first--;
	finding_why_more(rows[last].finding,
		was_tried ? N_("Needed is: %s. No change of one line alone does that safely.")
			  : N_("Needed is: %s."),
		rows[first].setting);
}

/* Whether a problem is mended already, which may mend the others as well. */
static bool has_mend(const struct sshd_proposals *proposals)
{
	for (size_t i = 0; i < proposals->count; i++)
		if (proposals->rows[i].finding->level == FINDING_PROBLEM &&
			proposals->rows[i].finding->mends[0].action != MEND_NONE)
			return true;
	return false;
}

static bool is_last_for_finding(const struct sshd_proposals *proposals, size_t at)
{
	return at + 1 == proposals->count ||
	       proposals->rows[at + 1].finding != proposals->rows[at].finding;
}

void sshd_prove(struct doctor *doctor, struct sshd_proposals *proposals, bool was_read)
{
	struct proof proof = {.doctor = doctor};
	bool ready = proposals->count > 0 && begin(&proof, was_read);
	bool pairs;

	for (size_t i = 0; ready && i < proposals->count; i++)
		if (proposals->rows[i].finding->mends[0].action == MEND_NONE)
			(void)try_all(&proof, &proposals->rows[i]);
	pairs = ready && was_read && !has_mend(proposals);
	for (size_t i = 0; i < proposals->count; i++) {
		const struct sshd_proposal *proposal = &proposals->rows[i];

		if (proposal->finding->mends[0].action == MEND_NONE &&
			!(pairs && try_pairs(&proof, proposals, proposal)) &&
			is_last_for_finding(proposals, i))
			report_unproven(proposals, i, ready);
	}
	for (size_t i = 0; i < proposals->count; i++)
		free(proposals->rows[i].setting);
	proposals->count = 0;
	sshd_files_free(&proof.files);
}
