/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/local_codes.h"

#include <time.h>

#include "base/wipe.h"
#include "config/store_config.h"
#include "core/summary.h"
#include "core/typed.h"
#include "gate/group_gate.h"
#include "host/user_credential.h"
#include "totpgroup.h"

static bool has_form(const struct attempt *attempt)
{
	char code[EMERGENCY_HASH_LENGTH + 1];
	struct typed typed;
	size_t length;
	bool is_code;

	if (attempt->typed == NULL)
		return false;
	typed_read(&typed, attempt->typed, attempt->password_before_code);
	is_code = typed_hashed_code(&typed, code, &length);
	WIPE_ARRAY(code);
	WIPE_OBJECT(&typed);
	return is_code;
}

/* Whether fail_group= has the user, by all that the host's user database says. */
static int find_membership(struct user_credential *credential, const char *group,
	bool *is_member, struct error *error)
{
	struct error inner = ERROR_INIT;
	enum group_gate gate = group_gate_judge(group, credential->user->pw_name,
		credential->user->pw_gid, &credential->groups, NULL, &inner);

	*is_member = gate == GROUP_GATE_INSIDE;
	if (*is_member || gate == GROUP_GATE_OUTSIDE)
		return 0;
	return error_set(error, TOTPGROUP_EGROUP, "fail_group=: %.200s", inner.message);
}

/* Finds where the user's file is. options must outlive the credential. The rules are fixed: whatever
 * the configuration allows for other files, these are root's, and no one else reads them. */
static int find(struct user_credential *credential, struct options *options, const char *user,
	struct error *error)
{
	int status;

	*options = (struct options)OPTIONS_INIT;
	options->secret = LOCAL_CODES_PATH;
	options->user = "root";
	status = user_credential_find(credential, options, user, error);
	if (status == 0 && credential->user == NULL)
		status = error_set(error, TOTPGROUP_ENOTFOUND,
			"the user database does not know this user");
	return status == 0 ? user_credential_locate(credential, error) : status;
}

static int check_member(
	struct user_credential *credential, const char *group, struct error *error)
{
	bool is_member = false;
	int status = find_membership(credential, group, &is_member, error);

	if (status == 0 && !is_member)
		status = error_set(
			error, TOTPGROUP_ENOTFOUND, "fail_group= does not have the user");
	return status;
}

static bool judge(const char *user, const char *group, struct attempt *attempt,
	struct decision *decision, struct error *error)
{
	struct options options;
	struct user_credential credential = {.user = NULL};
	bool is_judged = find(&credential, &options, user, error) == 0 &&
			 check_member(&credential, group, error) == 0 &&
			 user_credential_verify(&credential, attempt, decision, NULL, error) !=
				 TOTPGROUP_ENOTFOUND;

	user_credential_free(&credential);
	return is_judged;
}

/* The section, where it says fail=local. */
static int read_config(const struct configuration *configuration, struct store_config *config,
	struct error *error)
{
	if (!store_config_is_on(configuration))
		return error_set(error, TOTPGROUP_ECONFIG, "store=pgsql is not set");
	if (store_config_read(configuration, config, error) != 0)
		return error->code;
	return config->fail == STORE_FAIL_LOCAL
		       ? 0
		       : error_set(error, TOTPGROUP_ECONFIG, "fail=local is not set");
}

bool local_codes_are_on(const struct configuration *configuration)
{
	struct store_config config;
	struct error ignored = ERROR_INIT;

	return read_config(configuration, &config, &ignored) == 0;
}

bool local_codes_judge(const struct configuration *configuration, const char *user,
	const struct attempt *attempt, struct decision *decision, struct error *error)
{
	struct decision judged = DECISION_INIT;
	struct attempt local = *attempt;
	struct store_config config;

	if (read_config(configuration, &config, error) != 0)
		return false;
	if (!has_form(attempt)) {
		error_set(error, TOTPGROUP_EARGUMENT, "no code of a host has this form");
		return false;
	}
	local.hashed_codes_alone = true;
	local.grace_period = 0;
	if (!judge(user, config.fail_group, &local, &judged, error))
		return false;
	*decision = judged;
	return true;
}

static int summarize(const struct user_credential *credential,
	const struct store_record *record, struct local_codes *codes, struct error *error)
{
	struct credential_summary summary;
	totpgroup_credential *parsed = NULL;
	int status = user_credential_parse(credential, record, &parsed, error);

	if (status == 0)
		status = credential_summarize(parsed, (int64_t)time(NULL), &summary, error);
	if (status == 0) {
		codes->count = summary.hashed_codes;
		codes->has_more =
			summary.kind != SUMMARY_EMERGENCY_ONLY || summary.plain_codes > 0;
	}
	totpgroup_credential_free(parsed);
	return status;
}

static int look(const struct user_credential *credential, struct local_codes *codes,
	struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = user_credential_look(credential, &record, error);

	if (status == 0)
		status = summarize(credential, &record, codes, error);
	store_record_free(&record);
	return status;
}

int local_codes_look(const struct configuration *configuration, const char *user,
	struct local_codes *codes, struct error *error)
{
	struct user_credential credential = {.user = NULL};
	struct options options;
	struct store_config config;
	int status = read_config(configuration, &config, error);

	*codes = (struct local_codes){.count = 0};
	if (status == 0)
		status = find(&credential, &options, user, error);
	if (status == 0)
		status = find_membership(
			&credential, config.fail_group, &codes->is_member, error);
	if (status == 0)
		status = look(&credential, codes, error);
	user_credential_free(&credential);
	return status;
}
