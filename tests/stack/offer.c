/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "offer.h"

#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/test_support.h"

void (*offer_at_prompt)(void);
char offer_secret[128];
unsigned int offer_count;
bool offer_same;
struct offer_kind offer_kind = OFFER_KIND_USUAL;

static const char *letters;
static char typed[COUNT(((struct stack_login *)0)->answers)][16];

void offer_options(const char *options)
{
	char lines[2048];

	assert_true(snprintf(lines, sizeof lines,
			    "auth optional @T set=password\nauth @M %s\n"
			    "auth required pam_debug.so auth=maxtries",
			    options) < (int)sizeof lines);
	stack_lines(lines);
}

/* Keeps the secret of the latest message. It is read from the link, which is the same in every
 * language. */
static void read_offer(void)
{
	const char *at = NULL;
	char secret[sizeof offer_secret];
	size_t length = 0;

	offer_count = 0;
	for (const char *next = stack_last.messages; (next = strstr(next, "?secret=")) != NULL;
		next++) {
		at = next + strlen("?secret=");
		offer_count++;
	}
	if (at == NULL)
		return;
	for (; strchr("&\n", *at) == NULL && length + 1 < sizeof secret; at++)
		secret[length++] = *at;
	secret[length] = '\0';
	offer_same = offer_same && (*offer_secret == '\0' || strcmp(secret, offer_secret) == 0);
	strcpy(offer_secret, secret);
}

static void code_of(char *code, int seconds)
{
	char *key;
	size_t length;

	assert_int_equal(
		oath_base32_decode(offer_secret, strlen(offer_secret), &key, &length), OATH_OK);
	assert_int_equal(
		oath_totp_generate2(key, length, stack_now + seconds, offer_kind.period, 0,
			offer_kind.digits, offer_kind.flags, code),
		OATH_OK);
	free(key);
}

/* A code of no step within hours. */
static void wrong_code(char *code)
{
	char *key;
	size_t length;
	unsigned int number = 0;

	assert_int_equal(
		oath_base32_decode(offer_secret, strlen(offer_secret), &key, &length), OATH_OK);
	do
		sprintf(code, "%06u", number++ % 1000000);
	while (oath_totp_validate(key, length, stack_now, 30, 0, 1501, code) !=
		OATH_INVALID_OTP);
	free(key);
}

static void answer(char letter, char *code)
{
	static const struct {
		char letter;
		int seconds;
	} times[] = {{'r', 0}, {'b', 0}, {'p', -30}, {'n', 30}, {'q', 60}, {'o', -600}};

	for (unsigned int i = 0; i < COUNT(times); i++)
		if (letter == times[i].letter)
			code_of(code, times[i].seconds);
	if (letter == 'b') {
		memmove(code + 4, code + 3, 4);
		code[3] = ' ';
	}
	if (letter == 'w')
		wrong_code(code);
	if (letter == 's')
		strcpy(code, "12345");
}

static void at_prompt(void)
{
	unsigned int prompt = stack_last.prompts - 1;

	read_offer();
	if (offer_at_prompt != NULL)
		offer_at_prompt();
	if (offer_count > 0 && prompt < strlen(letters))
		answer(letters[prompt], typed[prompt]);
}

int offer_log_in(const char *user, const char *script)
{
	letters = script;
	*offer_secret = '\0';
	offer_count = 0;
	offer_same = true;
	memset(typed, 0, sizeof typed);
	stack_last.user = user;
	stack_last.at_prompt = at_prompt;
	for (unsigned int i = 0; i < COUNT(stack_last.answers); i++) {
		char letter = i < strlen(script) ? script[i] : 'F';

		stack_last.answers[i] = letter == 'F'	? stack_fails
					: letter == 'N' ? stack_null_answer
							: typed[i];
	}
	return stack_login(&stack_last);
}

const char *offer_expected_file(int steps)
{
	static char text[1024];
	const char *codes = strstr(stack_last.messages, "not on the phone:\n");
	int length = snprintf(text, sizeof text,
		"%s\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE %ld\n\" TOTP_AUTH\n", offer_secret,
		(long)(stack_now / 30) + steps);

	codes = codes != NULL ? strchr(codes, '\n') + 1 : "";
	while (strncmp(codes, "  ", 2) == 0) {
		length += sprintf(text + length, "%.9s", codes + 2);
		codes = strchr(codes, '\n') + 1;
	}
	return text;
}
