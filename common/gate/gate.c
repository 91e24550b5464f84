/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gate/gate.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"
#include "gate/group_gate.h"
#include "gate/group_list.h"
#include "gate/network_list.h"
#include "gate/address.h"
#include "gate/service_list.h"
#include "gate/ssh_methods.h"
#include "totpgroup.h"

#define LINE_SIZE 768
/* A value is cut, so that the line has room for the fact after it. */
#define SHOWN "%.160s"

struct judgement {
	const struct gate_rules *rules;
	const struct gate_facts *facts;
	const struct gate_note *note;
	struct network_list networks;
	unsigned int methods;
	struct error *error;
};

__attribute__((format(printf, 3, 4))) static void tell_step(
	const struct judgement *judgement, const char *step, const char *format, ...)
{
	const struct gate_note *note = judgement->note;
	char line[LINE_SIZE] = "";
	va_list arguments;

	if (note == NULL)
		return;
	va_start(arguments, format);
	if (vsnprintf(line, sizeof line, format, arguments) < 0)
		line[0] = '\0';
	va_end(arguments);
	ascii_hide_controls(line);
	note->tell(note->context, step, line);
}

/* An unknown name may be a password that was typed as the name. */
static const char *user_name(const struct judgement *judgement)
{
	return judgement->facts->user_known ? judgement->facts->user : "the user";
}

/* The answer when a rule about the user says to skip. */
static const char *describe_skip(const struct judgement *judgement)
{
	return judgement->facts->user_known
		       ? "not asked"
		       : "asked all the same, as the system does not know the user";
}

static enum gate judge_services(struct judgement *judgement)
{
	const char *list = judgement->rules->services;
	const char *service = judgement->facts->service;
	bool has;

	if (list == NULL)
		return GATE_ASK;
	if (service == NULL || *service == '\0') {
		error_set(judgement->error, TOTPGROUP_EARGUMENT,
			"services= cannot be judged: the application names no PAM service");
		return GATE_ERROR;
	}
	has = service_list_has(list, service);
	tell_step(judgement, "services", "services=" SHOWN " %s " SHOWN ": %s", list,
		has ? "has" : "has no", service, has ? "goes on" : "not asked");
	return has ? GATE_ASK : GATE_SKIP;
}

static const char *membership_name(enum group_membership membership)
{
	switch (membership) {
	case GROUP_MEMBERSHIP_PRIMARY:
		return "primary";
	case GROUP_MEMBERSHIP_SUPPLEMENTARY:
		return "supplementary";
	case GROUP_MEMBERSHIP_LISTED:
		return "by the group's own list of members alone";
	default:
		return "no member";
	}
}

static void tell_group(
	const struct judgement *judgement, const struct group_decision *decision, bool inside)
{
	const char *list = judgement->rules->group;
	const char *end = inside ? "asked" : describe_skip(judgement);

	if (decision->warning != NULL)
		tell_step(judgement, "group", "warning: %s", decision->warning);
	if (decision->name[0] != '\0')
		tell_step(judgement, "group",
			"group=" SHOWN ": %.64s is in %s (gid %lu, %s)%s: %s", list,
			user_name(judgement), decision->name, (unsigned long)decision->gid,
			membership_name(decision->membership),
			decision->exempt ? ", which is exempt" : "", end);
	else
		tell_step(judgement, "group", "group=" SHOWN ": %.64s is in %s: %s", list,
			user_name(judgement), inside ? "no exempt group" : "none of it", end);
}

/* Unknown users are looked up too, so that a broken list refuses everybody alike. */
static enum gate judge_group(struct judgement *judgement)
{
	const struct gate_facts *facts = judgement->facts;
	/* What nobody is told is not looked up. */
	bool is_told = judgement->note != NULL;
	struct group_decision decision;
	enum group_gate gate;

	if (judgement->rules->group == NULL)
		return GATE_ASK;
	if (facts->user == NULL) {
		error_set(judgement->error, TOTPGROUP_EARGUMENT,
			"group= cannot be judged: the application names no user");
		return GATE_ERROR;
	}
	gate = group_gate_judge(judgement->rules->group, facts->user,
		facts->user_known ? facts->primary_gid : (gid_t)-1, facts->groups,
		is_told ? &decision : NULL, judgement->error);
	if (gate != GROUP_GATE_INSIDE && gate != GROUP_GATE_OUTSIDE)
		return GATE_ERROR;
	if (is_told)
		tell_group(judgement, &decision, gate == GROUP_GATE_INSIDE);
	return gate == GROUP_GATE_INSIDE ? GATE_ASK : GATE_SKIP;
}

static enum gate judge_network(struct judgement *judgement)
{
	const char *list = judgement->rules->skip_net;
	const struct network *network;
	struct peer peer;
	char peer_text[ADDRESS_TEXT_SIZE];
	char network_text[NETWORK_TEXT_SIZE];

	if (list == NULL)
		return GATE_ASK;
	peer = peer_of(judgement->facts->ssh_connection, judgement->facts->rhost);
	peer_format(&peer, peer_text);
	network = network_list_find(&judgement->networks, &peer);
	if (network == NULL) {
		tell_step(judgement, "skip_net", "skip_net=" SHOWN ": %s is not in it: goes on",
			list, peer_text);
		return GATE_ASK;
	}
	network_format(network, network_text);
	tell_step(judgement, "skip_net", "skip_net=" SHOWN ": %s is in %s: %s", list, peer_text,
		network_text, describe_skip(judgement));
	return GATE_SKIP;
}

static enum gate judge_methods(struct judgement *judgement)
{
	const char *list = judgement->rules->skip_after;
	const char *method;

	if (list == NULL)
		return GATE_ASK;
	method = ssh_methods_find(judgement->methods, judgement->facts->ssh_auth_info);
	if (method == NULL) {
		tell_step(judgement, "skip_after",
			"skip_after=" SHOWN ": SSH_AUTH_INFO_0 has none of it: goes on", list);
		return GATE_ASK;
	}
	tell_step(judgement, "skip_after", "skip_after=" SHOWN ": %s is completed: %s", list,
		method, describe_skip(judgement));
	return GATE_SKIP;
}

static int check_group(const char *list, struct error *error)
{
	struct group_list groups = GROUP_LIST_INIT;
	int code = group_list_parse(&groups, list, error);

	group_list_free(&groups);
	return code;
}

/* All rules are parsed before any is judged, so that a malformed rule refuses even where
 * a rule before it would skip. */
static int parse_rules(struct judgement *judgement)
{
	const struct gate_rules *rules = judgement->rules;
	struct error *error = judgement->error;
	int code = 0;

	if (rules->services != NULL)
		code = service_list_check("services", rules->services, error);
	if (code == 0 && rules->grace_services != NULL)
		code = service_list_check("grace_services", rules->grace_services, error);
	if (code == 0 && rules->group != NULL)
		code = check_group(rules->group, error);
	if (code == 0 && rules->skip_net != NULL)
		code = network_list_parse(&judgement->networks, rules->skip_net, error);
	if (code == 0 && rules->skip_after != NULL)
		code = ssh_methods_parse(rules->skip_after, &judgement->methods, error);
	return code;
}

static struct gate_answer judge_rules(struct judgement *judgement)
{
	static const struct {
		enum gate (*judge)(struct judgement *judgement);
		const char *reason;
		bool about_user;
	} steps[] = {{judge_services, GATE_REASON_SERVICE, false},
		{judge_group, "not-in-group", true}, {judge_network, "network", true},
		{judge_methods, "method", true}};

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		enum gate gate = steps[i].judge(judgement);

		if (gate == GATE_SKIP && (!steps[i].about_user || judgement->facts->user_known))
			return (struct gate_answer){GATE_SKIP, steps[i].reason};
		if (gate != GATE_ASK && gate != GATE_SKIP)
			return (struct gate_answer){GATE_ERROR, NULL};
	}
	return (struct gate_answer){GATE_ASK, NULL};
}

struct gate_answer gate_judge(const struct gate_rules *rules, const struct gate_facts *facts,
	const struct gate_note *note, struct error *error)
{
	struct judgement judgement = {
		.rules = rules,
		.facts = facts,
		.note = note,
		.networks = NETWORK_LIST_INIT,
		.error = error,
	};
	struct gate_answer answer = {GATE_ERROR, NULL};

	if (parse_rules(&judgement) == 0)
		answer = judge_rules(&judgement);
	network_list_free(&judgement.networks);
	return answer;
}
