/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/vault_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "exchange/otpauth_uri.h"
#include "totpgroup.h"

static const char *entries_name(enum vault_kind kind)
{
	return kind == VAULT_AEGIS ? "entries" : "items";
}

enum vault_kind vault_guess(const char *text, size_t length)
{
	struct json_value root, member;

	if (!json_read(text, length, &root))
		return 0;
	if (json_member(&root, "db", &member) && member.kind != JSON_ABSENT)
		return VAULT_AEGIS;
	if (json_member(&root, "encrypted", &member) && member.kind == JSON_BOOLEAN)
		return VAULT_BITWARDEN;
	return json_member(&root, "items", &member) && member.kind == JSON_ARRAY
		       ? VAULT_BITWARDEN
		       : 0;
}

static int refuse_encrypted(struct error *error)
{
	return error_set(error, TOTPGROUP_EFORMAT,
		"the export is encrypted: export it once more, without a password");
}

int vault_open(struct vault *vault, enum vault_kind kind, const char *text, size_t length,
	struct error *error)
{
	struct json_value root, member;

	*vault = (struct vault){.kind = kind, .text = text, .line = 1};
	if (!json_read(text, length, &root))
		return error_set(error, TOTPGROUP_EFORMAT, "the text is not JSON");
	if (kind == VAULT_AEGIS) {
		if (!json_member(&root, "db", &member))
			member.kind = JSON_ABSENT;
		if (member.kind == JSON_STRING)
			return refuse_encrypted(error);
		root = member;
	} else if (json_member(&root, "encrypted", &member) && json_is_true(&member)) {
		return refuse_encrypted(error);
	}
	if (!json_member(&root, entries_name(kind), &vault->entries) ||
		vault->entries.kind != JSON_ARRAY)
		return error_set(error, TOTPGROUP_EFORMAT, "there is no list of %s in it",
			entries_name(kind));
	return 0;
}

/* Gives a member's characters to a setter; one that is missing, null or empty is left out. */
static int set_member(struct otp_key *key, const struct json_value *object, const char *name,
	otp_key_setter *set, struct error *error)
{
	struct json_value value;
	size_t size;
	char *characters;
	int status = 0;

	if (!json_member(object, name, &value))
		return error_set(error, TOTPGROUP_EFORMAT, "the %s is there twice", name);
	if (value.kind == JSON_ABSENT || value.kind == JSON_NULL)
		return 0;
	if (value.kind == JSON_NUMBER)
		return set(key, value.text, value.length, error);
	size = value.length + 1;
	characters = malloc(size);
	if (characters == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, "out of memory");
	if (!json_string(&value, characters, size))
		status = error_set(error, TOTPGROUP_EFORMAT, "the %s is no text", name);
	else if (*characters != '\0')
		status = set(key, characters, strlen(characters), error);
	wipe_free(characters, size);
	return status;
}

static int read_aegis(struct otp_key *key, const struct json_value *entry, struct error *error)
{
	struct json_value info;
	int status = set_member(key, entry, "type", otp_key_set_type, error);

	if (!json_member(entry, "info", &info) || info.kind != JSON_OBJECT)
		return error_set(error, TOTPGROUP_EFORMAT, "the info is missing");
	if (status == 0)
		status = set_member(key, &info, "secret", otp_key_set_base32, error);
	if (status == 0)
		status = set_member(key, &info, "algo", otp_key_set_algorithm, error);
	if (status == 0)
		status = set_member(key, &info, "digits", otp_key_set_digits, error);
	if (status == 0 && key->hotp)
		status = set_member(key, &info, "counter", otp_key_set_counter, error);
	else if (status == 0)
		status = set_member(key, &info, "period", otp_key_set_period, error);
	if (status == 0)
		status = set_member(key, entry, "name", otp_key_set_name, error);
	if (status == 0)
		status = set_member(key, entry, "issuer", otp_key_set_issuer, error);
	return status;
}

static int read_bitwarden(
	struct otp_key *key, const struct json_value *entry, struct error *error)
{
	struct json_value login;
	int status;

	if (!json_member(entry, "login", &login) || login.kind != JSON_OBJECT)
		return 0;
	status = set_member(key, &login, "totp", otpauth_uri_or_secret, error);
	if (status == 0 && key->name == NULL)
		status = set_member(key, &login, "username", otp_key_set_name, error);
	if (status == 0 && key->issuer == NULL)
		status = set_member(key, entry, "name", otp_key_set_issuer, error);
	return status;
}

/* Counts the lines up to the entry. */
static void count_lines(struct vault *vault)
{
	for (; vault->text < vault->entry.text; vault->text++)
		vault->line += *vault->text == '\n';
}

static int read_entry(struct vault *vault, struct otp_key *key, struct error *error)
{
	int status = vault->kind == VAULT_AEGIS ? read_aegis(key, &vault->entry, error)
						: read_bitwarden(key, &vault->entry, error);

	/* Skip logins that have no one-time codes. */
	if (status == 0 && key->secret_length == 0 && vault->kind == VAULT_AEGIS)
		status = error_set(error, TOTPGROUP_EFORMAT, "the secret is missing");
	return status;
}

int vault_next(struct vault *vault, struct otp_key *key, bool *found, struct error *error)
{
	struct error problem = ERROR_INIT;
	int status = 0;

	do {
		otp_key_free(key);
		*found = json_next(&vault->entries, &vault->entry, &vault->entry);
		if (!*found)
			return 0;
		count_lines(vault);
		status = read_entry(vault, key, &problem);
	} while (status == 0 && key->secret_length == 0);
	key->line = vault->line;
	if (status == 0)
		return 0;
	return error_set(error, status, "line %u: %s", vault->line, problem.message);
}
