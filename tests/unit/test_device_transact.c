/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices that are revoked while others log in. */

#include "config.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "credential_support.h"
#include "temporary_folder.h"

#include "core/device_change.h"
#include "file_store_support.h"

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

static char secret_path[4096], state_path[4096];

static void open_credential(
	struct user_credential *credential, bool apart, const struct store_rights *rights)
{
	snprintf(secret_path, sizeof secret_path, "%s", in_folder("secret"));
	snprintf(state_path, sizeof state_path, "%s", in_folder("state"));
	open_place(credential, secret_path, apart ? state_path : NULL, rights);
}

static int revoke_in_record(const struct store_record *record, void *argument,
	struct store_change *change, struct error *error)
{
	bool damaged_state;

	(void)argument;
	change->has_secret = true;
	change->has_state = record->apart;
	return device_change(&revoke_first, &record->secret,
		record->apart ? &record->state : NULL, &change->secret, &change->state,
		&damaged_state, error);
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

static void log_in(const struct user_credential *credential, unsigned int i)
{
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	struct error error = ERROR_INIT;

	attempt.typed = code(i);
	if (user_credential_verify(credential, &attempt, &decision, NULL, &error) == 0 &&
		decision.result.verdict == TOTPGROUP_ACCEPTED)
		atomic_fetch_add(&let_in[i], 1);
}

/* All codes, again and again, beginning with one of its own. */
static pid_t start_logins(const struct user_credential *credential, unsigned int first)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child != 0)
		return child;
	for (unsigned int i = 0; i < 2 * CODES; i++)
		log_in(credential, (first + i) % CODES);
	_exit(0);
}

static void revoke_while_others_log_in(bool apart)
{
	struct user_credential credential;
	struct error error = ERROR_INIT;
	pid_t children[LOGINS];

	folder_begin();
	write_secret();
	open_credential(&credential, apart, NULL);
	for (unsigned int i = 0; i < CODES; i++)
		atomic_store(&let_in[i], 0);
	for (unsigned int i = 0; i < LOGINS; i++)
		children[i] = start_logins(&credential, i * 2);
	if (store_transact(credential.place, revoke_in_record, NULL, &error) != 0)
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
	user_credential_free(&credential);
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

/* The secret can be read, and then not be written. */
static unsigned int uses;

static int fail_to_write(void *context, store_task *task, void *argument, struct error *error)
{
	(void)context;
	return ++uses == 1 ? task(argument, error)
			   : error_set(error, TOTPGROUP_EUNWRITABLE, "read-only");
}

static void without_the_secret_the_state_is_no_harm(void **state)
{
	const struct store_rights rights = {fail_to_write, NULL};
	struct user_credential credential;
	struct error error = ERROR_INIT;
	char before[2000];

	(void)state;
	folder_begin();
	write_secret();
	strcpy(before, text_of("secret"));
	atomic_store(&let_in[0], 0);
	atomic_store(&let_in[1], 0);
	open_credential(&credential, true, NULL);
	log_in(&credential, 0);
	assert_int_equal(let_in[0], 1);
	user_credential_free(&credential);
	open_credential(&credential, true, &rights);
	assert_int_equal(store_transact(credential.place, revoke_in_record, NULL, &error),
		TOTPGROUP_EUNWRITABLE);
	assert_int_equal(uses, 2);
	assert_string_equal(text_of("secret"), before);
	user_credential_free(&credential);
	open_credential(&credential, true, NULL);
	log_in(&credential, 0);
	log_in(&credential, 1);
	assert_int_equal(let_in[0], 1);
	assert_int_equal(let_in[1], 1);
	user_credential_free(&credential);
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
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
