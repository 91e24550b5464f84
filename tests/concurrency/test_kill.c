/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Processes that log in under load are killed at random moments, as sshd kills them,
 * and as happens when a machine crashes. */

#include "config.h"

#include <security/pam_appl.h>

#include "../stack/stack.h"
#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "workers.h"

#define TRIALS	   200
#define LOGGERS	   3
#define CODES	   4000
#define FIRST_CODE 20000000u

/* What the processes recorded before they were killed. */
struct spent {
	atomic_uint next; /* the next code that nobody tried */
	atomic_uchar let_in[CODES];
	atomic_ullong counter; /* the highest HOTP counter that let in */
};

static struct spent *spent;
static struct test_random numbers;

static int setup(void **state)
{
	spent = mmap(
		NULL, sizeof *spent, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(spent != MAP_FAILED);
	memset(spent, 0, sizeof *spent);
	numbers = test_random_begin();
	return stack_setup(state);
}

static int teardown(void **state)
{
	munmap(spent, sizeof *spent);
	return stack_teardown(state);
}

/* Each process takes codes of its own, and records those that let in. */
static void spend_emergency_codes(void)
{
	char code[16];

	for (;;) {
		unsigned int number = atomic_fetch_add(&spent->next, 1);

		if (number >= CODES)
			_exit(0);
		sprintf(code, "%u", FIRST_CODE + number);
		if (stack_log_in("alice", code) == PAM_SUCCESS)
			atomic_store(&spent->let_in[number], 1);
		else if (stack_last.result != PAM_AUTH_ERR &&
			 strstr(stack_log, "locked by another process for") == NULL)
			_exit(4);
	}
}

/* Goes on from the highest counter that has let in. Several processes do so at once, so
 * that some attempts are refused. */
static void spend_hotp_codes(void)
{
	for (;;) {
		unsigned long long known = atomic_load(&spent->counter);
		unsigned long long counter = known + 1 + test_random_below(&numbers, 3);

		if (stack_log_in("alice", stack_hotp(counter)) != PAM_SUCCESS)
			continue;
		while (known < counter &&
			!atomic_compare_exchange_weak(&spent->counter, &known, counter))
			;
	}
}

static void nap(uint64_t microseconds)
{
	const struct timespec pause = {0, (long)microseconds * 1000};

	nanosleep(&pause, NULL);
}

/* Starts processes, and kills each after a random time. */
static void let_work_and_kill(void (*work)(void))
{
	pid_t children[LOGGERS];
	int status;

	fflush(NULL);
	for (unsigned int i = 0; i < LOGGERS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			alarm(600);
			work();
		}
	}
	for (unsigned int i = 0; i < LOGGERS; i++) {
		nap(test_random_below(&numbers, 8000));
		kill(children[i], SIGKILL);
	}
	for (unsigned int i = 0; i < LOGGERS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	}
}

/* Returns the text of the secret file. */
static const char *read_secret(void)
{
	static char text[1 << 17];
	FILE *file = fopen(in_folder(stack_secret("alice")), "re");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[length] = '\0';
	return text;
}

/* Finds the codes that are left in the file, which must have no other lines. */
static void read_codes(bool left[CODES])
{
	static const char head[] = STACK_SECRET "\n\" TOTP_AUTH\n";
	const char *text = read_secret();
	unsigned int code, previous = 0;
	int length;

	assert_memory_equal(text, head, sizeof head - 1);
	memset(left, 0, CODES * sizeof *left);
	for (text += sizeof head - 1; *text != '\0'; text += length) {
		assert_int_equal(sscanf(text, "%8u\n%n", &code, &length), 1);
		assert_true(code > previous && code >= FIRST_CODE && code < FIRST_CODE + CODES);
		left[code - FIRST_CODE] = true;
		previous = code;
	}
}

static unsigned int check_codes(bool left_before[CODES])
{
	static bool left[CODES];
	unsigned int spent_codes = 0;

	read_codes(left);
	for (unsigned int i = 0; i < CODES; i++) {
		assert_true(left_before[i] || !left[i]);
		if (atomic_load(&spent->let_in[i]))
			assert_false(left[i]);
		spent_codes += !left[i];
	}
	memcpy(left_before, left, sizeof left);
	return spent_codes;
}

static void put_codes(void)
{
	static char text[CODES * 9 + 256];
	size_t length = (size_t)sprintf(text, STACK_SECRET "\n\" TOTP_AUTH\n");

	for (unsigned int i = 0; i < CODES; i++)
		length += (size_t)sprintf(text + length, "%u\n", FIRST_CODE + i);
	stack_put_secret("alice", text);
}

static void a_kill_never_brings_an_emergency_code_back(void **state)
{
	static bool left[CODES];
	unsigned int temporary = 0, spent_codes = 0, trial;

	(void)state;
	put_codes();
	read_codes(left);
	for (trial = 0; trial < TRIALS && atomic_load(&spent->next) < CODES - 100; trial++) {
		unsigned int number;
		char code[16];

		let_work_and_kill(spend_emergency_codes);
		check_codes(left);
		temporary += count_entries("home/alice") - 1;
		/* The next login succeeds and removes temporary files. */
		number = atomic_fetch_add(&spent->next, 1);
		sprintf(code, "%u", FIRST_CODE + number);
		assert_int_equal(stack_log_in("alice", code), PAM_SUCCESS);
		assert_int_equal(count_entries("home/alice"), 1);
		assert_int_equal(stack_log_in("alice", code), PAM_AUTH_ERR);
		spent_codes = check_codes(left);
	}
	print_message("# %u trials of %u kills, %u codes spent, %u temporary files left\n",
		trial, LOGGERS, spent_codes, temporary);
	assert_true(trial >= 100);
}

static unsigned long long read_counter(const char *file)
{
	const char *line = strstr(state_of(file), "\n\" HOTP_COUNTER ");
	unsigned long long counter;

	assert_non_null(line);
	assert_int_equal(sscanf(line, "\n\" HOTP_COUNTER %llu", &counter), 1);
	return counter;
}

/* file holds the counter, and must be alone in its folder. */
static void kill_while_counting(const char *file, const char *folder)
{
	unsigned long long before = 2;

	stack_put_secret("alice", STACK_SECRET "\n\" HOTP_COUNTER 1\n\" WINDOW_SIZE 9\n");
	assert_int_equal(stack_log_in("alice", stack_hotp(1)), PAM_SUCCESS);
	for (unsigned int trial = 0; trial < TRIALS / 2; trial++) {
		unsigned long long counter;

		/* A process may be killed after the commit and before it records it. */
		atomic_store(&spent->counter, before - 1);
		let_work_and_kill(spend_hotp_codes);
		counter = read_counter(file);
		assert_true(counter >= before);
		assert_true(counter > atomic_load(&spent->counter));
		before = counter;
		assert_int_equal(stack_log_in("alice", stack_hotp(counter - 1)), PAM_AUTH_ERR);
		assert_int_equal(stack_log_in("alice", stack_hotp(counter)), PAM_SUCCESS);
		assert_int_equal(count_entries(folder), 1);
		before = read_counter(file);
		assert_int_equal(before, counter + 1);
	}
}

static void a_kill_never_turns_a_counter_back(void **state)
{
	(void)state;
	stack_options("no_increment_hotp");
	kill_while_counting(stack_secret("alice"), "home/alice");
}

static void a_kill_never_turns_a_separate_counter_back(void **state)
{
	(void)state;
	stack_options("no_increment_hotp state=@D/home/state/${USER}");
	kill_while_counting("home/state/alice", "home/state");
	assert_int_equal(read_counter(stack_secret("alice")), 1);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_kill_never_brings_an_emergency_code_back),
		TEST(a_kill_never_turns_a_counter_back),
		TEST(a_kill_never_turns_a_separate_counter_back),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
