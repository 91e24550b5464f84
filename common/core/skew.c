/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/skew.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

#define RUN_LENGTH 3

/* A code that was entered: when, and with which skew. */
struct sighting {
	int64_t step;
	int64_t skew;
};

/* The latest sightings, oldest first. */
struct run {
	struct sighting sightings[RUN_LENGTH];
	unsigned int count;
};

static void add_sighting(struct run *run, struct sighting sighting)
{
	if (run->count == RUN_LENGTH) {
		memmove(run->sightings, run->sightings + 1,
			(RUN_LENGTH - 1) * sizeof run->sightings[0]);
		run->count--;
	}
	run->sightings[run->count++] = sighting;
}

/* Reads `step+skew` or `step-skew`. */
static bool read_sighting(const struct word *word, struct sighting *sighting)
{
	const char *text = word->start;
	size_t sign = 0;

	while (sign < word->length && text[sign] != '+' && text[sign] != '-')
		sign++;
	if (sign == word->length ||
		!number_parse(text, sign, 0, INT64_MAX / 2, &sighting->step) ||
		!number_parse(text + sign + 1, word->length - sign - 1, 0, INT32_MAX,
			&sighting->skew))
		return false;
	if (text[sign] == '-')
		sighting->skew = -sighting->skew;
	return true;
}

/* Reads the line up to the first malformed word. */
static void read_run(const totpgroup_credential *credential, struct run *run)
{
	struct credential_option rest;
	struct sighting sighting;
	struct word word;

	run->count = 0;
	if (!credential_find(credential, "RESETTING_TIME_SKEW", &rest))
		return;
	while (credential_next_word(&rest, &word) && read_sighting(&word, &sighting))
		add_sighting(run, sighting);
}

/* Whether the run has three sightings of nearly consecutive steps and nearly the same
 * skew. */
static bool is_complete(const struct run *run)
{
	const struct sighting *seen = run->sightings;
	int64_t newest;

	if (run->count < RUN_LENGTH)
		return false;
	newest = seen[RUN_LENGTH - 1].skew;
	for (unsigned int i = 1; i < RUN_LENGTH; i++)
		if (seen[i].step <= seen[i - 1].step || seen[i].step > seen[i - 1].step + 2 ||
			seen[i - 1].skew < newest - 1 || seen[i - 1].skew > newest + 1)
			return false;
	return true;
}

static int store_skew(totpgroup_credential *credential, const struct run *run)
{
	int64_t sum = 0;
	int status;

	for (unsigned int i = 0; i < RUN_LENGTH; i++)
		sum += run->sightings[i].skew;
	status = credential_set_number(credential, "TIME_SKEW", sum / RUN_LENGTH);
	return status != 0 ? status : credential_set(credential, "RESETTING_TIME_SKEW", "");
}

static int store_run(totpgroup_credential *credential, const struct run *run)
{
	struct text value = TEXT_INIT;
	int status;

	for (unsigned int i = 0; i < run->count; i++)
		(void)text_append_format(&value, "%s%" PRId64 "%+" PRId64, i > 0 ? " " : "",
			run->sightings[i].step, run->sightings[i].skew);
	status = value.status;
	if (status == 0)
		status = credential_set(credential, "RESETTING_TIME_SKEW", value.data);
	text_free(&value);
	return status;
}

/* Reads the run and adds a sighting; false where the latest sighting was of the same
 * code, which teaches nothing. */
static bool continue_run(
	const totpgroup_credential *credential, struct sighting sighting, struct run *run)
{
	const struct sighting *last;

	read_run(credential, run);
	last = run->count > 0 ? &run->sightings[run->count - 1] : NULL;
	if (last != NULL && last->step + last->skew == sighting.step + sighting.skew)
		return false;
	add_sighting(run, sighting);
	return true;
}

int64_t skew_stored(const totpgroup_credential *credential)
{
	int64_t skew = credential_lenient_number(credential, "TIME_SKEW");

	return skew < INT32_MIN || skew > INT32_MAX ? 0 : skew;
}

int skew_learn(totpgroup_credential *credential, int64_t now_step, int64_t skew,
	bool may_complete, bool *learned, bool *changed)
{
	const struct sighting sighting = {now_step, skew};
	struct run run;
	bool complete;
	int status;

	*learned = false;
	if (!continue_run(credential, sighting, &run))
		return 0;
	complete = is_complete(&run);
	if (complete && !may_complete)
		return 0;
	status = complete ? store_skew(credential, &run) : store_run(credential, &run);
	*changed = true;
	*learned = complete && status == 0;
	return status;
}
