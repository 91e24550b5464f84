/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public functions on credentials, as totpgroup.h describes them. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/credential.h"
#include "core/decide.h"
#include "totpgroup.h"

int totpgroup_credential_parse(
	totpgroup_credential **credential, const char *text, size_t length)
{
	struct error error = ERROR_INIT;
	struct hmac *hmac = NULL;
	int status;

	status = credential_load(credential, text, length, &error);
	if (status != 0)
		return status;
	status = credential_open_hmac(*credential, &hmac, &error);
	hmac_close(hmac);
	if (status != 0) {
		totpgroup_credential_free(*credential);
		*credential = NULL;
	}
	return status;
}

int totpgroup_credential_verify(totpgroup_credential *credential, const char *code, int64_t now,
	struct totpgroup_result *result)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision = DECISION_INIT;
	struct error error = ERROR_INIT;
	int status;

	attempt.typed = code;
	attempt.now = now;
	status = decide(credential, &attempt, &decision, &error);
	*result = decision.result;
	return status;
}

int totpgroup_credential_serialize(
	const totpgroup_credential *credential, char **text, size_t *length)
{
	*length = 0;
	*text = malloc(credential->text.length + 1);
	if (*text == NULL)
		return TOTPGROUP_EMEMORY;
	*length = credential->text.length;
	memcpy(*text, credential->text.data, *length + 1);
	return 0;
}
