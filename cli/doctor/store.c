/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* With store=pgsql: whether the store that hosts share can be used, and is as it should be. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "cli/doctor/doctor.h"
#include "config/configuration.h"
#include "config/store_config.h"
#include "host/shared_store.h"
#include "message/translate.h"

#define CHECK "store"

/* Why it matters what the store says about itself. */
static const struct {
	const char *about;
	const char *why;
} reasons[] = {
	{"server", N_("Nobody gets in with a code while the store cannot be used.")},
	{"standby", N_("After a fail-over a code that was used may be good once more.")},
	{"clock", N_("The store's clock decides about codes, and this host's about everything "
		     "else: "
		     "times in logs do not fit together.")},
	{"rights", N_("A person who breaks into this host has the rights of its role.")},
	{"keys",
		N_("Users whose secrets are sealed with a key that is not there are refused.")},
	{"tls", N_("An attacker on the way to the server could answer in its place.")},
	{"address", N_("A name server that does not answer can keep everybody out.")},
	{"connections", N_("While no standby confirms, each try keeps a connection of the "
			   "server, until there is none left.")},
};

static const char *reason_of(const char *about)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (strcmp(reasons[i].about, about) == 0)
			return reasons[i].why;
	return reasons[0].why;
}

static enum finding_level level_of(enum store_level level)
{
	switch (level) {
	case STORE_FINE:
		return FINDING_OK;
	case STORE_WARNING:
		return FINDING_WARNING;
	case STORE_PROBLEM:
		return FINDING_PROBLEM;
	case STORE_UNKNOWN:
		break;
	}
	return FINDING_UNKNOWN;
}

/* For store_check(). */
static void report(void *argument, const struct store_finding *found)
{
	struct doctor *doctor = argument;
	struct finding *finding =
		report_add(doctor, level_of(found->level), CHECK, "%s", found->what);

	if (found->level != STORE_FINE)
		finding_why(finding, "%s", translate(reason_of(found->about)));
}

/* The module's line leaves the decision to totp-verifyd, which reads the files alone. */
static bool agree(struct doctor *doctor)
{
	struct finding *finding;

	if (store_config_is_on(doctor->configuration))
		return true;
	finding = report_add(doctor, FINDING_PROBLEM, CHECK,
		"the module's line says store=pgsql, and totpgroup.conf does not");
	finding_why(finding,
		"totp-verifyd decides by totpgroup.conf, and so by other secrets than those of "
		"the store.");
	return false;
}

/* sshd must not end a login that waits for the store. */
static void check_grace_time(struct doctor *doctor)
{
	char *text = sshd_settings_get(&doctor->sshd, "logingracetime");
	struct store_config config;
	struct error ignored = ERROR_INIT;
	struct finding *finding;
	int64_t seconds;

	if (text != NULL && number_parse(text, strlen(text), 1, INT32_MAX, &seconds) &&
		store_config_read(doctor->configuration, &config, &ignored) == 0 &&
		seconds <= config.deadline) {
		finding = report_add(doctor, FINDING_WARNING, CHECK,
			"LoginGraceTime of sshd is %s s, and deadline= of the store %d s", text,
			config.deadline);
		finding_why(finding,
			"sshd ends a login before the store has answered, and the code may be "
			"spent.");
	}
	free(text);
}

void doctor_check_store(struct doctor *doctor)
{
	struct shared_store *shared = NULL;
	struct error error = ERROR_INIT;
	struct finding *finding;

	if (doctor->line == NULL || !options_is_shared(doctor->module) || !agree(doctor))
		return;
	check_grace_time(doctor);
	if (getuid() != 0) {
		report_add(doctor, FINDING_UNKNOWN, CHECK,
			"only root can look at the store that hosts share");
		return;
	}
	if (shared_store_open(&shared, doctor->configuration, &error) == 0) {
		store_check(shared_store_of(shared), NULL, report, doctor);
		doctor_check_local_codes(doctor);
	} else {
		finding = report_add(doctor, FINDING_PROBLEM, CHECK, "%s", error.message);
		finding_why(finding, "%s", translate(reasons[0].why));
	}
	shared_store_close(shared);
}
