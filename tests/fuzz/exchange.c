/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Files of other programs. Each input is such a file. A key that was read is written in every
 * format that can hold it, and has to come back the same.
 */

#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "exchange/csv.h"
#include "exchange/migration.h"
#include "exchange/otpauth_uri.h"
#include "exchange/token_csv.h"
#include "exchange/users_file.h"
#include "exchange/vault_json.h"

#ifdef FUZZ_PSKC
#include "cli/exchange/pskc.h"
#endif

static void check_same(const struct otp_key *key, const struct otp_key *other)
{
	FUZZ_CHECK(otp_key_same_secret(key, other));
	FUZZ_CHECK(otp_key_same_kind(key, other));
	FUZZ_CHECK(key->counter == other->counter);
}

static void check_uri(const struct otp_key *key)
{
	struct otp_key back = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text uri = TEXT_INIT;

	if (otpauth_uri_append_key(&uri, key) == 0) {
		FUZZ_CHECK(otpauth_uri_parse(&back, uri.data, uri.length, &error) == 0);
		check_same(key, &back);
		otp_key_free(&back);
	}
	text_free(&uri);
}

static void check_migration(const struct otp_key *key)
{
	struct migration migration = {0};
	struct otp_key back = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text uri = TEXT_INIT;
	bool found;

	if (migration_check(key, &error) == 0 && migration_append(&uri, &key, 1, 7) == 0) {
		FUZZ_CHECK(migration_open(&migration, uri.data, uri.length - 1, &error) == 0);
		FUZZ_CHECK(migration_next(&migration, &back, &found, &error) == 0 && found);
		check_same(key, &back);
		otp_key_free(&back);
		migration_close(&migration);
	}
	text_free(&uri);
}

static void check_users_file(const struct otp_key *key)
{
	struct otp_key back = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text row = TEXT_INIT;
	bool found;

	if (users_file_append(&row, key, &error) == 0) {
		struct lines lines = {.text = row.data, .length = row.length};

		FUZZ_CHECK(users_file_next(&lines, &back, &found, &error) == 0 && found);
		check_same(key, &back);
		FUZZ_CHECK(strcmp(key->name, back.name) == 0);
		otp_key_free(&back);
	}
	text_free(&row);
}

static void check_csv(const struct otp_key *key)
{
	struct csv_reader reader;
	struct otp_key back = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct text table = TEXT_INIT;
	bool found;

	if (key->name != NULL && csv_append_header(&table) == 0 &&
		csv_append(&table, key) == 0) {
		FUZZ_CHECK(csv_open(&reader, table.data, table.length, &error) == 0);
		FUZZ_CHECK(csv_next(&reader, &back, &found, &error) == 0 && found);
		check_same(key, &back);
		FUZZ_CHECK(strcmp(key->name, back.name) == 0);
		otp_key_free(&back);
	}
	text_free(&table);
}

static void check_credential(const struct otp_key *key)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	totpgroup_credential *credential;

	if (otp_key_to_credential(key, FUZZ_NOW, &text, &error) == 0) {
		FUZZ_CHECK(credential_load(&credential, text.data, text.length, &error) == 0);
		FUZZ_CHECK(credential_check_secret(credential, &error) == 0);
		totpgroup_credential_free(credential);
	}
	text_free(&text);
}

static void use_key(struct otp_key *key)
{
	check_uri(key);
	check_migration(key);
	check_users_file(key);
	check_csv(key);
	check_credential(key);
	otp_key_free(key);
}

/* Uses what was found, or checks the reason. False at the end. */
static bool use_result(int result, bool found, struct otp_key *key, struct error *error)
{
	if (result != 0) {
		fuzz_check_error(error);
		otp_key_free(key);
		*error = (struct error)ERROR_INIT;
		return true;
	}
	if (found)
		use_key(key);
	return found;
}

void fuzz_uri(struct fuzz_input input)
{
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	char *copy = fuzz_copy(input);

	(void)use_result(
		otpauth_uri_parse(&key, copy, input.length, &error), true, &key, &error);
	(void)use_result(
		otpauth_uri_or_secret(&key, copy, input.length, &error), true, &key, &error);
	fuzz_copy_free(copy);
}

void fuzz_migration(struct fuzz_input input)
{
	struct migration migration = {0};
	struct error error = ERROR_INIT;
	char *copy = fuzz_copy(input);

	if (migration_open(&migration, copy, input.length, &error) != 0) {
		fuzz_check_error(&error);
	} else {
		struct otp_key key = OTP_KEY_INIT;
		bool found = false;
		int result;

		do
			result = migration_next(&migration, &key, &found, &error);
		while (use_result(result, found, &key, &error));
	}
	migration_close(&migration);
	fuzz_copy_free(copy);
}

void fuzz_users_file(struct fuzz_input input)
{
	char *copy = fuzz_copy(input);
	struct lines lines = {.text = copy, .length = input.length};
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	bool found = false;
	int result;

	(void)users_file_is_row(copy, input.length);
	do
		result = users_file_next(&lines, &key, &found, &error);
	while (use_result(result, found, &key, &error));
	fuzz_copy_free(copy);
}

void fuzz_csv(struct fuzz_input input)
{
	char *copy = fuzz_copy(input);
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct csv_reader reader;
	bool found = false;
	int result;

	if (csv_open(&reader, copy, input.length, &error) != 0) {
		fuzz_check_error(&error);
	} else {
		do
			result = csv_next(&reader, &key, &found, &error);
		while (use_result(result, found, &key, &error));
	}
	fuzz_copy_free(copy);
}

void fuzz_token_csv(struct fuzz_input input)
{
	static const struct token_defaults defaults = {"totp", "SHA1", 6, 30};
	char *copy = fuzz_copy(input);
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct token_csv csv;
	bool found = false;
	int result;

	(void)token_csv_guess(copy, input.length);
	if (token_csv_open(&csv, copy, input.length, &defaults, &error) != 0) {
		fuzz_check_error(&error);
	} else {
		do {
			struct text serial = TEXT_INIT;

			result = token_csv_next(&csv, &key, &serial, &found, &error);
			text_free(&serial);
		} while (use_result(result, found, &key, &error));
	}
	fuzz_copy_free(copy);
}

void fuzz_vault(struct fuzz_input input)
{
	char *copy = fuzz_copy(input);
	enum vault_kind kind = vault_guess(copy, input.length);
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct vault vault;
	bool found = false;
	int result;

	if (kind == 0)
		kind = VAULT_AEGIS;
	if (vault_open(&vault, kind, copy, input.length, &error) != 0) {
		fuzz_check_error(&error);
	} else {
		do
			result = vault_next(&vault, &key, &found, &error);
		while (use_result(result, found, &key, &error));
	}
	fuzz_copy_free(copy);
}

#ifdef FUZZ_PSKC
static int answer(void *context, bool password, struct text *text, struct error *error)
{
	(void)context;
	(void)error;
	return password ? text_append_string(text, "qwerty")
			: text_append(text, "0123456789abcdef", 16);
}

void fuzz_pskc(struct fuzz_input input)
{
	static const struct pskc_asker asker = {answer, NULL};
	char *copy = fuzz_copy(input);
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct pskc *pskc;
	bool found = false;
	int result;

	if (pskc_open(&pskc, copy, input.length, &asker, &error) != 0) {
		FUZZ_CHECK(pskc == NULL);
		fuzz_check_error(&error);
	} else {
		do {
			struct text serial = TEXT_INIT;

			result = pskc_next(pskc, &key, &serial, &found, &error);
			text_free(&serial);
		} while (use_result(result, found, &key, &error));
	}
	pskc_close(pskc);
	fuzz_copy_free(copy);
}
#endif
