/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/user_store.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host/thread_identity.h"
#include "host/user_place.h"
#include "store/credential_place.h"
#include "store/dummy_decision.h"
#include "totpgroup.h"

/* As totp-enroll has it. */
#define FILE_MODE 0400

struct user_store {
	struct configuration configuration;
};

static int load(struct user_store *store, const char *conf, struct error *error)
{
	struct text argument = TEXT_INIT;
	int status = 0;

	if (conf != NULL && text_append_format(&argument, "conf=%s", conf) != 0)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	status = configuration_load(&store->configuration, conf != NULL,
		(const char *const *)&argument.data, error);
	/* It points into the argument. */
	store->configuration.options.conf = NULL;
	text_free(&argument);
	return status;
}

int user_store_open(struct user_store **store, const char *conf, struct error *error)
{
	int status;

	*store = malloc(sizeof **store);
	if (*store == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	(*store)->configuration = (struct configuration)CONFIGURATION_INIT;
	status = load(*store, conf, error);
	if (status == 0)
		return 0;
	user_store_close(*store);
	*store = NULL;
	return status;
}

void user_store_close(struct user_store *store)
{
	if (store == NULL)
		return;
	configuration_free(&store->configuration);
	free(store);
}

const struct configuration *user_store_configuration(const struct user_store *store)
{
	return &store->configuration;
}

static int with_rights(void *context, rights_work work, void *argument, size_t size,
	struct text *text, struct error *error)
{
	const struct user_place *place = context;

	(void)size;
	if (geteuid() != 0 || place->identity->pw_uid == 0)
		return work(argument, text, error);
	return thread_identity_perform(place->identity, work, argument, text, error);
}

/* Where the user's credential is; place stays where it is from now on. */
static int find(const struct user_store *store, const char *user, struct user_place *place,
	struct error *error)
{
	int status = user_place_find(place, &store->configuration.options, user, error);

	if (status == TOTPGROUP_EARGUMENT) {
		error->code = TOTPGROUP_ENOTFOUND;
		return TOTPGROUP_ENOTFOUND;
	}
	if (status == 0 && place->account == NULL)
		return error_set(error, TOTPGROUP_ENOTFOUND,
			"the user database does not know this user");
	place->credential.with_rights = with_rights;
	place->credential.context = place;
	return status;
}

static void add_options(const struct user_store *store, struct attempt *attempt)
{
	const struct options *options = &store->configuration.options;

	attempt->grace_period = options->grace_period;
	attempt->disallow_reuse |= options->disallow_reuse;
	attempt->no_skew_adjust |= options->noskewadj;
	attempt->no_increment_hotp |= options->no_increment_hotp;
	attempt->blocked_uncounted |= options->strict;
}

int user_store_verify(struct user_store *store, const char *user, struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	struct user_place place = {.account = NULL};
	int status = find(store, user, &place, error);

	*decision = (struct decision)DECISION_INIT;
	decision->result.reason = credential_place_reason(status);
	add_options(store, attempt);
	if (status == 0)
		status = credential_place_verify(
			&place.credential, attempt, decision, NULL, error);
	if (status != 0) {
		attempt->now = (int64_t)time(NULL);
		dummy_decide(attempt);
	}
	user_place_free(&place);
	return status;
}

/* The credential, read without a lock. */
static int read_credential(const struct user_store *store, const char *user,
	totpgroup_credential **credential, struct error *error)
{
	struct user_place place = {.account = NULL};
	struct text secret = TEXT_INIT;
	int status = find(store, user, &place, error);

	*credential = NULL;
	if (status == 0)
		status = credential_place_read(&place.credential, &secret, error);
	if (status == 0)
		status = credential_place_load(&place.credential, &secret, credential, error);
	text_free(&secret);
	user_place_free(&place);
	return status;
}

int user_store_look(struct user_store *store, const char *user, struct attempt *attempt,
	struct totpgroup_result *result, struct error *error)
{
	totpgroup_credential *credential;
	int status = read_credential(store, user, &credential, error);

	*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
	add_options(store, attempt);
	attempt->now = (int64_t)time(NULL);
	if (status == 0)
		status = decide_before_prompt(credential, attempt, result, error);
	if (status != 0)
		result->reason = credential_place_reason(status);
	totpgroup_credential_free(credential);
	return status;
}

int user_store_summarize(struct user_store *store, const char *user,
	struct credential_summary *summary, struct error *error)
{
	totpgroup_credential *credential;
	int status = read_credential(store, user, &credential, error);

	if (status == 0)
		status = credential_summarize(credential, (int64_t)time(NULL), summary, error);
	totpgroup_credential_free(credential);
	return status;
}

int user_store_create(struct user_store *store, const char *user, const struct text *text,
	struct error *error)
{
	struct user_place place = {.account = NULL};
	int status = find(store, user, &place, error);

	if (status == 0)
		status = credential_place_create(&place.credential, text, FILE_MODE, error);
	user_place_free(&place);
	return status;
}
