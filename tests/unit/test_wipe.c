/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "test_support.h"

#include <malloc.h>
#include <ucontext.h>

static void checking_free(void *memory);

/* Compiles wipe.h and text.c again, with a free() that checks the memory, which cannot be
 * read later. */
#define free checking_free
#include "base/text.c"
#include "base/wipe.h"
#undef free

#include "base/crypto.h"
#include "core/otp.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(address, length) ((void)0)
#define VALGRIND_STACK_REGISTER(start, end)	   0U
#define VALGRIND_STACK_DEREGISTER(id)		   ((void)(id))
#endif

#define NEEDLE "SECRETSECRET"

static unsigned int frees;

static void checking_free(void *memory)
{
	if (memory != NULL) {
		size_t size = malloc_usable_size(memory);

		frees++;
		VALGRIND_MAKE_MEM_DEFINED(memory, size);
		assert_null(memmem(memory, size, "SECRET", 6));
	}
	free(memory);
}

static void assert_only(const void *memory, size_t length, int byte)
{
	const unsigned char *bytes = memory;

	for (size_t i = 0; i < length; i++)
		assert_int_equal(bytes[i], byte);
}

static void an_array_is_wiped_whole(void **state)
{
	struct {
		char before[8];
		uint32_t array[5];
		char after[8];
	} guarded;

	(void)state;
	memset(&guarded, 0xa5, sizeof guarded);
	WIPE_ARRAY(guarded.array);
	assert_only(guarded.before, sizeof guarded.before, 0xa5);
	assert_only(guarded.array, sizeof guarded.array, 0);
	assert_only(guarded.after, sizeof guarded.after, 0xa5);
}

static void an_object_is_wiped_whole(void **state)
{
	struct {
		char before[8];
		struct {
			uint64_t number;
			char text[9];
		} object;
		char after[8];
	} guarded;

	(void)state;
	memset(&guarded, 0xa5, sizeof guarded);
	WIPE_OBJECT(&guarded.object);
	assert_only(guarded.before, sizeof guarded.before, 0xa5);
	assert_only(&guarded.object, sizeof guarded.object, 0);
	assert_only(guarded.after, sizeof guarded.after, 0xa5);
}

static void freed_memory_is_wiped(void **state)
{
	char *memory = strdup(NEEDLE);

	(void)state;
	frees = 0;
	wipe_free(memory, strlen(memory));
	wipe_free_string(strdup(NEEDLE NEEDLE));
	assert_int_equal(frees, 2);
	wipe_free(NULL, 0);
	wipe_free(NULL, 10);
	wipe_free_string(NULL);
	assert_int_equal(frees, 2);
}

/* When it grows by an append, an insertion or formatted text, and at its end. */
static void a_text_wipes_memory_that_it_releases(void **state)
{
	struct text text = TEXT_INIT;

	(void)state;
	frees = 0;
	for (int i = 0; i < 200; i++) {
		assert_int_equal(text_append(&text, NEEDLE, strlen(NEEDLE)), 0);
		assert_int_equal(text_splice(&text, text.length / 2, 3, NEEDLE, 12), 0);
		assert_int_equal(text_append_format(&text, "%s %0200d", NEEDLE, i), 0);
	}
	assert_true(frees > 200);
	text_free(&text);
	assert_int_equal(text_append(&text, NEEDLE, strlen(NEEDLE)), 0);
	assert_int_equal(text_splice(&text, 0, text.length, NULL, 0), 0);
	VALGRIND_MAKE_MEM_DEFINED(text.data, text.capacity);
	assert_null(memmem(text.data, text.capacity, "SECRET", 6));
	text_free(&text);
}

/* To find what a function leaves on the stack, it runs on its own stack, which is read
 * after it has returned. */
#define STACK_SIZE ((size_t)256 * 1024)

static char *run_on_own_stack(void (*function)(void))
{
	char *stack = malloc(STACK_SIZE);
	ucontext_t here;
	ucontext_t there;
	unsigned int registered;

	assert_non_null(stack);
	memset(stack, 0, STACK_SIZE);
	registered = VALGRIND_STACK_REGISTER(stack, stack + STACK_SIZE);
	assert_int_equal(getcontext(&there), 0);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = STACK_SIZE;
	there.uc_link = &here;
	makecontext(&there, function, 0);
	assert_int_equal(swapcontext(&here, &there), 0);
	VALGRIND_STACK_DEREGISTER(registered);
	VALGRIND_MAKE_MEM_DEFINED(stack, STACK_SIZE);
	return stack;
}

/* volatile, so that the array is really filled. */
static void fill(volatile char *array, size_t length)
{
	for (size_t i = 0; i < length; i++)
		array[i] = NEEDLE[i % strlen(NEEDLE)];
}

static void leave_array(void)
{
	char array[48];

	fill(array, sizeof array);
}

static void leave_wiped_array(void)
{
	char array[48];

	fill(array, sizeof array);
	WIPE_ARRAY(array);
}

static void leave_wiped_object(void)
{
	struct {
		char array[48];
	} object;

	fill(object.array, sizeof object.array);
	WIPE_OBJECT(&object);
}

static bool leaves_needle(void (*function)(void))
{
	char *stack = run_on_own_stack(function);
	bool found = memmem(stack, STACK_SIZE, NEEDLE, strlen(NEEDLE)) != NULL;

	free(stack);
	return found;
}

static void the_compiler_keeps_the_wiping(void **state)
{
	(void)state;
	/* The search finds the bytes if they are not wiped. */
	assert_true(leaves_needle(leave_array));
	assert_false(leaves_needle(leave_wiped_array));
	assert_false(leaves_needle(leave_wiped_object));
}

/* RFC 4226 appendix D: counter 0, the digest and the eight digits of it. */
static const uint8_t digest_0[20] = {0xcc, 0x93, 0xcf, 0x18, 0x50, 0x8d, 0x94, 0x93, 0x4c, 0x64,
	0xb6, 0x5d, 0x8b, 0xa7, 0x66, 0x7f, 0xb7, 0xcd, 0xe4, 0xb0};
static const char code_0[] = "84755224";
static struct hmac *hmac;

static void search_for_code(void)
{
	struct otp_range range = {0, 0};
	int64_t counter;
	bool found;

	if (otp_search(hmac, range, 0, code_0, 8, &found, &counter) != 0 || !found)
		abort();
}

static void a_search_leaves_no_code_behind(void **state)
{
	char *stack;

	(void)state;
	assert_int_equal(hmac_open(&hmac, HMAC_SHA1, "12345678901234567890", 20), 0);
	stack = run_on_own_stack(search_for_code);
	hmac_close(hmac);
	assert_null(memmem(stack, STACK_SIZE, digest_0, sizeof digest_0));
	assert_null(memmem(stack, STACK_SIZE, digest_0 + 4, 8));
	assert_null(memmem(stack, STACK_SIZE, code_0, 8));
	free(stack);
}

static void format_text(void)
{
	struct text text = TEXT_INIT;

	(void)text_append_format(&text, "%d %s", 1, NEEDLE NEEDLE);
	text_free(&text);
}

static void formatting_leaves_nothing_on_the_stack(void **state)
{
	(void)state;
	assert_false(leaves_needle(format_text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_is_wiped_whole),
		cmocka_unit_test(an_object_is_wiped_whole),
		cmocka_unit_test(freed_memory_is_wiped),
		cmocka_unit_test(a_text_wipes_memory_that_it_releases),
		cmocka_unit_test(the_compiler_keeps_the_wiping),
		cmocka_unit_test(a_search_leaves_no_code_behind),
		cmocka_unit_test(formatting_leaves_nothing_on_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
