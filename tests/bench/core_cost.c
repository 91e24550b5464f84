/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Measures the public functions on credentials in memory: core_cost [ROW]...
 *
 * A right code is verified beside oath_totp_validate4() over a window of the same three codes,
 * and beside three HMACs of libgcrypt with a key that is set. A credential is parsed and freed,
 * and parsed, decided on, serialized and freed, beside a copy of the text that is wiped.
 */

#include "config.h"

#include <gcrypt.h>
#include <liboath/oath.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/rounds.h"
#include "totpgroup.h"

#define NOW    1700000000
#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define KEY    "12345678901234567890"

/* What totp-enroll writes, without emergency codes. */
#define TYPICAL                                                                                \
	SECRET "\n\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 3\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"

struct bench {
	const char *text;
	int mac;
	int flags; /* of liboath */
	char code[16];
	totpgroup_credential *credential;
	gcry_mac_hd_t handle;
};

static void check(bool is_right, const char *message)
{
	if (!is_right)
		bench_fail(message);
}

static totpgroup_credential *parse(const char *text)
{
	totpgroup_credential *credential;

	check(totpgroup_credential_parse(&credential, text, strlen(text)) == 0, "not parsed");
	return credential;
}

static void verify_in(totpgroup_credential *credential, const char *code)
{
	struct totpgroup_result result;

	check(totpgroup_credential_verify(credential, code, NOW, &result) == 0 &&
			result.verdict == TOTPGROUP_ACCEPTED,
		"a right code is refused");
}

static void verify(void *context)
{
	const struct bench *bench = context;

	verify_in(bench->credential, bench->code);
}

static void validate(void *context)
{
	const struct bench *bench = context;
	int position;

	check(oath_totp_validate4(KEY, strlen(KEY), NOW, 30, 0, 1, &position, NULL,
		      bench->flags, bench->code) >= 0,
		"liboath refuses");
}

static void compute_bare(void *context)
{
	const struct bench *bench = context;
	unsigned char message[8] = {0}, digest[64];

	for (unsigned int i = 0; i < 3; i++) {
		size_t length = sizeof digest;

		message[7] = (unsigned char)i;
		check(gcry_mac_reset(bench->handle) == 0 &&
				gcry_mac_write(bench->handle, message, sizeof message) == 0 &&
				gcry_mac_read(bench->handle, digest, &length) == 0,
			"no digest");
	}
}

static void parse_and_free(void *context)
{
	(void)context;
	totpgroup_credential_free(parse(TYPICAL));
}

static void parse_decide_serialize(void *context)
{
	const struct bench *bench = context;
	totpgroup_credential *credential = parse(TYPICAL);
	char *text;
	size_t length;

	verify_in(credential, bench->code);
	check(totpgroup_credential_serialize(credential, &text, &length) == 0, "no text");
	totpgroup_credential_free(credential);
	explicit_bzero(text, length);
	free(text);
}

static void copy(void *context)
{
	char *text = strdup(TYPICAL);

	(void)context;
	check(text != NULL, "out of memory");
	explicit_bzero(text, sizeof TYPICAL);
	free(text);
}

/* The code before the current one is the one that liboath looks at last. */
static void prepare(struct bench *bench)
{
	check(oath_totp_generate2(
		      KEY, strlen(KEY), NOW - 30, 30, 0, 6, bench->flags, bench->code) == 0,
		"no code");
	bench->credential = parse(bench->text);
	verify(bench); /* initializes libgcrypt */
	check(gcry_mac_open(&bench->handle, bench->mac, 0, NULL) == 0 &&
			gcry_mac_setkey(bench->handle, KEY, strlen(KEY)) == 0,
		"no HMAC");
}

#define ROWS_EACH 2

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{"verify-sha1", verify, validate, 0, NULL},
		{"verify-sha1-bare", verify, compute_bare, 0, NULL},
		{"verify-sha256", verify, validate, 0, NULL},
		{"verify-sha256-bare", verify, compute_bare, 0, NULL},
		{"verify-sha512", verify, validate, 0, NULL},
		{"verify-sha512-bare", verify, compute_bare, 0, NULL},
		{"parse", parse_and_free, copy, 0, NULL},
		{"parse-decide-serialize", parse_decide_serialize, copy, 0, NULL},
	};
	static struct bench benches[] = {
		{.text = SECRET "\n\" TOTP_AUTH\n", .mac = GCRY_MAC_HMAC_SHA1},
		{.text = SECRET "\n\" ALGORITHM SHA256\n\" TOTP_AUTH\n",
			.mac = GCRY_MAC_HMAC_SHA256,
			.flags = OATH_TOTP_HMAC_SHA256},
		{.text = SECRET "\n\" ALGORITHM SHA512\n\" TOTP_AUTH\n",
			.mac = GCRY_MAC_HMAC_SHA512,
			.flags = OATH_TOTP_HMAC_SHA512},
		{.text = TYPICAL, .mac = GCRY_MAC_HMAC_SHA1},
	};
	int status = 0;

	check(oath_init() == OATH_OK, "no liboath");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench *bench = &benches[i / ROWS_EACH];
		bool is_wanted = argc < 2;
		char *names[] = {argv[0], NULL};

		for (int j = 1; j < argc; j++)
			is_wanted = is_wanted || strcmp(argv[j], rows[i].name) == 0;
		if (!is_wanted)
			continue;
		if (bench->credential == NULL)
			prepare(bench);
		status |= bench_main(&rows[i], 1, bench, 1, names);
	}
	return status;
}
