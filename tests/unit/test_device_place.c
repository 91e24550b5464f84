/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices that are revoked while others log in. */

#include "config.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "credential_support.h"
#include "temporary_folder.h"

#include "store/device_place.h"

#define ROUNDS	10
#define LOGINS	3
#define CODES	8
#define SHARED	"\" TOTP_AUTH\n\" DISALLOW_REUSE\n"
#define FURTHER "\" DEVICE " SECRET_2 " tablet\n"

static const struct device_change revoke_first = {.name = "first"};

/* How often each emergency code has let in. */
static atomic_uint *let_in;

static const char *code(unsigned int i)
{
	static char text[9];

	sprintf(text, "1111111%u", i);
	return text;
}

static struct credential_place place_of(bool apart)
{
	return (struct credential_place){
		.rules = {.path = in_folder("secret"),
			.owner = geteuid(),
			.allowed_mode = 0600,
			.own_file = true},
		.state = apart ? in_folder("state") : NULL,
	};
}

static void write_secret(void)
{
	FILE *file = fopen(in_folder("secret"), "w");

	assert_non_null(file);
	fputs(SECRET "\n" SHARED FURTHER, file);
	for (unsigned int i = 0; i < CODES; i++)
		fprintf(file, "%s\n", code(i));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_folder("secret"), 0600), 0);
}

static void log_in(const struct credential_place *place, unsigned int i)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	struct error error = ERROR_INIT;

	attempt.typed = code(i);
	if (credential_place_verify(place, &attempt, &decision, NULL, &error) == 0 &&
		decision.result.verdict == TOTPGROUP_ACCEPTED)
		atomic_fetch_add(&let_in[i], 1);
}

/* All codes, again and again, beginning with one of its own. */
static pid_t start_logins(const struct credential_place *place, unsigned int first)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child != 0)
		return child;
	for (unsigned int i = 0; i < 2 * CODES; i++)
		log_in(place, (first + i) % CODES);
	_exit(0);
}

static void revoke_while_others_log_in(bool apart)
{
	struct credential_place place;
	struct error error = ERROR_INIT;
	pid_t children[LOGINS];

	folder_begin();
	write_secret();
	place = place_of(apart);
	for (unsigned int i = 0; i < CODES; i++)
		atomic_store(&let_in[i], 0);
	for (unsigned int i = 0; i < LOGINS; i++)
		children[i] = start_logins(&place, i * 2);
	if (device_place_change(&place, &revoke_first, &error) != 0)
		fail_msg("%s", error.message);
	for (unsigned int i = 0; i < LOGINS; i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	for (unsigned int i = 0; i < CODES; i++)
		if (atomic_load(&let_in[i]) != 1)
			fail_msg("code %u let in %u times", i, atomic_load(&let_in[i]));
	assert_memory_equal(text_of("secret"), SECRET_2 "\n", strlen(SECRET_2 "\n"));
	folder_end();
}

static void a_code_lets_in_once_all_the_same(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		revoke_while_others_log_in(true);
		revoke_while_others_log_in(false);
	}
}

/* What a login finds between the two files; nothing is in the secret yet. */
static unsigned int reads;

static int fail_to_write(void *context, rights_work work, void *argument, size_t size,
	struct text *text, struct error *error)
{
	(void)context;
	(void)size;
	/* Only reading gives a text. */
	if (text == NULL)
		return error_set(error, TOTPGROUP_EUNWRITABLE, "read-only");
	reads++;
	return work(argument, text, error);
}

static void without_the_secret_the_state_is_no_harm(void **state)
{
	struct credential_place place;
	struct error error = ERROR_INIT;
	char before[2000];

	(void)state;
	folder_begin();
	write_secret();
	strcpy(before, text_of("secret"));
	place = place_of(true);
	atomic_store(&let_in[0], 0);
	atomic_store(&let_in[1], 0);
	log_in(&place, 0);
	assert_int_equal(let_in[0], 1);
	place.with_rights = fail_to_write;
	assert_int_equal(
		device_place_change(&place, &revoke_first, &error), TOTPGROUP_EUNWRITABLE);
	/* The state had to be written, and was then as it should be. */
	assert_int_equal(reads, 2);
	assert_string_equal(text_of("secret"), before);
	place.with_rights = NULL;
	log_in(&place, 0);
	log_in(&place, 1);
	assert_int_equal(let_in[0], 1);
	assert_int_equal(let_in[1], 1);
	folder_end();
}

static void damage_is_told_with_its_file(void **state)
{
	struct credential_place place;
	struct error error = ERROR_INIT;
	FILE *file;

	(void)state;
	folder_begin();
	write_secret();
	place = place_of(true);
	file = fopen(in_folder("state"), "w");
	assert_non_null(file);
	fputs("rubbish\n", file);
	fclose(file);
	assert_int_equal(chmod(in_folder("state"), 0600), 0);
	assert_int_equal(device_place_change(&place, &revoke_first, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "/state, line 1: not a state");
	file = fopen(in_folder("secret"), "a");
	assert_non_null(file);
	fputs("\" DEVICE x\n", file);
	fclose(file);
	place.state = NULL;
	assert_int_equal(device_place_change(&place, &revoke_first, &error), TOTPGROUP_EFORMAT);
	assert_message(&error, "/secret, line 13: DEVICE needs a secret");
	folder_end();
}

static int set_up(void **state)
{
	(void)state;
	let_in = mmap(NULL, CODES * sizeof *let_in, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return let_in != MAP_FAILED ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_lets_in_once_all_the_same),
		cmocka_unit_test(without_the_secret_the_state_is_no_harm),
		cmocka_unit_test(damage_is_told_with_its_file),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
