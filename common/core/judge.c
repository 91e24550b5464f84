/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/judge.h"

#include "core/device.h"
#include "core/emergency_hash.h"
#include "core/pending.h"
#include "core/rate_limit.h"
#include "core/reuse.h"

/* Reads the parameters of codes, the further devices, and the spent time steps, which
 * only codes that change with time have. */
static int judge_codes(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error)
{
	struct credential_parameters parameters;
	bool spent;
	int status = credential_parameters(credential, &parameters, error);

	if (status == 0)
		status = device_keys_open_further(credential, keys, error);
	if (status == 0 && parameters.totp)
		status = reuse_look(credential, 0, &spent, error);
	return status;
}

/* Reads in the order of decide(), so that the first error is the same. */
int credential_judge(const totpgroup_credential *credential, struct error *error)
{
	struct device_keys keys = {.count = 0};
	struct pending pending;
	int status = rate_limit_check(credential, error);

	if (status == 0)
		status = pending_look(credential, 0, &pending, error);
	if (status == 0)
		status = device_keys_open_first(credential, &keys, error);
	if (status == 0)
		status = emergency_hash_check(credential, error);
	if (status == 0)
		status = judge_codes(credential, &keys, error);
	return status;
}

int credential_judge_text(const char *text, size_t length, struct error *error)
{
	totpgroup_credential *credential;
	int status = credential_load(&credential, text, length, error);

	if (status == 0)
		status = credential_judge(credential, error);
	totpgroup_credential_free(credential);
	return status;
}
