/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logins with liboath and its users file, and logins with the credential that is made of it:
 * both accept the same codes, and move the counter alike. */

#include "config.h"

#include "otp_key_support.h"
#include "temporary_folder.h"

#include <liboath/oath.h>
#include <time.h>

#include "core/decide.h"
#include "exchange/users_file.h"
#include "totpgroup.h"

#define LOGINS 4

static const struct key_limits limits = {
	.secret_max = USERS_FILE_SECRET_MAX,
	.only_sha1 = true,
	.only_30s_and_60s = true,
	.plain_name = true,
	.no_issuer = true,
	.counter_min = 1,
};

/* One user: liboath has the file, decide() the credential. */
struct user {
	struct otp_key key;
	totpgroup_credential *credential;
	unsigned int reach; /* how many codes ahead, or with time to either side, are good */
};

static unsigned int tally[2];

static void begin_user(struct test_random *random, struct user *user)
{
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	*user = (struct user){.reach = (unsigned int)test_random_below(random, 6)};
	random_key(random, &user->key, &limits);
	assert_int_equal(users_file_append(&text, &user->key, &error), 0);
	put_file("users", text.data, 0600);
	text_free(&text);
	assert_int_equal(otp_key_to_credential(&user->key, time(NULL), &text, &error), 0);
	assert_int_equal(credential_load(&user->credential, text.data, text.length, &error), 0);
	text_free(&text);
	assert_int_equal(credential_unset(user->credential, "RATE_LIMIT"), 0);
	assert_int_equal(
		credential_set_number(user->credential, "WINDOW_SIZE",
			user->key.hotp ? user->reach + 1 : 2 * (int64_t)user->reach + 1),
		0);
}

static void end_user(struct user *user)
{
	otp_key_free(&user->key);
	totpgroup_credential_free(user->credential);
}

/* The code of a step or counter; now and then a wrong one. */
static void draw_code(struct test_random *random, struct user *user, int64_t now,
	char code[OTP_DIGITS_MAX + 1])
{
	const struct otp_key *key = &user->key;
	int64_t reach = (int64_t)user->reach + 2;
	int64_t away = (int64_t)test_random_below(random, 2 * (uint64_t)reach + 1) - reach;
	int64_t counter = (key->hotp ? key->counter : now / key->period) + away;

	assert_int_equal(oath_hotp_generate((const char *)key->secret, key->secret_length,
				 (uint64_t)(counter < 0 ? 0 : counter), key->digits, false,
				 OATH_HOTP_DYNAMIC_TRUNCATION, code),
		OATH_OK);
	if (test_random_below(random, 8) == 0)
		code[0] = code[0] == '9' ? '0' : (char)(code[0] + 1);
}

static void decide_on(
	struct user *user, int64_t now, const char *code, struct decision *decision)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct error error = ERROR_INIT;

	attempt.typed = code;
	attempt.now = now;
	attempt.no_skew_adjust = attempt.no_increment_hotp = true;
	assert_int_equal(decide(user->credential, &attempt, decision, &error), 0);
}

static int64_t counter_of_liboath(void)
{
	static char text[4096];
	struct otp_key key = OTP_KEY_INIT;
	struct error error = ERROR_INIT;
	struct lines lines = {.text = text};
	bool found;
	int64_t counter;

	snprintf(text, sizeof text, "%s", text_of("users"));
	lines.length = strlen(text);
	assert_int_equal(users_file_next(&lines, &key, &found, &error), 0);
	counter = key.counter;
	otp_key_free(&key);
	return counter;
}

/* liboath remembers the latest code alone: another one that was spent may be good again there,
 * and one of a time before the latest is spent as well. */
static bool is_meant(int status, const struct decision *decision)
{
	return (status == OATH_OK && decision->result.reason == TOTPGROUP_REASON_REUSED) ||
	       (status == OATH_REPLAYED_OTP && decision->result.verdict == TOTPGROUP_ACCEPTED);
}

/* Both counters are the same. From now on the window of liboath begins at the code that it
 * accepted, and so is smaller by one. False where it is empty. */
static bool follow_counter(struct user *user, bool accepted)
{
	user->key.counter = credential_lenient_number(user->credential, "HOTP_COUNTER");
	assert_int_equal(counter_of_liboath(), user->key.counter);
	if (!accepted)
		return true;
	return user->reach > 0 &&
	       credential_set_number(user->credential, "WINDOW_SIZE", user->reach) == 0;
}

/* False where the time has gone on between the two, or the files differ from here on. */
static bool log_in_twice(struct test_random *random, struct user *user)
{
	char code[OTP_DIGITS_MAX + 1];
	struct decision decision;
	const int64_t now = time(NULL);
	time_t last;
	int status;

	draw_code(random, user, now, code);
	status = oath_authenticate_usersfile(
		in_folder("users"), user->key.name, code, user->reach, "", &last);
	if (time(NULL) / user->key.period != now / user->key.period)
		return false;
	decide_on(user, now, code, &decision);
	if (!user->key.hotp && is_meant(status, &decision))
		return false;
	assert_int_equal(status == OATH_OK, decision.result.verdict == TOTPGROUP_ACCEPTED);
	tally[status == OATH_OK]++;
	return !user->key.hotp || follow_counter(user, status == OATH_OK);
}

static void liboath_and_the_decision_accept_the_same_codes(void **state)
{
	struct test_random random = test_random_begin();
	const unsigned int users = test_rounds(2000);

	(void)state;
	assert_int_equal(oath_init(), OATH_OK);
	folder_begin();
	for (unsigned int i = 0; i < users; i++) {
		struct user user;

		begin_user(&random, &user);
		for (int login = 0; login < LOGINS && log_in_twice(&random, &user); login++)
			;
		end_user(&user);
	}
	folder_end();
	oath_done();
	print_message("# %u scenarios: %u logins accepted by both, %u refused by both\n", users,
		tally[1], tally[0]);
	assert_true(tally[0] > users / 4 && tally[1] > users / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(liboath_and_the_decision_accept_the_same_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
