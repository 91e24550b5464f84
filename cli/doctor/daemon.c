/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* With store=socket and store=pgsql the module leaves the decision to totp-verifyd. */

#include "config.h"

#include <string.h>

#include "cli/doctor/doctor.h"
#include "client/verify_client.h"
#include "config/options.h"

#define CHECK	   "daemon"
#define NEED_CHECK "daemon-needed"

static void report_silence(
	struct doctor *doctor, enum verify_answer answer, const struct error *error)
{
	struct finding *finding =
		report_add(doctor, FINDING_PROBLEM, CHECK, "%s", error->message);

	finding_why(finding,
		"The module leaves the decision to totp-verifyd, and refuses every code while "
		"that does not answer.");
	finding_run(finding, answer == VERIFY_NO_SOCKET
				     ? "systemctl enable --now totp-verifyd.socket"
				     : "systemctl restart totp-verifyd.socket");
}

/* A program that can read the secrets itself should not depend on the daemon. */
static void check_need(struct doctor *doctor)
{
	const struct option_origin origin = doctor_option_origin(doctor, "store");
	struct finding *finding;

	/* Only the daemon asks a store that hosts share. */
	if (strcmp(doctor->service, "sshd") != 0 || options_is_shared(doctor->module))
		return;
	finding = report_add(doctor, FINDING_WARNING, NEED_CHECK,
		"%s, line %u: store=%s for sshd", origin.file, origin.line, origin.text);
	finding_why(finding, "sshd can read the secrets itself. It does not need the daemon, "
			     "and nobody can log in while the daemon is down.");
	doctor_mend_option(doctor, finding, "store", NULL);
}

void doctor_check_daemon(struct doctor *doctor)
{
	const struct verify_client client = {
		options_socket(doctor->module), VERIFY_CLIENT_MILLISECONDS};
	struct error error = ERROR_INIT;
	enum verify_answer answer;

	if (doctor->line == NULL || client.path == NULL)
		return;
	answer = verify_client_look(&client, &error);
	if (answer == VERIFY_ANSWERED)
		report_add(
			doctor, FINDING_OK, CHECK, "totp-verifyd answers at %s", client.path);
	else
		report_silence(doctor, answer, &error);
	check_need(doctor);
}
