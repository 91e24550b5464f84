/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <dlfcn.h>
#include <gcrypt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "totpgroup.h"

static atomic_uint initializations;

/* Replaces libgcrypt's function, because a program's own symbols come first. It is slow,
 * so that a thread that does not wait for the first one would come here, too. */
const char *gcry_check_version(const char *required)
{
	const struct timespec pause = {0, 10000000};
	const char *(*real)(const char *);

	initializations++;
	nanosleep(&pause, NULL);
	*(void **)&real = dlsym(RTLD_NEXT, "gcry_check_version");
	return real == NULL ? NULL : real(required);
}

struct hmac_case {
	enum hmac_algorithm algorithm;
	const char *key;
	const char *message;
	const char *digest; /* in hexadecimal */
};

#define FOUR(x) x x x x
#define KEY_0B	FOUR(FOUR("\x0b")) FOUR("\x0b")
#define KEY_AA	FOUR(FOUR(FOUR("\xaa") FOUR("\xaa"))) "\xaa\xaa\xaa"

/* RFC 2202 section 3 (cases 1, 2), RFC 4231 section 4 (1, 2, 6). */
static const struct hmac_case hmac_cases[] = {
	{HMAC_SHA1, KEY_0B, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
	{HMAC_SHA1, "Jefe", "what do ya want for nothing?",
		"effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
	{HMAC_SHA256, KEY_0B, "Hi There",
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{HMAC_SHA256, "Jefe", "what do ya want for nothing?",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{HMAC_SHA256, KEY_AA, "Test Using Larger Than Block-Size Key - Hash Key First",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{HMAC_SHA512, KEY_0B, "Hi There",
		"87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
		"daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
	{HMAC_SHA512, "Jefe", "what do ya want for nothing?",
		"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
	{HMAC_SHA512, KEY_AA, "Test Using Larger Than Block-Size Key - Hash Key First",
		"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
		"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
};

static struct hmac *open_hmac(enum hmac_algorithm algorithm, const void *key, size_t length)
{
	struct hmac *hmac;

	assert_int_equal(hmac_open(&hmac, algorithm, key, length), 0);
	assert_non_null(hmac);
	return hmac;
}

static void assert_digest(struct hmac *hmac, const char *message, const char *expected)
{
	uint8_t digest[HMAC_DIGEST_MAX];
	char hexadecimal[2 * HMAC_DIGEST_MAX + 1];
	size_t length = 0;

	assert_int_equal(hmac_digest(hmac, message, strlen(message), digest, &length), 0);
	for (size_t i = 0; i < length; i++)
		snprintf(hexadecimal + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(hexadecimal, expected);
}

static void the_published_vectors_are_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hmac_cases); i++) {
		const struct hmac_case *c = &hmac_cases[i];
		struct hmac *hmac = open_hmac(c->algorithm, c->key, strlen(c->key));

		assert_digest(hmac, c->message, c->digest);
		/* The handle computes a second message, too. */
		assert_digest(hmac, c->message, c->digest);
		hmac_close(hmac);
	}
}

/* One handle gives the same digests as a new one for each message. */
static void a_handle_serves_for_many_messages(void **state)
{
	struct test_random random = test_random_begin();

	(void)state;
	for (int i = 0; i < 300; i++) {
		uint8_t key[200];
		size_t key_length = 1 + test_random_below(&random, sizeof key);
		enum hmac_algorithm algorithm = (enum hmac_algorithm)(i % 3);
		struct hmac *reused;

		test_random_fill(&random, key, key_length);
		reused = open_hmac(algorithm, key, key_length);
		for (int k = 0; k < 5; k++) {
			uint8_t message[300];
			uint8_t a[HMAC_DIGEST_MAX] = {0};
			uint8_t b[HMAC_DIGEST_MAX] = {0};
			size_t length = test_random_below(&random, sizeof message);
			size_t a_length;
			size_t b_length;
			struct hmac *fresh = open_hmac(algorithm, key, key_length);

			test_random_fill(&random, message, length);
			assert_int_equal(hmac_digest(reused, message, length, a, &a_length), 0);
			assert_int_equal(hmac_digest(fresh, message, length, b, &b_length), 0);
			assert_int_equal(a_length, b_length);
			assert_memory_equal(a, b, sizeof a);
			hmac_close(fresh);
		}
		hmac_close(reused);
	}
}

static void bad_arguments_are_refused(void **state)
{
	struct hmac *hmac = (struct hmac *)state;

	assert_int_equal(hmac_open(&hmac, HMAC_SHA1, "key", 0), TOTPGROUP_EARGUMENT);
	assert_null(hmac);
	hmac = (struct hmac *)state;
	assert_int_equal(
		hmac_open(&hmac, (enum hmac_algorithm)3, "key", 3), TOTPGROUP_EARGUMENT);
	assert_null(hmac);
	hmac_close(NULL);
}

/* Initializes libgcrypt. */
static int open_and_close(void)
{
	struct hmac *hmac;
	int status = hmac_open(&hmac, HMAC_SHA1, "key", 3);

	hmac_close(hmac);
	return status;
}

/* In a process that has not used libgcrypt. */
static int fresh_process(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) != 0)
		return 2;
	if (open_and_close() != 0 || open_and_close() != 0)
		return 3;
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) == 0)
		return 4;
	return initializations == 1 ? 0 : 5;
}

/* In a process that has made libgcrypt lock secret memory. */
static int owned_process(void)
{
	void *memory;
	int secure;

	if (gcry_check_version(NULL) == NULL ||
		gcry_control(GCRYCTL_INIT_SECMEM, 16384, 0) != 0)
		return 2;
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	if (open_and_close() != 0)
		return 3;
	memory = gcry_malloc_secure(16);
	secure = memory != NULL && gcry_is_secure(memory);
	gcry_free(memory);
	return secure ? 0 : 4;
}

static void *use_from_thread(void *argument)
{
	pthread_barrier_t *barrier = argument;
	struct hmac *hmac;
	uint8_t digest[HMAC_DIGEST_MAX];
	size_t length = 0;

	pthread_barrier_wait(barrier);
	if (hmac_open(&hmac, HMAC_SHA1, "key", 3) != 0)
		return NULL;
	if (hmac_digest(hmac, "message", 7, digest, &length) != 0)
		length = 0;
	hmac_close(hmac);
	return length == 20 ? argument : NULL;
}

static int threads_at_once(void)
{
	pthread_t threads[8];
	pthread_barrier_t barrier;
	int failed = 0;

	pthread_barrier_init(&barrier, NULL, COUNT(threads));
	for (size_t i = 0; i < COUNT(threads); i++) {
		if (pthread_create(&threads[i], NULL, use_from_thread, &barrier) != 0)
			abort();
	}
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		failed += result == NULL;
	}
	pthread_barrier_destroy(&barrier);
	return failed != 0 ? failed : initializations != 1;
}

/* libgcrypt can be initialized once in a process, so each check has its own process. */
static void assert_passes_in_child(int (*check)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(check());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void libgcrypt_is_initialized_once(void **state)
{
	(void)state;
	assert_passes_in_child(fresh_process);
}

static void an_initialized_libgcrypt_is_left_alone(void **state)
{
	(void)state;
	assert_passes_in_child(owned_process);
}

static void threads_may_initialize_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_passes_in_child(threads_at_once);
}

int main(void)
{
	/* The first three need a parent that has not used libgcrypt. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libgcrypt_is_initialized_once),
		cmocka_unit_test(an_initialized_libgcrypt_is_left_alone),
		cmocka_unit_test(threads_may_initialize_at_once),
		cmocka_unit_test(the_published_vectors_are_right),
		cmocka_unit_test(a_handle_serves_for_many_messages),
		cmocka_unit_test(bad_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
