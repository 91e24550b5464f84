/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a good secret file lacks: emergency codes, and a limit to attempts. Nothing of what it
 * holds is reported. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/secret_file.h"
#include "cli/ui/words.h"
#include "config/configuration.h"
#include "core/emergency.h"
#include "core/judge.h"
#include "host/user_credential.h"

#define CODES_CHECK "emergency-codes"
#define LIMIT_CHECK "rate-limit"

#define LIMIT_LINE "\" RATE_LIMIT 3 30"

static void check_codes(struct doctor *doctor, const struct user_credential *credential,
	const totpgroup_credential *parsed)
{
	const char *file = credential->place->file;
	struct finding *finding;
	char *name = shell_word(credential->name), *path = shell_word(file);

	if (emergency_codes_left(parsed) == 0 &&
		doctor->configuration->enroll.emergency_codes > 0) {
		finding = report_add(doctor, FINDING_WARNING, CODES_CHECK,
			"%s has no emergency codes left", credential->name);
		finding_why(finding, "Without the phone, %s can log in with them only.",
			credential->name);
		if (name != NULL && path != NULL && doctor_program_knows_path(doctor))
			finding_run(finding, "totp-enroll codes %s", name);
		else if (name != NULL && path != NULL)
			finding_run(finding, "totp-enroll codes -s %s %s", path, name);
	}
	free(name);
	free(path);
}

/* Whether the module takes the text with the line below the secret. */
static bool takes_limit(const totpgroup_credential *parsed)
{
	const char *text = parsed->text.data, *end = strchr(text, '\n');
	size_t first = end != NULL ? (size_t)(end - text) + 1 : 0;
	struct text changed = TEXT_INIT;
	struct error error = ERROR_INIT;
	bool takes;

	text_append(&changed, text, first);
	text_append_string(&changed, LIMIT_LINE "\n");
	text_append(&changed, text + first, parsed->text.length - first);
	takes = first > 0 && changed.status == 0 &&
		credential_judge_text(changed.data, changed.length, &error) == 0;
	text_free(&changed);
	return takes;
}

static void check_limit(struct doctor *doctor, const struct user_credential *credential,
	const totpgroup_credential *parsed)
{
	const struct config_rate *rate = &doctor->configuration->enroll.rate_limit;
	struct credential_option option;
	struct finding *finding;

	if (credential_find(parsed, "RATE_LIMIT", &option) ||
		(rate->given && rate->attempts == 0))
		return;
	finding = report_add(doctor, FINDING_WARNING, LIMIT_CHECK,
		"nothing limits the attempts of %s: no RATE_LIMIT in %s", credential->name,
		credential->place->file);
	finding_why(finding, "Codes can be guessed as fast as logins can be made.");
	if (takes_limit(parsed))
		finding_mend(finding, MEND_ADD, credential->place->file, 1, LIMIT_LINE);
}

void doctor_check_content(struct doctor *doctor)
{
	static const struct user_credential_source source = {.without_state = false};
	struct user_credential credential = {.user = NULL};
	struct store_record record = STORE_RECORD_INIT;
	struct user_entry *entry = NULL;
	totpgroup_credential *parsed = NULL;
	struct error error = ERROR_INIT;

	/* What is wrong with the file or the state is reported already. */
	if (user_entry_copy(&entry, doctor->user, &error) == 0 &&
		user_credential_find_for(
			&credential, doctor->module, &entry, &source, &error) == 0 &&
		user_credential_look(&credential, &record, &error) == 0 &&
		user_credential_parse(&credential, &record, &parsed, &error) == 0) {
		check_codes(doctor, &credential, parsed);
		check_limit(doctor, &credential, parsed);
	}
	totpgroup_credential_free(parsed);
	store_record_free(&record);
	user_credential_free(&credential);
}
