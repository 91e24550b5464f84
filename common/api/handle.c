/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public functions on the users of this host, as totpgroup.h describes them. */

#include "config.h"

#include "api/handle.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/otp_key.h"
#include "gate/address.h"
#include "gate/gate.h"
#include "host/user_entry.h"

/* The sizes of their first versions. */
#define REQUEST_LEAST sizeof(struct totpgroup_request)
#define STATUS_LEAST  sizeof(struct totpgroup_status)

/* No version of a struct is longer, so a longer one is memory that was not initialized. */
#define STRUCT_SIZE_MAX 4096

/* A request that was checked, and the attempt that it describes. */
struct inquiry {
	struct totpgroup_request request;
	struct attempt attempt;
	char peer[ADDRESS_TEXT_SIZE]; /* attempt.grace points to it */
};

static bool read_size(const void *theirs, size_t least, size_t *given)
{
	memcpy(given, theirs, sizeof *given);
	return *given >= least && *given <= STRUCT_SIZE_MAX;
}

bool sized_read(void *ours, size_t size, size_t least, const void *theirs)
{
	const unsigned char *bytes = theirs;
	size_t given;

	if (!read_size(theirs, least, &given))
		return false;
	for (size_t i = size; i < given; i++)
		if (bytes[i] != 0)
			return false;
	memcpy(ours, theirs, given < size ? given : size);
	return true;
}

bool sized_write(void *theirs, const void *ours, size_t size, size_t least)
{
	size_t given;

	if (!read_size(theirs, least, &given))
		return false;
	memset(theirs, 0, given);
	memcpy(theirs, ours, given < size ? given : size);
	memcpy(theirs, &given, sizeof given);
	return true;
}

int totpgroup_open(totpgroup_handle **handle, const char *conf)
{
	*handle = calloc(1, sizeof **handle);
	if (*handle == NULL)
		return TOTPGROUP_EMEMORY;
	return user_store_open(&(*handle)->store, conf, &(*handle)->error);
}

void totpgroup_close(totpgroup_handle *handle)
{
	if (handle == NULL)
		return;
	user_store_close(handle->store);
	free(handle);
}

const char *totpgroup_message(const totpgroup_handle *handle)
{
	return handle != NULL ? handle->error.message : totpgroup_strerror(TOTPGROUP_EMEMORY);
}

int handle_begin(totpgroup_handle *handle)
{
	if (handle->store == NULL)
		return handle->error.code;
	handle->error = (struct error)ERROR_INIT;
	return 0;
}

/* The same address can be written in several ways; a grace period is for one form of it. */
static int read_peer(struct inquiry *inquiry, struct error *error)
{
	const struct totpgroup_request *request = &inquiry->request;
	struct address address;

	if (request->peer == NULL)
		return 0;
	if (!address_parse(request->peer, strlen(request->peer), &address))
		return error_set(error, TOTPGROUP_EARGUMENT,
			"the peer of the request is not a numeric address");
	address_format(&address, inquiry->peer);
	if (request->service != NULL)
		inquiry->attempt.grace =
			(struct grace_key){.service = request->service, .host = inquiry->peer};
	return 0;
}

static int read_request(totpgroup_handle *handle, const struct totpgroup_request *request,
	struct inquiry *inquiry)
{
	const struct totpgroup_request empty = TOTPGROUP_REQUEST_INIT;
	int status = handle_begin(handle);

	if (status != 0)
		return status;
	inquiry->request = empty;
	inquiry->attempt = (struct attempt)ATTEMPT_INIT;
	if (!sized_read(&inquiry->request, sizeof inquiry->request, REQUEST_LEAST, request))
		return error_set(&handle->error, TOTPGROUP_EARGUMENT,
			"the request was not initialized with TOTPGROUP_REQUEST_INIT, or needs "
			"a later version of the library");
	if (inquiry->request.user == NULL)
		return error_set(
			&handle->error, TOTPGROUP_EARGUMENT, "the request names no user");
	return read_peer(inquiry, &handle->error);
}

int totpgroup_verify(totpgroup_handle *handle, const struct totpgroup_request *request,
	struct totpgroup_result *result)
{
	struct inquiry inquiry;
	struct decision decision = DECISION_INIT;
	int status = read_request(handle, request, &inquiry);

	*result = decision.result;
	if (status == 0 && inquiry.request.code == NULL)
		status = error_set(
			&handle->error, TOTPGROUP_EARGUMENT, "the request holds no code");
	if (status != 0)
		return status;
	inquiry.attempt.typed = inquiry.request.code;
	user_store_set_origin(handle->store, inquiry.request.service,
		inquiry.request.peer != NULL ? inquiry.peer : NULL);
	status = user_store_verify(handle->store, inquiry.request.user, &inquiry.attempt,
		&decision, &handle->error);
	user_store_set_origin(handle->store, NULL, NULL);
	*result = decision.result;
	result->changed = false;
	return status;
}

int totpgroup_look(totpgroup_handle *handle, const struct totpgroup_request *request,
	struct totpgroup_result *result)
{
	struct inquiry inquiry;
	int status = read_request(handle, request, &inquiry);

	*result = (struct totpgroup_result)TOTPGROUP_RESULT_INIT;
	return status != 0 ? status
			   : user_store_look(handle->store, inquiry.request.user,
				     &inquiry.attempt, result, &handle->error);
}

static struct gate_answer judge_rules(const struct options *options,
	const struct inquiry *inquiry, const struct user_entry *entry, struct error *error)
{
	const struct gate_rules rules = {
		.services = options->services,
		.group = options->group,
		.skip_net = options->skip_net,
	};
	const struct gate_facts facts = {
		.service = inquiry->request.service,
		.user = entry != NULL ? entry->passwd.pw_name : inquiry->request.user,
		.user_known = entry != NULL,
		.primary_gid = entry != NULL ? entry->passwd.pw_gid : (gid_t)-1,
		/* Without a peer: an address in no network, not a login without one. */
		.rhost = inquiry->request.peer != NULL ? inquiry->peer : "?",
	};

	return gate_judge(&rules, &facts, NULL, error);
}

int totpgroup_must_ask(
	totpgroup_handle *handle, const struct totpgroup_request *request, bool *must)
{
	struct inquiry inquiry;
	struct user_entry *entry = NULL;
	int status = read_request(handle, request, &inquiry);

	*must = true;
	if (status == 0)
		status = user_entry_by_name(&entry, inquiry.request.user, &handle->error);
	if (status == 0) {
		*must = judge_rules(&user_store_configuration(handle->store)->options, &inquiry,
				entry, &handle->error)
				.gate != GATE_SKIP;
		status = handle->error.code;
	}
	free(entry);
	return status;
}

static enum totpgroup_method method_of(enum summary_kind kind)
{
	if (kind == SUMMARY_TOTP)
		return TOTPGROUP_METHOD_TOTP;
	return kind == SUMMARY_HOTP ? TOTPGROUP_METHOD_HOTP : TOTPGROUP_METHOD_EMERGENCY;
}

static void translate_summary(
	const struct credential_summary *summary, struct totpgroup_status *status)
{
	const struct summary_times *used = &summary->used;

	status->confirmation = TOTPGROUP_CONFIRMATION_GIVEN;
	if (summary->pending.expired)
		status->confirmation = TOTPGROUP_CONFIRMATION_EXPIRED;
	else if (summary->pending.pending)
		status->confirmation = TOTPGROUP_CONFIRMATION_PENDING;
	status->pending_until = summary->pending.until;
	status->method = method_of(summary->kind);
	status->algorithm = hmac_algorithm_name(summary->algorithm);
	status->digits = summary->digits;
	status->period = summary->kind == SUMMARY_TOTP ? summary->period : 0;
	status->emergency_codes = summary->plain_codes + summary->hashed_codes;
	status->limited = summary->limited;
	status->retry_after = summary->retry_after;
	status->last_accepted = used->code > used->login ? used->code : used->login;
	status->last_attempt = used->attempt;
	status->devices = (unsigned int)summary->device_count;
}

int totpgroup_status(
	totpgroup_handle *handle, const char *user, struct totpgroup_status *status)
{
	struct totpgroup_status ours = TOTPGROUP_STATUS_INIT;
	struct credential_summary summary;
	int result = handle_begin(handle);

	if (!sized_write(status, &ours, sizeof ours, STATUS_LEAST) && result == 0)
		return error_set(&handle->error, TOTPGROUP_EARGUMENT,
			"the status was not initialized with TOTPGROUP_STATUS_INIT");
	if (result == 0)
		result = user_store_summarize(handle->store, user, &summary, &handle->error);
	if (result != 0)
		return result;
	translate_summary(&summary, &ours);
	(void)sized_write(status, &ours, sizeof ours, STATUS_LEAST);
	return 0;
}
