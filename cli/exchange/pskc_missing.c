/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* In place of pskc.c, where configure did not find libpskc. */

#include "config.h"

#include "cli/exchange/pskc.h"
#include "message/translate.h"
#include "totpgroup.h"

int pskc_open(struct pskc **pskc, const char *text, size_t length,
	const struct pskc_asker *asker, struct error *error)
{
	(void)text;
	(void)length;
	(void)asker;
	*pskc = NULL;
	return error_set(error, TOTPGROUP_ENOTFOUND,
		translate("this totp-enroll was built without libpskc, and reads no PSKC "
			  "containers"));
}

bool pskc_is_signed(const struct pskc *pskc)
{
	(void)pskc;
	return false;
}

int pskc_next(struct pskc *pskc, struct otp_key *key, struct text *serial, bool *found,
	struct error *error)
{
	(void)pskc;
	(void)key;
	(void)serial;
	(void)error;
	*found = false;
	return 0;
}

void pskc_close(struct pskc *pskc)
{
	(void)pskc;
}
