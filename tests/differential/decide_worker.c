/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Decides on any number of attempts, so that a test of many thousand of them does not start as
 * many processes. Reads from standard input a line of words and behind it the bytes of the
 * credential:
 *
 *     NOW TYPED FLAGS GRACE_PERIOD HOST SERVICE LENGTH
 *
 * TYPED is in hexadecimal, `-` for no answer, `.` for an empty one. HOST and SERVICE are `-` where
 * there is none. FLAGS are letters, of which there is at least one:
 *
 *     p  a password stands before the code       f  through a front end
 *     d  disallow_reuse    k  noskewadj    i  no_increment_hotp    r  resync_hotp    s  strict
 *     a  the texts go through a state that is kept apart    n  the first attempt with that text
 *
 * Writes `STATUS VERDICT REASON METHOD WAIT` of decide_before_prompt(), the same of decide() with
 * `PASSWORD_LENGTH DEVICE LENGTH`, DEVICE in hexadecimal or `.`, and the bytes of the new text.
 * An attempt with `a` is decided on the secret, as it came with `n`, and on the state that all
 * attempts since have left.
 */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/credential.h"
#include "core/decide.h"
#include "core/state.h"
#include "totpgroup.h"

struct request {
	char typed[600], flags[32], host[300], service[300];
	struct attempt attempt;
	char text[CREDENTIAL_TEXT_MAX + 1];
	size_t length;
};

struct worker {
	struct request request;
	struct text secret, state; /* with `a` */
};

static bool has_flag(const struct request *request, char flag)
{
	return strchr(request->flags, flag) != NULL;
}

/* In place. Returns NULL for `-`. */
static const char *read_hex(char *hex)
{
	size_t count = strcmp(hex, ".") == 0 ? 0 : strlen(hex) / 2;

	if (strcmp(hex, "-") == 0)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		hex[i] = (char)strtoul(pair, NULL, 16);
	}
	hex[count] = '\0';
	return hex;
}

static void fill_attempt(struct request *request)
{
	struct attempt *attempt = &request->attempt;

	attempt->typed = read_hex(request->typed);
	attempt->grace.host = strcmp(request->host, "-") == 0 ? NULL : request->host;
	attempt->grace.service = strcmp(request->service, "-") == 0 ? NULL : request->service;
	attempt->password_before_code = has_flag(request, 'p');
	attempt->front_end = has_flag(request, 'f');
	attempt->disallow_reuse = has_flag(request, 'd');
	attempt->no_skew_adjust = has_flag(request, 'k');
	attempt->no_increment_hotp = has_flag(request, 'i');
	attempt->resync_hotp = has_flag(request, 'r');
	attempt->blocked_uncounted = has_flag(request, 's');
}

/* False at the end of the input. Ends the program where the input makes no sense. */
static bool read_request(struct request *request)
{
	struct attempt attempt = ATTEMPT_INIT;
	int words = scanf("%" SCNd64 " %599s %31s %" SCNd64 " %299s %299s %zu", &attempt.now,
		request->typed, request->flags, &attempt.grace_period, request->host,
		request->service, &request->length);

	if (words == EOF)
		return false;
	if (words != 7 || getchar() != '\n' || request->length > CREDENTIAL_TEXT_MAX ||
		fread(request->text, 1, request->length, stdin) != request->length)
		exit(2);
	request->attempt = attempt;
	fill_attempt(request);
	return true;
}

static void put_result(int status, const struct totpgroup_result *result)
{
	printf("%d %s %s %s %" PRId64, status,
		result->verdict == TOTPGROUP_ACCEPTED ? "accepted" : "refused",
		totpgroup_reason_name(result->reason), totpgroup_method_name(result->method),
		result->retry_after);
}

static void put_decision(int status, const struct decision *decision, const struct text *text)
{
	put_result(status, &decision->result);
	printf(" %zu ", decision->password_length);
	if (decision->device[0] == '\0')
		putchar('.');
	for (const char *at = decision->device; *at != '\0'; at++)
		printf("%02x", (unsigned char)*at);
	printf(" %zu\n", text->length);
	(void)fwrite(text->data, 1, text->length, stdout);
	(void)fflush(stdout);
}

static void decide_on(totpgroup_credential *credential, const struct request *request,
	int *status, struct decision *decision)
{
	struct totpgroup_result before;
	struct error error = ERROR_INIT;
	int early = decide_before_prompt(credential, &request->attempt, &before, &error);

	put_result(early, &before);
	putchar(' ');
	error = (struct error)ERROR_INIT;
	*status = decide(credential, &request->attempt, decision, &error);
}

static void work_on_text(const struct request *request)
{
	totpgroup_credential *credential = NULL;
	struct decision decision;
	struct error error = ERROR_INIT;
	int status;

	if (credential_load(&credential, request->text, request->length, &error) != 0)
		exit(2);
	decide_on(credential, request, &status, &decision);
	put_decision(status, &decision, &credential->text);
	totpgroup_credential_free(credential);
}

static void begin_apart(struct worker *worker)
{
	if (worker->secret.length > 0)
		return;
	if (text_append(&worker->secret, worker->request.text, worker->request.length) != 0)
		exit(2);
}

/* What cannot be joined is the work of the state alone, and ends the program. */
static void work_apart(struct worker *worker)
{
	totpgroup_credential *credential = NULL;
	struct decision decision;
	struct error error = ERROR_INIT;
	struct text next = TEXT_INIT;
	bool damaged;
	int status;

	begin_apart(worker);
	if (state_apply(&worker->secret, &worker->state, &credential, &damaged, &error) != 0)
		exit(3);
	decide_on(credential, &worker->request, &status, &decision);
	if (status == 0 && decision.result.changed) {
		if (state_extract(&worker->secret, &worker->state, credential, &next, &error) !=
			0)
			exit(3);
		text_free(&worker->state);
		worker->state = next;
	}
	put_decision(status, &decision, &credential->text);
	totpgroup_credential_free(credential);
}

static void end_apart(struct worker *worker)
{
	text_free(&worker->secret);
	text_free(&worker->state);
}

int main(void)
{
	struct worker *worker = calloc(1, sizeof *worker);

	if (worker == NULL)
		return 2;
	while (read_request(&worker->request)) {
		if (has_flag(&worker->request, 'n'))
			end_apart(worker);
		if (has_flag(&worker->request, 'a'))
			work_apart(worker);
		else
			work_on_text(&worker->request);
	}
	end_apart(worker);
	free(worker);
	return 0;
}
