/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public functions on credentials, URIs and QR codes, as totpgroup.h describes them. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/qr.h"
#include "core/credential.h"
#include "core/decide.h"
#include "exchange/otp_key.h"
#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

struct totpgroup_qr {
	struct qr qr;
};

int totpgroup_credential_parse(
	totpgroup_credential **credential, const char *text, size_t length)
{
	struct error error = ERROR_INIT;
	int status;

	status = credential_load(credential, text, length, &error);
	if (status != 0)
		return status;
	status = credential_check_secret(*credential, &error);
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
	struct decision decision;
	struct error error;
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

int totpgroup_credential_uri(const totpgroup_credential *credential, const char *issuer,
	const char *account, char **uri)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	int status = otp_key_from_credential(
		&key, credential->text.data, credential->text.length, &error);

	if (status != 0)
		goto out;
	status = otp_key_set_name(&key, account, strlen(account), &error);
	if (status == 0 && issuer != NULL)
		status = otp_key_set_issuer(&key, issuer, strlen(issuer), &error);
	/* A control character in a name is the caller's mistake. */
	if (status == TOTPGROUP_EFORMAT)
		status = TOTPGROUP_EARGUMENT;
	if (status == 0)
		status = otpauth_uri_append_key(&text, &key);
out:
	otp_key_free(&key);
	if (status != 0)
		text_free(&text);
	/* The text's memory comes from malloc(3) and ends with a NUL. */
	*uri = text.data;
	return status;
}

int totpgroup_qr_encode(totpgroup_qr **qr, const char *text)
{
	int status;

	*qr = calloc(1, sizeof **qr);
	if (*qr == NULL)
		return TOTPGROUP_EMEMORY;
	status = qr_encode(&(*qr)->qr, text);
	if (status == 0)
		return 0;
	free(*qr);
	*qr = NULL;
	return status == TOTPGROUP_ENOTFOUND ? TOTPGROUP_EMISSING : status;
}

unsigned int totpgroup_qr_size(const totpgroup_qr *qr)
{
	return qr->qr.size;
}

bool totpgroup_qr_is_dark(const totpgroup_qr *qr, int column, int row)
{
	return qr_is_dark(&qr->qr, column, row);
}

void totpgroup_qr_free(totpgroup_qr *qr)
{
	if (qr == NULL)
		return;
	qr_free(&qr->qr);
	free(qr);
}
