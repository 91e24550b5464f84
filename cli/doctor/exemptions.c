/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The options that exempt logins from a code: services=, skip_net= and skip_after=, and
 * the time to enroll of nullok_until= and nullok_for=. */

#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/date.h"
#include "cli/doctor/doctor.h"
#include "config/options.h"
#include "gate/comma_list.h"
#include "gate/network_list.h"
#include "gate/service_list.h"
#include "gate/ssh_methods.h"
#include "message/translate.h"
#include "store/secret_path.h"

#define SERVICES_CHECK "services"
#define NETWORKS_CHECK "networks"
#define METHODS_CHECK  "methods"
#define ROLL_OUT_CHECK "roll-out"
#define SEEN_CHECK     "first-seen"

#define SEEN_WHY                                                                               \
	N_("Users who can change the dates there can give themselves more time to enroll.")

static void report_malformed(
	struct doctor *doctor, const char *check, const char *option, const struct error *error)
{
	const struct option_origin origin = doctor_option_origin(doctor, option);
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, check, "%s, line %u: %s",
		origin.file, origin.line, error->message);

	finding_why(finding,
		"The module refuses every login. Without the option, fewer logins are exempt "
		"from a code.");
	doctor_mend_option(doctor, finding, option, NULL);
}

/* Sets the option to the text, and frees the text. */
static void mend_with_text(
	struct doctor *doctor, struct finding *finding, const char *option, struct text *text)
{
	if (text->status == 0)
		doctor_mend_option(doctor, finding, option, text->data);
	else
		doctor->report.out_of_memory = true;
	text_free(text);
}

static void report_other_services(struct doctor *doctor)
{
	const struct option_origin origin = doctor_option_origin(doctor, "services");
	const char *services = doctor->module->services;
	struct finding *finding = report_add(doctor, FINDING_WARNING, SERVICES_CHECK,
		"%s, line %u: services=%s does not name %s, so the module asks nobody for a "
		"code",
		origin.file, origin.line, services, doctor->service);
	struct text more = TEXT_INIT;

	finding_why(finding,
		"The module is in the stack of %s, but does nothing at any login there.",
		doctor->service);
	text_append_format(&more, "%s,%s", services, doctor->service);
	mend_with_text(doctor, finding, "services", &more);
}

/* The list as it was meant to be; the caller frees it. NULL: nobody can tell. */
static char *correct_services(const char *services)
{
	struct error error = ERROR_INIT;
	char *list = strdup(services);
	size_t length = 0;

	for (const char *at = services; list != NULL && *at != '\0'; at++)
		if (strchr(" \t\"'", *at) == NULL &&
			!(*at == ',' && (length == 0 || list[length - 1] == ',')))
			list[length++] = (char)tolower((unsigned char)*at);
	if (list != NULL && length > 0 && list[length - 1] == ',')
		length--;
	if (list != NULL)
		list[length] = '\0';
	if (list != NULL && length > 0 && service_list_check("services", list, &error) == 0)
		return list;
	free(list);
	return NULL;
}

/* Without the option the module would ask in every service: it is corrected or left alone. */
static void report_malformed_services(struct doctor *doctor, const struct error *error)
{
	const struct option_origin origin = doctor_option_origin(doctor, "services");
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, SERVICES_CHECK,
		"%s, line %u: %s", origin.file, origin.line, error->message);
	char *corrected = correct_services(doctor->module->services);

	finding_why(finding, "The module refuses every login.");
	if (corrected != NULL)
		doctor_mend_option(doctor, finding, "services", corrected);
	free(corrected);
}

bool doctor_asks_in_service(const struct doctor *doctor)
{
	return doctor->module->services == NULL ||
	       service_list_has(doctor->module->services, doctor->service);
}

static void check_services(struct doctor *doctor)
{
	const char *services = doctor->module->services;
	struct error error = ERROR_INIT;

	if (service_list_check("services", services, &error) != 0)
		report_malformed_services(doctor, &error);
	else if (!doctor_asks_in_service(doctor) && doctor_asks_never(doctor->service))
		report_add(doctor, FINDING_OK, SERVICES_CHECK,
			"services=%s does not name %s, which asks nobody", services,
			doctor->service);
	else if (!doctor_asks_in_service(doctor))
		report_other_services(doctor);
	else
		report_add(doctor, FINDING_OK, SERVICES_CHECK, "services=%s names %s", services,
			doctor->service);
}

static bool is_everything(const struct network *network)
{
	return !network->local && network->prefix == 0;
}

static const struct network *find_everything(const struct network_list *networks)
{
	for (size_t i = 0; i < networks->count; i++)
		if (is_everything(&networks->networks[i]))
			return &networks->networks[i];
	return NULL;
}

/* Proposes the list without such entries; the others stay as they are written. */
static void report_everything(struct doctor *doctor, const struct network_list *networks,
	const struct network *network)
{
	const struct option_origin origin = doctor_option_origin(doctor, "skip_net");
	struct comma_list entries = {.rest = doctor->module->skip_net};
	struct text left = TEXT_INIT;
	char name[NETWORK_TEXT_SIZE];
	struct finding *finding;
	const char *entry;
	size_t length;

	network_format(network, name);
	finding = report_add(doctor, FINDING_PROBLEM, NETWORKS_CHECK,
		"%s, line %u: skip_net asks nobody who comes by %s: %s holds every address",
		origin.file, origin.line, network->address.family == AF_INET ? "IPv4" : "IPv6",
		name);
	finding_why(
		finding, "The networks of skip_net are those from which logins need no code.");
	while (comma_list_next(&entries, &entry, &length))
		if (!is_everything(&networks->networks[entries.number - 1]))
			text_append_format(&left, "%s%.*s", left.length > 0 ? "," : "",
				(int)length, entry);
	mend_with_text(doctor, finding, "skip_net", &left);
}

static void check_networks(struct doctor *doctor)
{
	struct network_list networks = NETWORK_LIST_INIT;
	const struct network *everything;
	struct error error = ERROR_INIT;

	if (network_list_parse(&networks, doctor->module->skip_net, &error) != 0) {
		report_malformed(doctor, NETWORKS_CHECK, "skip_net", &error);
		return;
	}
	everything = find_everything(&networks);
	if (everything != NULL)
		report_everything(doctor, &networks, everything);
	else
		report_add(doctor, FINDING_OK, NETWORKS_CHECK,
			"logins from %s need no code: skip_net", doctor->module->skip_net);
	network_list_free(&networks);
}

static void check_methods(struct doctor *doctor)
{
	struct error error = ERROR_INIT;
	unsigned int methods = 0;

	if (ssh_methods_parse(doctor->module->skip_after, &methods, &error) != 0)
		report_malformed(doctor, METHODS_CHECK, "skip_after", &error);
	else
		report_add(doctor, FINDING_OK, METHODS_CHECK,
			"logins by %s need no code: skip_after", doctor->module->skip_after);
}

static void check_date(struct doctor *doctor)
{
	const struct option_origin origin = doctor_option_origin(doctor, "nullok_until");
	int64_t left = doctor->module->nullok_until - (int64_t)time(NULL);
	const char *date = origin.text != NULL ? origin.text : "";
	struct finding *finding;

	if (left > 0) {
		report_add(doctor, FINDING_OK, ROLL_OUT_CHECK,
			"users without a secret have %lld more days, nullok_until=%s",
			(long long)date_days_begun(left), date);
		return;
	}
	finding = report_add(doctor, FINDING_WARNING, ROLL_OUT_CHECK,
		"%s, line %u: nullok_until=%s is over", origin.file, origin.line, date);
	finding_why(finding,
		"Users without a secret are %s now, as they are without the option.",
		doctor->module->enroll ? translate("not let in without one")
				       : translate("refused"));
	doctor_mend_option(doctor, finding, "nullok_until", NULL);
}

/* In a home folder, users could change the date themselves. */
static void report_home(struct doctor *doctor, const char *specification)
{
	const struct option_origin origin = doctor_option_origin(doctor, "first_seen");
	struct finding *finding = report_add(doctor, FINDING_PROBLEM, SEEN_CHECK,
		"%s, line %u: first_seen=%s is in home folders", origin.file, origin.line,
		specification);

	finding_why(finding, "%s", translate(SEEN_WHY));
	doctor_mend_option(doctor, finding, "first_seen", NULL);
}

static void check_first_seen(struct doctor *doctor)
{
	const char *given = doctor->module->first_seen;
	const char *specification = given != NULL ? given : OPTIONS_FIRST_SEEN;
	struct doctor_file file = {
		.check = SEEN_CHECK, .level = FINDING_PROBLEM, .why = SEEN_WHY, .owner = 0};
	struct error error = ERROR_INIT;
	char *path = NULL;

	if (strchr(specification, '~') != NULL || strstr(specification, "${HOME}") != NULL) {
		report_home(doctor, specification);
		return;
	}
	if (secret_path_expand(specification, doctor->user->pw_name, NULL, &path, &error) !=
		0) {
		report_add(
			doctor, FINDING_UNKNOWN, SEEN_CHECK, "first_seen: %s", error.message);
		return;
	}
	file.path = path;
	if (doctor_folders_are_safe(doctor, &file))
		report_add(doctor, FINDING_OK, SEEN_CHECK,
			"only root can change when users were first seen: %s", specification);
	free(path);
}

void doctor_check_exemptions(struct doctor *doctor)
{
	if (doctor->line == NULL)
		return;
	if (doctor->module->services != NULL)
		check_services(doctor);
	if (doctor->module->skip_net != NULL)
		check_networks(doctor);
	if (doctor->module->skip_after != NULL)
		check_methods(doctor);
	if (doctor->module->nullok_until > 0)
		check_date(doctor);
	if (doctor->module->nullok_for > 0)
		check_first_seen(doctor);
}
