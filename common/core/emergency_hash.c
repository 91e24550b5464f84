/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/emergency_hash.h"

#include <string.h>

#include "base/ascii.h"
#include "base/base32.h"
#include "base/crypto.h"
#include "base/wipe.h"

/* 16 MiB. totpgroup-secret(5) has the time. */
#define COST_LOG_N 14
#define COST_P	   1

#define HASH_SIZE     32
#define SALT_SIZE_MIN 16
#define SALT_SIZE_MAX 64

/* The characters of a code, five bits each. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* The values of one line. */
struct stored {
	struct scrypt_cost cost;
	uint8_t salt[SALT_SIZE_MAX];
	size_t salt_length;
	uint8_t hash[HASH_SIZE];
};

/* The different salts and costs of all lines. */
struct sets {
	struct stored set[EMERGENCY_HASH_SETS_MAX];
	size_t count;
};

/* The character of a code that is meant; NUL for one that is in no code. */
static char canonical(char character)
{
	if (character >= 'a' && character <= 'z')
		character = (char)(character - 'a' + 'A');
	if (character == 'O')
		return '0';
	if (character == 'I' || character == 'L')
		return '1';
	return character != '\0' && strchr(alphabet, character) != NULL ? character : '\0';
}

static bool is_dash_position(size_t i)
{
	return i % 5 == 4;
}

/* Copies the characters of a code. False for a text that has not its form. */
static bool collect(const char *text, size_t length, bool as_written, char *code)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		bool dash = text[i] == '-';
		char character = canonical(text[i]);

		if (as_written && dash != is_dash_position(i))
			return false;
		if (dash || (!as_written && ascii_is_blank(text[i])))
			continue;
		if (character == '\0' || count == EMERGENCY_HASH_LENGTH)
			return false;
		code[count++] = character;
	}
	return count == EMERGENCY_HASH_LENGTH;
}

/* Sixteen digits are something else, such as the number of a card. */
static bool has_letter(const char *code)
{
	return strspn(code, "0123456789") < strlen(code);
}

bool emergency_hash_read(
	const char *text, size_t length, bool as_written, char code[EMERGENCY_HASH_LENGTH + 1])
{
	code[0] = code[EMERGENCY_HASH_LENGTH] = '\0';
	if (length < EMERGENCY_HASH_LENGTH)
		return false;
	if ((!as_written || length == EMERGENCY_HASH_WRITTEN_LENGTH) &&
		collect(text, length, as_written, code) && has_letter(code))
		return true;
	explicit_bzero(code, EMERGENCY_HASH_LENGTH + 1);
	return false;
}

static bool read_bytes(
	struct credential_option *rest, uint8_t *bytes, size_t size, size_t *length)
{
	struct word word;

	return credential_next_word(rest, &word) && word.length <= BASE32_LENGTH(size) &&
	       base32_decode(word.start, word.length, bytes, length) == 0;
}

static bool read_cost(struct credential_option *rest, struct scrypt_cost *cost)
{
	int64_t log_n, r, p;

	if (!credential_next_number(rest, 1, UINT16_MAX, &log_n) ||
		!credential_next_number(rest, SCRYPT_R, SCRYPT_R, &r) ||
		!credential_next_number(rest, 1, UINT16_MAX, &p))
		return false;
	*cost = (struct scrypt_cost){(unsigned int)log_n, (unsigned int)p};
	return scrypt_cost_allowed(*cost);
}

/* Reads a line. Returns what is wrong with it, or NULL. */
static const char *read_stored(struct credential_option rest, struct stored *stored)
{
	struct word word;
	size_t length;

	*stored = (struct stored){.salt_length = 0};
	if (!credential_next_word(&rest, &word) || !word_is(&word, "scrypt"))
		return "of a kind other than scrypt";
	if (!read_cost(&rest, &stored->cost))
		return "a cost that is malformed or beyond 64 MiB";
	if (!read_bytes(&rest, stored->salt, sizeof stored->salt, &stored->salt_length) ||
		stored->salt_length < SALT_SIZE_MIN)
		return "a salt that is malformed or not of 16 to 64 bytes";
	if (!read_bytes(&rest, stored->hash, sizeof stored->hash, &length) ||
		length != sizeof stored->hash)
		return "a hash that is malformed or not of 32 bytes";
	return credential_next_word(&rest, &word) ? "something behind it" : NULL;
}

static bool is_same_set(const struct stored *a, const struct stored *b)
{
	return a->cost.log_n == b->cost.log_n && a->cost.p == b->cost.p &&
	       a->salt_length == b->salt_length &&
	       memcmp(a->salt, b->salt, a->salt_length) == 0;
}

/* The index of the line's salt and cost among the sets, or their count. */
static size_t find_set(const struct sets *sets, const struct stored *stored)
{
	size_t i = 0;

	while (i < sets->count && !is_same_set(&sets->set[i], stored))
		i++;
	return i;
}

static int read_line(
	const struct credential_option *option, struct sets *sets, struct error *error)
{
	struct stored stored;
	const char *problem = read_stored(*option, &stored);

	if (problem != NULL)
		return error_set(error, TOTPGROUP_EFORMAT,
			"line %u: " EMERGENCY_HASH_KEY ", %s", option->line, problem);
	if (find_set(sets, &stored) < sets->count)
		return 0;
	if (sets->count == EMERGENCY_HASH_SETS_MAX)
		return error_set(error, TOTPGROUP_EFORMAT,
			"line %u: " EMERGENCY_HASH_KEY
			" with more than %d different salts; make new codes",
			option->line, EMERGENCY_HASH_SETS_MAX);
	sets->set[sets->count++] = stored;
	return 0;
}

/* Reads all lines, so that a damaged one is reported whatever code is typed. */
static int read_lines(
	const totpgroup_credential *credential, struct sets *sets, struct error *error)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;
	int status = 0;

	sets->count = 0;
	while (status == 0 && credential_next_line(credential, EMERGENCY_HASH_KEY, &line))
		status = read_line(&line.option, sets, error);
	return status;
}

int emergency_hash_check(const totpgroup_credential *credential, struct error *error)
{
	struct sets sets;

	return read_lines(credential, &sets, error);
}

static int derive(const char *code, const struct stored *set, uint8_t hash[HASH_SIZE])
{
	const struct scrypt_input input = {
		.password = code,
		.password_length = EMERGENCY_HASH_LENGTH,
		.salt = set->salt,
		.salt_length = set->salt_length,
		.cost = set->cost,
	};

	return scrypt_derive(&input, hash, HASH_SIZE);
}

/* Puts the hash of the code in place of the hash of a line. */
static int derive_sets(struct sets *sets, const char *code, struct error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < sets->count; i++)
		status = derive(code, &sets->set[i], sets->set[i].hash);
	if (status == TOTPGROUP_EMEMORY)
		return error_set(error, status, "out of memory");
	if (status != 0)
		error_set(error, status, "libgcrypt does not compute scrypt on this host");
	return status;
}

/* Finds the first line of the code that the sets were derived from. */
static bool find_match(const totpgroup_credential *credential, const struct sets *sets,
	struct credential_line *match)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;
	struct stored stored;
	bool matched = false;

	/* No break, so that the time does not tell which line matched. */
	while (credential_next_line(credential, EMERGENCY_HASH_KEY, &line)) {
		size_t set = read_stored(line.option, &stored) == NULL ? find_set(sets, &stored)
								       : sets->count;

		if (set < sets->count &&
			secret_is_same(sets->set[set].hash, stored.hash, HASH_SIZE) &&
			!matched) {
			*match = line;
			matched = true;
		}
	}
	return matched;
}

int emergency_hash_spend(
	totpgroup_credential *credential, const char *code, bool *found, struct error *error)
{
	struct credential_line match;
	struct sets sets;
	int status = read_lines(credential, &sets, error);

	*found = false;
	if (status == 0)
		status = derive_sets(&sets, code, error);
	if (status == 0 && find_match(credential, &sets, &match)) {
		status = credential_delete_line(credential, &match);
		*found = status == 0;
		if (status != 0)
			error_set(error, status, "out of memory");
	}
	WIPE_OBJECT(&sets);
	return status;
}

unsigned int emergency_hash_codes_left(const totpgroup_credential *credential)
{
	struct credential_line line = CREDENTIAL_LINE_INIT;
	struct stored stored;
	unsigned int count = 0;

	while (credential_next_line(credential, EMERGENCY_HASH_KEY, &line))
		count += read_stored(line.option, &stored) == NULL;
	return count;
}

/* Takes five of eight random bits, so that all characters are equally likely. */
static int draw_characters(char code[EMERGENCY_HASH_LENGTH + 1])
{
	uint8_t bytes[EMERGENCY_HASH_LENGTH];
	int status = random_bytes(bytes, sizeof bytes);

	for (size_t i = 0; status == 0 && i < sizeof bytes; i++)
		code[i] = alphabet[bytes[i] % 32];
	code[EMERGENCY_HASH_LENGTH] = '\0';
	WIPE_ARRAY(bytes);
	return status;
}

int emergency_hash_draw(char written[EMERGENCY_HASH_WRITTEN_LENGTH + 1])
{
	char code[EMERGENCY_HASH_LENGTH + 1];
	size_t next = 0;
	int status;

	explicit_bzero(written, EMERGENCY_HASH_WRITTEN_LENGTH + 1);
	do
		status = draw_characters(code);
	while (status == 0 && !has_letter(code));
	for (size_t i = 0; status == 0 && i < EMERGENCY_HASH_WRITTEN_LENGTH; i++)
		written[i] = (char)(is_dash_position(i) ? '-' : code[next++]);
	WIPE_ARRAY(code);
	return status;
}

int emergency_hash_draw_salt(struct emergency_hash_salt *salt)
{
	return random_bytes(salt->bytes, sizeof salt->bytes);
}

int emergency_hash_append(
	struct text *text, const char *written, const struct emergency_hash_salt *salt)
{
	struct stored stored = {
		.cost = {.log_n = COST_LOG_N, .p = COST_P},
		.salt_length = sizeof salt->bytes,
	};
	char salt_text[BASE32_LENGTH(sizeof salt->bytes) + 1];
	char hash_text[BASE32_LENGTH(HASH_SIZE) + 1];
	char code[EMERGENCY_HASH_LENGTH + 1];
	int status;

	memcpy(stored.salt, salt->bytes, sizeof salt->bytes);
	if (!emergency_hash_read(written, strlen(written), true, code))
		return TOTPGROUP_EFORMAT;
	status = derive(code, &stored, stored.hash);
	WIPE_ARRAY(code);
	if (status != 0)
		return status;
	base32_encode(salt->bytes, sizeof salt->bytes, salt_text);
	base32_encode(stored.hash, sizeof stored.hash, hash_text);
	return text_append_format(text, "\" " EMERGENCY_HASH_KEY " scrypt %d %d %d %s %s\n",
		COST_LOG_N, SCRYPT_R, COST_P, salt_text, hash_text);
}
