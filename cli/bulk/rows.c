/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/bulk/rows.h"

#include <string.h>

#include "cli/ui/json_output.h"
#include "exchange/csv.h"
#include "exchange/otp_key.h"
#include "message/handover.h"
#include "totpgroup.h"

int bulk_rows_frame(struct text *header, struct text *footer)
{
	static const char begin[] = "{\"version\": 1, \"users\": [\n";
	static const char end[] = "\n]}\n";
	int status = text_append(header, begin, sizeof begin - 1);

	return status == 0 ? text_append(footer, end, sizeof end - 1) : status;
}

int bulk_rows_append_csv(const struct letter *letter, const struct text *credential,
	struct text *text, struct error *error)
{
	struct otp_key key = OTP_KEY_INIT;
	int status = otp_key_from_credential(&key, credential->data, credential->length, error);

	if (status == 0)
		status = otp_key_set_name(&key, letter->user, strlen(letter->user), error);
	if (status == 0)
		status =
			otp_key_set_issuer(&key, letter->issuer, strlen(letter->issuer), error);
	if (status == 0 && (status = csv_append(text, &key)) != 0)
		error_set(error, status, "out of memory");
	otp_key_free(&key);
	return status;
}

/* What is no secret. The result is owned by the object. */
static const char *public_part(struct json_object *object, const struct letter *letter)
{
	const struct new_credential *credential = letter->credential;
	struct json_object *until = NULL;
	bool done = json_put_string(object, "user", letter->user) &&
		    json_put_string(object, "label", letter->label) &&
		    json_put_string(object, "issuer", letter->issuer) &&
		    json_put_string(object, "type", "totp") &&
		    json_put_string(
			    object, "algorithm", hmac_algorithm_name(credential->algorithm)) &&
		    json_put(object, "digits", json_object_new_int((int)credential->digits)) &&
		    json_put(object, "period",
			    json_object_new_int((int)new_credential_period(credential)));

	if (done && letter->pending_until != 0) {
		until = json_object_new_int64(letter->pending_until);
		done = json_put(object, "pending_until", until);
	} else if (done) {
		done = json_put_string(object, "pending_until", NULL);
	}
	if (!done)
		return NULL;
	return json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* json-c does not wipe what it frees, and secrets hold nothing that needs escapes:
 * base32, digits, capitals, and a URI. */
static int append_secret_part(const struct letter *letter, struct text *text)
{
	const struct new_credential *credential = letter->credential;
	const struct emergency_codes *codes = &credential->emergency_codes;
	int status =
		text_append_format(text, ",\"secret\":\"%s\",\"uri\":\"", credential->secret);

	if (status == 0)
		status = handover_append_uri(credential, letter->label, letter->issuer, text);
	if (status == 0)
		status = text_append_format(text, "\",\"emergency_codes\":[");
	for (unsigned int i = 0; status == 0 && i < codes->count; i++)
		status = text_append_format(text, "%s\"%s\"", i > 0 ? "," : "", codes->code[i]);
	return status == 0 ? text_append(text, "]}", 2) : status;
}

int bulk_rows_append_json(const struct letter *letter, struct text *text, struct error *error)
{
	struct json_object *object = json_object_new_object();
	const char *part = public_part(object, letter);
	int status = TOTPGROUP_EMEMORY;

	/* Without the brace that closes it. */
	if (part != NULL)
		status = text_append(text, part, strlen(part) - 1);
	if (status == 0)
		status = append_secret_part(letter, text);
	json_object_put(object);
	if (status != 0)
		error_set(error, status, "cannot make the JSON of %s: %s", letter->user,
			totpgroup_strerror(status));
	return status;
}
