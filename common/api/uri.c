/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Public functions that hand a secret to an app, as totpgroup.h describes them. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/qr.h"
#include "exchange/otp_key.h"
#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

struct totpgroup_qr {
	struct qr qr;
};

/* A name with control characters in it is the caller's mistake. */
static int name_it(struct otp_key *key, const char *issuer, const char *name)
{
	struct error error = ERROR_INIT;
	int status = otp_key_set_name(key, name, strlen(name), &error);

	if (status == 0 && issuer != NULL)
		status = otp_key_set_issuer(key, issuer, strlen(issuer), &error);
	return status == TOTPGROUP_EFORMAT ? TOTPGROUP_EARGUMENT : status;
}

static int append_uri(const totpgroup_credential *credential, const char *issuer,
	const char *name, struct otp_key *key, struct text *uri)
{
	struct error error = ERROR_INIT;
	int status = otp_key_from_credential(
		key, credential->text.data, credential->text.length, &error);

	if (status == 0)
		status = name_it(key, issuer, name);
	return status == 0 ? otpauth_uri_append_key(uri, key) : status;
}

int totpgroup_credential_uri(const totpgroup_credential *credential, const char *issuer,
	const char *account, char **uri)
{
	struct otp_key key = OTP_KEY_INIT;
	struct text text = TEXT_INIT;
	int status = append_uri(credential, issuer, account, &key, &text);

	otp_key_free(&key);
	if (status != 0)
		text_free(&text);
	/* It was made by malloc(3), and has a NUL at its end. */
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
