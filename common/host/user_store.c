/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/user_store.h"

#include <stdlib.h>
#include <time.h>

#include "host/account_index.h"
#include "host/dummy_decision.h"
#include "host/shared_store.h"
#include "host/user_credential.h"
#include "totpgroup.h"

struct user_store {
	struct configuration configuration;
	struct shared_store *own; /* NULL: it is lent, or there is none */
	struct store *shared;
	const char *service, *rhost;
	bool was_silent; /* in the last user_store_verify() */
	struct account_index accounts;
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

int user_store_open_to_lend(struct user_store **store, const char *conf, struct error *error)
{
	int status;

	*store = calloc(1, sizeof **store);
	if (*store == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	(*store)->configuration = (struct configuration)CONFIGURATION_INIT;
	(*store)->accounts = (struct account_index)ACCOUNT_INDEX_INIT;
	status = load(*store, conf, error);
	if (status == 0)
		return 0;
	user_store_close(*store);
	*store = NULL;
	return status;
}

int user_store_open(struct user_store **store, const char *conf, struct error *error)
{
	int status = user_store_open_to_lend(store, conf, error);

	if (status != 0)
		return status;
	status = shared_store_open(&(*store)->own, &(*store)->configuration, error);
	(*store)->shared = shared_store_of((*store)->own);
	if (status != 0) {
		user_store_close(*store);
		*store = NULL;
	}
	return status;
}

void user_store_lend(struct user_store *store, struct store *shared)
{
	store->shared = shared;
}

struct store *user_store_shared(const struct user_store *store)
{
	return store->shared;
}

void user_store_set_origin(struct user_store *store, const char *service, const char *rhost)
{
	store->service = service;
	store->rhost = rhost;
}

void user_store_close(struct user_store *store)
{
	if (store == NULL)
		return;
	shared_store_close(store->own);
	configuration_free(&store->configuration);
	account_index_free(&store->accounts);
	free(store);
}

const struct configuration *user_store_configuration(const struct user_store *store)
{
	return &store->configuration;
}

/* Finds the credential of a user who must be known and must be able to have one. */
static int find_credential(struct user_store *store, const char *user,
	struct user_credential *credential, struct error *error)
{
	const struct options *options = &store->configuration.options;
	int status;

	*credential = (struct user_credential){.accounts = &store->accounts,
		.shared = store->shared,
		.service = store->service,
		.rhost = store->rhost};
	if (options_is_shared(options) != (store->shared != NULL))
		return error_set(error, TOTPGROUP_ECONFIG,
			"the option store changed; the configuration has to be read again");
	status = user_credential_find(credential, options, user, error);
	if (status == 0)
		status = user_credential_locate(credential, error);
	if (status == TOTPGROUP_EARGUMENT) {
		error->code = TOTPGROUP_ENOTFOUND;
		return TOTPGROUP_ENOTFOUND;
	}
	if (status == 0 && credential->user == NULL)
		return error_set(error, TOTPGROUP_ENOTFOUND,
			"the user database does not know this user");
	return status;
}

int user_store_verify(struct user_store *store, const char *user, struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	struct user_credential credential;
	int status = find_credential(store, user, &credential, error);

	*decision = (struct decision)DECISION_INIT;
	decision->result.reason = user_credential_reason(status);
	user_credential_apply_options(&store->configuration.options, attempt);
	if (!user_credential_is_roots(&credential))
		attempt->grace.session = NULL;
	if (status == 0)
		status = user_credential_verify(&credential, attempt, decision, NULL, error);
	else if (credential.shared != NULL)
		status = user_credential_pretend(&credential, decision, status, error);
	store->was_silent = status != 0 && store_was_silent(credential.place);
	if (status != 0) {
		attempt->now = (int64_t)time(NULL);
		dummy_decide(attempt);
	}
	user_credential_free(&credential);
	return status;
}

bool user_store_was_silent(const struct user_store *store)
{
	return store->was_silent;
}

/* Reads the credential without a lock, and the time by the clock of the store. */
static int read_credential(struct user_store *store, const char *user,
	totpgroup_credential **parsed, int64_t *now, struct error *error)
{
	struct user_credential credential;
	struct store_record record = STORE_RECORD_INIT;
	int status = find_credential(store, user, &credential, error);

	*parsed = NULL;
	if (status == 0)
		status = user_credential_look(&credential, &record, error);
	if (status == 0)
		status = user_credential_parse(&credential, &record, parsed, error);
	*now = credential.shared != NULL && status == 0 ? record.now : (int64_t)time(NULL);
	store_record_free(&record);
	user_credential_free(&credential);
	return status;
}

int user_store_look(struct user_store *store, const char *user, struct attempt *attempt,
	struct totpgroup_result *result, struct error *error)
{
	totpgroup_credential *parsed;
	int status = read_credential(store, user, &parsed, &attempt->now, error);

	*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
	user_credential_apply_options(&store->configuration.options, attempt);
	if (status == 0)
		status = decide_before_prompt(parsed, attempt, result, error);
	if (status != 0)
		result->reason = user_credential_reason(status);
	totpgroup_credential_free(parsed);
	return status;
}

int user_store_summarize(struct user_store *store, const char *user,
	struct credential_summary *summary, struct error *error)
{
	totpgroup_credential *parsed;
	int64_t now;
	int status = read_credential(store, user, &parsed, &now, error);

	if (status == 0)
		status = credential_summarize(parsed, now, summary, error);
	totpgroup_credential_free(parsed);
	return status;
}

int user_store_create(struct user_store *store, const char *user, const struct text *text,
	struct error *error)
{
	struct user_credential credential;
	int status = find_credential(store, user, &credential, error);

	if (status == 0)
		status = user_credential_create(&credential, text, error);
	user_credential_free(&credential);
	return status;
}
