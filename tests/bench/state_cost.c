/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Times what a login does with a separate state, in folders with few and many states:
 *
 *     state_cost ROUNDS FOLDER...
 *
 * In each folder the states of 10 users are locked, read, applied, extracted and made
 * durable. The folders take turns, so that other load on the host slows all. Prints
 * the median of each folder in microseconds.
 */

#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/decide.h"
#include "core/state.h"
#include "store/state_file.h"

#define ROUNDS_MAX  2000
#define FOLDERS_MAX 4
#define USERS	    10

static const char secret_text[] =
	"JBSWY3DPEHPK3PXP\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n12345678\n";

static double seconds(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		abort();
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static void fail_with(const struct error *error)
{
	fprintf(stderr, "state_cost: %s\n", error->message);
	exit(1);
}

/* One login with a wrong code, which is counted. */
static void log_in(const char *path, int64_t now)
{
	struct state_file *transaction;
	totpgroup_credential *credential = NULL;
	struct text secret = TEXT_INIT, state = TEXT_INIT, next = TEXT_INIT;
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	struct error error = ERROR_INIT;
	bool damaged;

	attempt.typed = "";
	attempt.now = now;
	if (text_append(&secret, secret_text, strlen(secret_text)) != 0 ||
		state_file_begin(path, &transaction, &state, &error) != 0 ||
		state_apply(&secret, &state, &credential, &damaged, &error) != 0 ||
		decide(credential, &attempt, &decision, &error) != 0 ||
		state_extract(&secret, &state, credential, &next, &error) != 0 ||
		state_file_commit(&transaction, &next, false, &error) != 0)
		fail_with(&error);
	totpgroup_credential_free(credential);
	text_free(&secret);
	text_free(&state);
	text_free(&next);
}

int main(int argc, char **argv)
{
	static double times[FOLDERS_MAX][ROUNDS_MAX];
	size_t rounds = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	int folders = argc - 2;

	if (rounds == 0 || rounds > ROUNDS_MAX || folders > FOLDERS_MAX) {
		fprintf(stderr, "usage: state_cost ROUNDS FOLDER...\n");
		return 2;
	}
	for (size_t i = 0; i < rounds; i++)
		for (int folder = 0; folder < folders; folder++) {
			char path[PATH_MAX];
			double start;

			snprintf(path, sizeof path, "%s/user%zu", argv[2 + folder],
				1 + i % USERS);
			start = seconds();
			log_in(path, 1700000000 + 60 * (int64_t)i);
			times[folder][i] = seconds() - start;
		}
	for (int folder = 0; folder < folders; folder++) {
		qsort(times[folder], rounds, sizeof times[folder][0], compare_doubles);
		printf("%s%.1f", folder > 0 ? " " : "", times[folder][rounds / 2] * 1e6);
	}
	printf("\n");
	return 0;
}
