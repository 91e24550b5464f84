/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logins while the secret is enrolled again and again: the file is always whole, and a
 * code of any enrollment lets in at most once. */

#include "config.h"

#include <security/pam_appl.h>

#include "../stack/stack.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "workers.h"

#include "store/locked_file.h"
#include "totpgroup.h"

#define LOGGERS	    5
#define CODES	    5
#define ENROLLMENTS 400
#define END	    "no more codes below this line\n"

/* How often each code has let in. */
static atomic_uint *let_in;

/* Enrollment number n has CODES codes, from 20000000 + n * CODES on. */
static void write_credential(char *text, unsigned int number)
{
	text += sprintf(text, STACK_SECRET "\n\" RATE_LIMIT 100 60\n\" TOTP_AUTH\n");
	for (unsigned int i = 0; i < CODES; i++)
		text += sprintf(text, "%u\n", 20000000 + number * CODES + i);
	strcpy(text, END);
}

/* Takes on the rights of alice for good. */
static void become_alice(void)
{
	uid_t uid = stack_uid("alice");

	if (geteuid() == 0 && (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0))
		_exit(3);
}

static struct file_rules rules_of_alice(char path[300])
{
	snprintf(path, 300, "%s", in_folder(stack_secret("alice")));
	return (struct file_rules){.path = path,
		.owner = stack_uid("alice"),
		.allowed_mode = 0600,
		.own_file = true};
}

static void report_failure(const char *what, const struct error *error)
{
	fprintf(stderr, "%s: %s\n", what, error->message);
	atomic_fetch_add(&shared->failures, 1);
}

static void enroll_again_and_again(void)
{
	char path[300], data[1024];
	struct file_rules rules;

	become_alice();
	rules = rules_of_alice(path);
	for (unsigned int number = 1; number < ENROLLMENTS; number++) {
		struct error error = ERROR_INIT;
		struct text text = {.data = data, .length = 0, .capacity = sizeof data};

		write_credential(data, number);
		text.length = strlen(data);
		while (locked_file_create(&rules, &text, 0600, true, &error) ==
			TOTPGROUP_EBUSY) {
			error = (struct error)ERROR_INIT;
			atomic_fetch_add(&shared->busy, 1);
		}
		if (error.code != 0)
			report_failure("enrollment", &error);
		atomic_store(&shared->counter, number);
		/* Waits for logins, so that there are some also on a slow machine. */
		if (number % 10 == 0)
			sem_wait(&shared->accepted);
	}
	atomic_store(&shared->enough, true);
}

/* Whether all lines are of one enrollment. */
static bool is_whole(const struct text *text)
{
	size_t end = strlen(END);
	unsigned int code, enrollment = 0, count = 0;

	if (text->length < end || memcmp(text->data, STACK_SECRET "\n", 33) != 0 ||
		strcmp(text->data + text->length - end, END) != 0)
		return false;
	for (const char *at = strstr(text->data, "\n2"); at != NULL;
		at = strstr(at + 1, "\n2")) {
		if (sscanf(at, "%u", &code) != 1 || code < 20000000)
			return false;
		if (count++ > 0 && (code - 20000000) / CODES != enrollment)
			return false;
		enrollment = (code - 20000000) / CODES;
	}
	return count <= CODES;
}

/* Looks with the rights of this process, which need not be those of alice. */
static void look_once(void)
{
	struct file_rules rules;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;
	char path[300];

	rules = rules_of_alice(path);
	if (locked_file_look(&rules, &text, &error) != 0)
		report_failure("look", &error);
	else if (!is_whole(&text))
		report_failure(text.data, &error);
	text_free(&text);
}

static void log_in_again_and_again(unsigned int worker)
{
	struct test_random random = {worker + shared->round};
	char code[16];

	while (!atomic_load(&shared->enough)) {
		unsigned int number = atomic_load(&shared->counter) * CODES;
		int result;

		look_once();
		number += (unsigned int)test_random_below(&random, CODES);
		sprintf(code, "%u", 20000000 + number);
		result = stack_log_in("alice", code);
		stack_now += 60;
		if (result == PAM_SUCCESS) {
			atomic_fetch_add(&let_in[number], 1);
			sem_post(&shared->accepted);
		} else if (result != PAM_AUTH_ERR && !gave_up_waiting()) {
			sem_post(&shared->accepted);
			report_failure(stack_log, &(struct error)ERROR_INIT);
		}
	}
}

static void work(unsigned int worker)
{
	if (worker == 0)
		enroll_again_and_again();
	else
		log_in_again_and_again(worker);
}

static void enrollment_and_logins_never_mix(void **state)
{
	const size_t size = ENROLLMENTS * CODES * sizeof *let_in;
	unsigned int total = 0, busy;
	char data[1024];

	(void)state;
	let_in = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(let_in != MAP_FAILED);
	write_credential(data, 0);
	stack_put_secret("alice", data);
	share_memory();
	assert_int_equal(sem_init(&shared->accepted, 1, 0), 0);
	start_workers(1 + LOGGERS, work);
	run_round();
	assert_int_equal(atomic_load(&shared->failures), 0);
	busy = atomic_load(&shared->busy);
	stop_workers();
	for (unsigned int i = 0; i < ENROLLMENTS * CODES; i++) {
		assert_true(atomic_load(&let_in[i]) <= 1);
		total += atomic_load(&let_in[i]);
	}
	print_message("# %u logins during %u enrollments, %u times the lock was not free\n",
		total, ENROLLMENTS, busy);
	assert_true(total >= ENROLLMENTS / 10 - 1);
	assert_int_equal(count_entries("home/alice"), 1);
	munmap(let_in, size);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, stack_setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(enrollment_and_logins_never_mix),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
