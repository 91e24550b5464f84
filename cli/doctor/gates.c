/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/doctor/gates.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "base/text.h"
#include "cli/doctor/origin.h"
#include "gate/comma_list.h"
#include "gate/network_list.h"
#include "gate/service_list.h"
#include "gate/ssh_methods.h"

#define SERVICES_CHECK "services"
#define NETWORKS_CHECK "networks"
#define METHODS_CHECK  "methods"

static void report_malformed(
	struct doctor *doctor, const char *check, const char *option, const struct error *error)
{
	const struct doctor_place place = doctor_place_of(doctor, option);
	struct finding *finding = report_add(&doctor->report, FINDING_PROBLEM, check,
		"%s, line %u: %s", place.file, place.line, error->message);

	finding_why(&doctor->report, finding,
		"The module refuses every login. Without the option it leaves nobody out for "
		"it.");
	doctor_mend_option(doctor, finding, option, NULL);
}

static void report_other_services(struct doctor *doctor)
{
	const struct doctor_place place = doctor_place_of(doctor, "services");
	struct finding *finding = report_add(&doctor->report, FINDING_WARNING, SERVICES_CHECK,
		"%s, line %u: services=%s does not name %s, so that it asks nobody for a code",
		place.file, place.line, doctor->module.services, doctor->service);
	struct text more = TEXT_INIT;

	finding_why(&doctor->report, finding,
		"The module stands in %s, and steps aside at every login of it.",
		doctor->service);
	if (text_append_format(&more, "%s,%s", doctor->module.services, doctor->service) == 0)
		doctor_mend_option(doctor, finding, "services", more.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&more);
}

static void check_services(struct doctor *doctor)
{
	struct error error = ERROR_INIT;

	if (service_list_check(doctor->module.services, &error) != 0)
		report_malformed(doctor, SERVICES_CHECK, "services", &error);
	else if (!service_list_has(doctor->module.services, doctor->service))
		report_other_services(doctor);
	else
		report_add(&doctor->report, FINDING_OK, SERVICES_CHECK, "services=%s names %s",
			doctor->module.services, doctor->service);
}

static bool is_everything(const struct network *network)
{
	return !network->local && network->prefix == 0;
}

/* The list without what holds everybody, entry by entry as it is written. */
static int leave_out_everything(
	struct text *left, const struct network_list *networks, const char *list)
{
	struct comma_list entries = {.rest = list};
	const char *entry;
	size_t length;
	int status = 0;

	while (status == 0 && comma_list_next(&entries, &entry, &length))
		if (!is_everything(&networks->networks[entries.number - 1]))
			status = text_append_format(left, "%s%.*s", left->length > 0 ? "," : "",
				(int)length, entry);
	return status;
}

static void report_everything(struct doctor *doctor, const struct network_list *networks,
	const struct network *network)
{
	const struct doctor_place place = doctor_place_of(doctor, "skip_net");
	struct text left = TEXT_INIT;
	char name[NETWORK_TEXT_SIZE];
	struct finding *finding;

	network_format(network, name);
	finding = report_add(&doctor->report, FINDING_PROBLEM, NETWORKS_CHECK,
		"%s, line %u: skip_net asks nobody who comes by %s: %s holds every address",
		place.file, place.line, network->address.family == AF_INET ? "IPv4" : "IPv6",
		name);
	finding_why(&doctor->report, finding,
		"The networks of skip_net are those whose logins need no code.");
	if (leave_out_everything(&left, networks, doctor->module.skip_net) == 0)
		doctor_mend_option(doctor, finding, "skip_net", left.data);
	else
		doctor->report.out_of_memory = true;
	text_free(&left);
}

static const struct network *find_everything(const struct network_list *networks)
{
	for (size_t i = 0; i < networks->count; i++)
		if (is_everything(&networks->networks[i]))
			return &networks->networks[i];
	return NULL;
}

static void check_networks(struct doctor *doctor)
{
	struct network_list networks = NETWORK_LIST_INIT;
	const struct network *everything;
	struct error error = ERROR_INIT;

	if (network_list_parse(&networks, doctor->module.skip_net, &error) != 0) {
		report_malformed(doctor, NETWORKS_CHECK, "skip_net", &error);
		return;
	}
	everything = find_everything(&networks);
	if (everything != NULL)
		report_everything(doctor, &networks, everything);
	else
		report_add(&doctor->report, FINDING_OK, NETWORKS_CHECK,
			"logins from %s need no code: skip_net", doctor->module.skip_net);
	network_list_free(&networks);
}

static void check_methods(struct doctor *doctor)
{
	struct error error = ERROR_INIT;
	unsigned int methods = 0;

	if (ssh_methods_parse(doctor->module.skip_after, &methods, &error) != 0)
		report_malformed(doctor, METHODS_CHECK, "skip_after", &error);
	else
		report_add(&doctor->report, FINDING_OK, METHODS_CHECK,
			"logins by %s need no code: skip_after", doctor->module.skip_after);
}

void doctor_check_gates(struct doctor *doctor)
{
	if (doctor->line == NULL)
		return;
	if (doctor->module.services != NULL)
		check_services(doctor);
	if (doctor->module.skip_net != NULL)
		check_networks(doctor);
	if (doctor->module.skip_after != NULL)
		check_methods(doctor);
}
