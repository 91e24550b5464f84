/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* totp-verifyd: checks one-time codes for programs that may not read secrets. */
#include "config.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/server.h"
#include "gate/group_gate.h"
#include "host/shared_store.h"
#include "message/translate.h"
#include "totpgroup.h"

/* The exit statuses of totp-enroll, as far as they apply. */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_USAGE = 2,
	STATUS_SYSTEM_ERROR = 6,
};

struct settings {
	const char *conf;
	const char *socket;
	int check;
	int help;
	int version;
};

/* Prints the usage in the language of the environment. */
static void print_usage(FILE *stream)
{
	fprintf(stream,
		translate(
			"Usage: totp-verifyd [--conf=FILE] [--socket=PATH]\n"
			"       totp-verifyd --check [--conf=FILE]\n"
			"\n"
			"Answers varlink calls on %s, or on the socket that the\n"
			"service manager passes (LISTEN_FDS); see totp-verifyd(8).\n"
			"\n"
			"  --conf=FILE    read only this configuration file and its drop-ins\n"
			"  --socket=PATH  listen there instead\n"
			"  --check        check the configuration, report what is wrong, and "
			"end\n"
			"  --help, --version\n"),
		LISTENER_PATH);
}

static bool read_options(struct settings *settings, int argc, char **argv)
{
	const struct option options[] = {
		{"conf", required_argument, NULL, 'c'},
		{"socket", required_argument, NULL, 's'},
		{"check", no_argument, &settings->check, 1},
		{"help", no_argument, &settings->help, 1},
		{"version", no_argument, &settings->version, 1},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (option == 'c')
			settings->conf = optarg;
		else if (option == 's')
			settings->socket = optarg;
		else if (option != 0)
			return false;
	return optind == argc;
}

static enum exit_status report_failure(const struct error *error)
{
	fprintf(stderr, "totp-verifyd: %s\n", error->message);
	return error->code == TOTPGROUP_EARGUMENT ? STATUS_USAGE : STATUS_SYSTEM_ERROR;
}

static void print_warning(const char *message)
{
	fprintf(stderr, translate("totp-verifyd: warning: %s\n"), message);
}

/* A group that a grant names and that does not exist makes each call of its peers fail. */
static enum exit_status check_groups(const struct policy *policy)
{
	enum exit_status status = STATUS_DONE;

	for (size_t i = 0; i < policy->verify.count; i++) {
		const struct verify_grant *grant = &policy->verify.grants[i];
		struct error error = ERROR_INIT;

		if (group_gate_judge(grant->groups, "root", 0, NULL, NULL, &error) !=
			GROUP_GATE_ERROR)
			continue;
		fprintf(stderr, "totp-verifyd: [verify %s]: %s\n", grant->name, error.message);
		status = STATUS_SYSTEM_ERROR;
	}
	return status;
}

static enum exit_status check_configuration(const struct settings *settings)
{
	struct error error = ERROR_INIT;
	struct policy *policy;
	enum exit_status status;

	if (policy_load(&policy, settings->conf, 1, print_warning, &error) != 0)
		return report_failure(&error);
	status = check_groups(policy);
	policy_release(policy);
	return status;
}

/* A failure to start goes to standard error and to the log. */
static enum exit_status serve(const struct settings *settings)
{
	struct server_settings server = {.conf = settings->conf, .listener = -1};
	struct error error = ERROR_INIT;
	bool unfinished = false;
	int status = process_prepare(&error);

	if (status == 0)
		status = listener_inherit(&server.listener, &error);
	server.activated = server.listener >= 0;
	if (status == 0 && !server.activated)
		status = listener_open(settings->socket, &server.listener, &error);
	if (status == 0)
		status = server_run(&server, &unfinished, &error);
	if (server.listener >= 0 && !server.activated)
		(void)unlink(settings->socket);
	if (server.listener >= 0)
		close(server.listener);
	if (unfinished)
		_exit(STATUS_DONE);
	if (status == 0)
		return STATUS_DONE;
	verify_log_error("cannot start", &error);
	return report_failure(&error);
}

int main(int argc, char **argv)
{
	struct settings settings = {.socket = LISTENER_PATH};

	shared_store_clear_environment();
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, "");
	if (!read_options(&settings, argc, argv)) {
		print_usage(stderr);
		return STATUS_USAGE;
	}
	if (settings.help != 0)
		print_usage(stdout);
	else if (settings.version != 0)
		puts("totp-verifyd " PACKAGE_VERSION);
	if (settings.help != 0 || settings.version != 0)
		return fflush(stdout) == 0 ? STATUS_DONE : STATUS_SYSTEM_ERROR;
	if (settings.check != 0)
		return (int)check_configuration(&settings);
	/* The log is in English. */
	setlocale(LC_ALL, "C");
	openlog("totp-verifyd", LOG_PID, LOG_AUTHPRIV);
	return (int)serve(&settings);
}
