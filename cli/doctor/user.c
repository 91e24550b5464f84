/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The user's secret: whether the module would accept it. */

#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/doctor/secret_file.h"
#include "cli/ui/words.h"
#include "config/options.h"
#include "core/judge.h"
#include "host/user_credential.h"
#include "message/translate.h"
#include "totpgroup.h"

#define CHECK	     "secret"
#define FOLDER_CHECK "secret-folder"

/* One user's credential, as the module looks for it. */
struct secret {
	const char *user;
	const char *path;
	struct user_credential credential;
};

static void report_no_owner(struct doctor *doctor)
{
	const struct option_origin origin = doctor_option_origin(doctor, "user");
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"there is no user %s, whom %s, line %u names", doctor->module->user,
		origin.file, origin.line);

	finding_why(finding, "The module refuses every login while there is no such user.");
	finding_run_on(finding, "useradd --system", doctor->module->user);
}

static bool find_secret(struct doctor *doctor, struct secret *secret)
{
	const struct user_credential_source source = {.without_state = true};
	struct user_entry *entry = NULL;
	struct error error = ERROR_INIT;
	int status = user_entry_copy(&entry, doctor->user, &error);

	secret->user = doctor->user->pw_name;
	if (status == 0)
		status = user_credential_find_for(
			&secret->credential, doctor->module, &entry, &source, &error);
	if (status == 0) {
		secret->path = secret->credential.place->file;
		return true;
	}
	if (status == TOTPGROUP_ECONFIG)
		report_no_owner(doctor);
	else if (status == TOTPGROUP_EARGUMENT)
		report_add(doctor, doctor->options.user != NULL ? FINDING_PROBLEM : FINDING_OK,
			CHECK, "%s can have no secret: %s", secret->user, error.message);
	else
		report_add(doctor, FINDING_UNKNOWN, CHECK, "%s", error.message);
	return false;
}

/* How a login without a secret ends, and how grave that is. */
static const char *explain_no_secret(const struct doctor *doctor, enum finding_level *level)
{
	const struct options *options = doctor->module;

	*level = FINDING_WARNING;
	if (options->nullok)
		return translate("is let in without a code, because of nullok.");
	if (options->nullok_until > (int64_t)time(NULL) || options->nullok_for > 0)
		return translate("is let in without a code until the time to enroll is over; "
				 "totp-enroll explain tells when.");
	if (options->enroll)
		return translate("is offered a secret at the next login.");
	*level = FINDING_PROBLEM;
	return translate("is asked for a code and always refused.");
}

static void mend_not_enrolled(
	struct doctor *doctor, struct finding *finding, const struct secret *secret)
{
	char *name = shell_word(secret->user);
	char *path = shell_word(secret->path);

	if (name == NULL || path == NULL)
		doctor->report.out_of_memory = true;
	else if (doctor->module->secret != NULL && !doctor_program_knows_path(doctor))
		finding_run(finding, "totp-enroll -s %s -l %s", path, name);
	else
		finding_run(finding, "totp-enroll enroll %s", name);
	free(name);
	free(path);
}

static void report_not_enrolled(struct doctor *doctor, const struct secret *secret)
{
	enum finding_level level;
	const char *why = explain_no_secret(doctor, &level);
	struct finding *finding;

	/* The caller was not named, is often root, and may need no secret. */
	if (doctor->options.user == NULL)
		level = FINDING_OK;
	finding = report_add(doctor, level, CHECK, "%s is not enrolled: there is no %s",
		secret->user, secret->path);
	if (level == FINDING_OK)
		return;
	finding_why(finding, "%s %s", secret->user, why);
	mend_not_enrolled(doctor, finding, secret);
}

static void report_bad(struct doctor *doctor, const struct secret *secret, int status,
	const struct error *error)
{
	bool known = status == TOTPGROUP_EUNSAFE || status == TOTPGROUP_EFORMAT ||
		     (secret->credential.is_own_file && error->system_error == EACCES);
	struct finding *finding = report_add(
		doctor, known ? FINDING_PROBLEM : FINDING_UNKNOWN, CHECK, "%s", error->message);

	if (!known)
		return;
	finding_why(finding, "The module refuses %s because of that.", secret->user);
	if (status == TOTPGROUP_EFORMAT)
		finding_run(finding, "totp-enroll enroll %s", secret->user);
	else
		doctor_mend_secret_file(doctor, finding, &secret->credential);
}

/* Reads the file as the module does, and checks whether a login would take it. */
static int check_file(const struct secret *secret, struct error *error)
{
	struct store_record record = STORE_RECORD_INIT;
	int status = user_credential_look(&secret->credential, &record, error);

	if (status == 0) {
		struct error why = ERROR_INIT;

		status = credential_judge_text(record.secret.data, record.secret.length, &why);
		if (status != 0)
			error_set(error, status, "%s: %s", secret->path, why.message);
	}
	store_record_free(&record);
	return status;
}

static void check_folders(struct doctor *doctor, const struct secret *secret)
{
	const struct doctor_file file = {
		.check = FOLDER_CHECK,
		.path = secret->path,
		.level = secret->credential.is_own_file ? FINDING_WARNING : FINDING_PROBLEM,
		.why = N_("Users who can write there can replace this secret with their own."),
		.owner = secret->credential.owner->pw_uid,
	};

	if (doctor_folders_are_safe(doctor, &file))
		report_add(doctor, FINDING_OK, FOLDER_CHECK,
			"nobody else can replace the secret of %s", secret->user);
}

static void check_secret(struct doctor *doctor, struct secret *secret)
{
	struct error error = ERROR_INIT;
	int status = check_file(secret, &error);

	if (status != 0 && doctor_lacks_owner(doctor))
		return;
	check_folders(doctor, secret);
	if (status == TOTPGROUP_ENOTFOUND) {
		report_not_enrolled(doctor, secret);
		return;
	}
	if (status != 0) {
		report_bad(doctor, secret, status, &error);
		return;
	}
	report_add(doctor, FINDING_OK, CHECK, "the secret of %s is as the module wants it: %s",
		secret->user, secret->path);
	doctor_check_writable(doctor, &secret->credential);
	doctor_check_content(doctor);
}

void doctor_check_user(struct doctor *doctor)
{
	struct secret secret = {.path = NULL};

	/* The daemon does not show its secrets. */
	if (doctor->line == NULL || options_socket(doctor->module) != NULL)
		return;
	if (doctor->misread) {
		if (doctor->options.user != NULL)
			report_add(doctor, FINDING_UNKNOWN, CHECK,
				"the secret of %s: the options that say where it is are not "
				"understood",
				doctor->user->pw_name);
		return;
	}
	if (doctor->user_outside) {
		report_add(doctor, FINDING_OK, CHECK, "%s is not asked for a code: group=%s",
			doctor->user->pw_name, doctor->module->group);
		return;
	}
	if (find_secret(doctor, &secret))
		check_secret(doctor, &secret);
	user_credential_free(&secret.credential);
}
