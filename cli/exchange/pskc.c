/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/pskc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/exchange/pskc_secrets.h"
#include "message/translate.h"
#include "totpgroup.h"

struct pskc {
	struct pskc_library library;
	struct pskc_secrets secrets;
	pskc_t *container;
	size_t at;
};

static int out_of_memory(struct error *error)
{
	return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
}

/* Gives the document, which has no secrets any more, to libpskc. Elements of vendors that it does
 * not know are no error. */
static int read_container(struct pskc *pskc, xmlDocPtr document, struct error *error)
{
	const struct pskc_library *library = &pskc->library;
	xmlChar *text = NULL;
	int length = 0, result;

	library->xmlDocDumpMemory(document, &text, &length);
	if (text == NULL || library->pskc_init(&pskc->container) != PSKC_OK) {
		pskc_library_free(text);
		return out_of_memory(error);
	}
	result = library->pskc_parse_from_memory(
		pskc->container, (size_t)length, (const char *)text);
	pskc_library_free(text);
	if (result != PSKC_OK && result != PSKC_PARSE_ERROR)
		return error_set(
			error, TOTPGROUP_EFORMAT, translate("libpskc does not read it"));
	/* Each secret belongs to the package in its place. */
	for (size_t i = 0; i <= pskc->secrets.count; i++)
		if ((library->pskc_get_keypackage(pskc->container, i) != NULL) !=
			(i < pskc->secrets.count))
			return error_set(error, TOTPGROUP_EFORMAT,
				translate("libpskc finds other keys in it"));
	return 0;
}

static int read_document(struct pskc *pskc, const char *text, size_t length,
	const struct pskc_asker *asker, struct error *error)
{
	const struct pskc_library *library = &pskc->library;
	xmlDocPtr document;
	int status;

	if (length > INT_MAX)
		return error_set(error, TOTPGROUP_EFORMAT, translate("the text is too long"));
	/* Nothing outside the text is read, and entities are not replaced. */
	document = library->xmlReadMemory(text, (int)length, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS);
	if (document == NULL)
		return error_set(error, TOTPGROUP_EFORMAT, translate("the text is no XML"));
	if (document->intSubset != NULL || document->extSubset != NULL)
		status =
			error_set(error, TOTPGROUP_EFORMAT, translate("the XML has a DOCTYPE"));
	else
		status = pskc_secrets_take(&pskc->secrets, library, document, asker, error);
	if (status == 0)
		status = read_container(pskc, document, error);
	library->xmlFreeDoc(document);
	return status;
}

int pskc_open(struct pskc **pskc, const char *text, size_t length,
	const struct pskc_asker *asker, struct error *error)
{
	struct pskc *opened = calloc(1, sizeof *opened);
	int status;

	*pskc = NULL;
	if (opened == NULL)
		return out_of_memory(error);
	status = pskc_library_open(&opened->library, error);
	if (status == 0)
		status = read_document(opened, text, length, asker, error);
	if (status == 0)
		*pskc = opened;
	else
		pskc_close(opened);
	return status;
}

bool pskc_is_signed(const struct pskc *pskc)
{
	return pskc->library.pskc_get_signed_p(pskc->container) != 0;
}

/* Reads the kind of codes from a name such as urn:ietf:params:xml:ns:keyprov:pskc:totp. */
static int read_type(struct otp_key *key, const char *name, struct error *error)
{
	const char *start = name != NULL ? strpbrk(name, ":#") : NULL;

	while (start != NULL && strpbrk(start + 1, ":#") != NULL)
		start = strpbrk(start + 1, ":#");
	start = start != NULL ? start + 1 : name;
	if (start != NULL && otp_key_set_type(key, start, strlen(start), error) == 0)
		return 0;
	return error_set(error, TOTPGROUP_EFORMAT,
		translate("a key of the algorithm '%s' has no HOTP or TOTP codes"),
		name != NULL ? name : "");
}

/* Reads the hash from a suite such as HMAC-SHA256. */
static int read_suite(struct otp_key *key, const char *suite, struct error *error)
{
	if (suite == NULL || *suite == '\0')
		return 0;
	if (strncasecmp(suite, "hmac", 4) == 0)
		suite += 4;
	if (*suite == '-')
		suite++;
	return otp_key_set_algorithm(key, suite, strlen(suite), error);
}

static int read_response(struct otp_key *key, const struct pskc_library *library,
	pskc_key_t *from, struct error *error)
{
	int has_encoding = 0, has_length = 0, has_check = 0;
	pskc_valueformat encoding =
		library->pskc_get_key_algparm_resp_encoding(from, &has_encoding);
	uint32_t digits = library->pskc_get_key_algparm_resp_length(from, &has_length);
	int check = library->pskc_get_key_algparm_resp_checkdigits(from, &has_check);

	if ((has_encoding != 0 && encoding != PSKC_VALUEFORMAT_DECIMAL) ||
		(has_check != 0 && check != 0))
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("its codes are not decimal, or have a check digit"));
	if (has_length == 0)
		key->notes |= OTP_KEY_KIND_ASSUMED;
	else if (digits < OTP_DIGITS_MIN || digits > OTP_DIGITS_MAX)
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("its codes have %u digits, and must have %d to %d"),
			(unsigned int)digits, OTP_DIGITS_MIN, OTP_DIGITS_MAX);
	else
		key->digits = digits;
	return 0;
}

static int read_moving(struct otp_key *key, const struct pskc_library *library,
	pskc_key_t *from, struct error *error)
{
	int has_counter = 0, has_interval = 0;
	uint64_t counter = library->pskc_get_key_data_counter(from, &has_counter);
	uint32_t interval = library->pskc_get_key_data_timeinterval(from, &has_interval);

	if (key->hotp && has_counter != 0 && counter > CREDENTIAL_HOTP_COUNTER_MAX)
		return error_set(
			error, TOTPGROUP_EFORMAT, translate("the counter is too great"));
	if (key->hotp)
		key->counter = has_counter != 0 ? (int64_t)counter : 0;
	else if (has_interval == 0)
		key->notes |= OTP_KEY_KIND_ASSUMED;
	else if (interval < OTP_PERIOD_MIN || interval > OTP_PERIOD_MAX)
		return error_set(error, TOTPGROUP_EFORMAT,
			translate("the period must be %d to %d"), OTP_PERIOD_MIN,
			OTP_PERIOD_MAX);
	else
		key->period = interval;
	return 0;
}

static bool has_pin(const struct pskc_library *library, pskc_key_t *from)
{
	int present = 0;
	pskc_pinusagemode mode = library->pskc_get_key_policy_pinusagemode(from, &present);

	return present != 0 && mode != PSKC_PINUSAGEMODE_LOCAL;
}

static int read_key(struct otp_key *key, const struct pskc_library *library, pskc_key_t *from,
	const struct pskc_secret *secret, struct error *error)
{
	const char *id = library->pskc_get_key_id(from);
	int status;

	if (strcmp(id != NULL ? id : "", secret->key_id != NULL ? secret->key_id : "") != 0)
		return error_set(
			error, TOTPGROUP_EFORMAT, translate("libpskc finds another key in it"));
	if (secret->error.code != 0)
		return error_set(error, secret->error.code, "%s", secret->error.message);
	status = read_type(key, library->pskc_get_key_algorithm(from), error);
	if (status == 0)
		status = read_suite(key, library->pskc_get_key_algparm_suite(from), error);
	if (status == 0)
		status = read_response(key, library, from, error);
	if (status == 0)
		status = read_moving(key, library, from, error);
	if (status == 0)
		status = otp_key_set_secret(
			key, (const uint8_t *)secret->bytes.data, secret->bytes.length, error);
	if (has_pin(library, from))
		key->notes |= OTP_KEY_PIN_LEFT_OUT;
	return status;
}

int pskc_next(struct pskc *pskc, struct otp_key *key, struct text *serial, bool *found,
	struct error *error)
{
	const struct pskc_library *library = &pskc->library;
	struct error problem = ERROR_INIT;
	const char *number;
	pskc_key_t *from;
	int status;

	*found = pskc->at < pskc->secrets.count;
	if (!*found)
		return 0;
	from = library->pskc_get_keypackage(pskc->container, pskc->at);
	number = library->pskc_get_device_serialno(from);
	if (number != NULL && text_append_string(serial, number) != 0)
		return out_of_memory(error);
	status = read_key(key, library, from, &pskc->secrets.each[pskc->at++], &problem);
	if (status == 0)
		return 0;
	return error_set(error, status, translate("token %s: %s"),
		number != NULL ? number : translate("without a serial"), problem.message);
}

void pskc_close(struct pskc *pskc)
{
	if (pskc == NULL)
		return;
	if (pskc->container != NULL)
		pskc->library.pskc_done(pskc->container);
	pskc_secrets_free(&pskc->secrets);
	pskc_library_close(&pskc->library);
	free(pskc);
}
