/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dlfcn.h>

#include "test_support.h"

#include "allocation.h"
#include "base/qr.h"
#include "totpgroup.h"

/* The bytes that fit into a code of level L, by version (ISO/IEC 18004,
 * table 7), and how many modules such a code has on a side. */
static const struct {
	size_t bytes;
	unsigned int size;
} versions[] = {
	{17, 21},
	{32, 25},
	{53, 29},
	{78, 33},
	{106, 37},
	{134, 41},
	{154, 45},
	{192, 49},
};

/* More than any QR code holds. */
#define TOO_LONG 2954

/* Simulates a host without libqrencode, or with another one. */
static bool library_missing;
static const char *symbol_missing = "";

void *__real_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags);
void *__wrap_dlopen(const char *name, int flags)
{
	assert_string_equal(name, QR_LIBRARY);
	return library_missing ? NULL : __real_dlopen(name, flags);
}

void *__real_dlsym(void *library, const char *symbol);
void *__wrap_dlsym(void *library, const char *symbol);
/* AddressSanitizer calls this before it is ready to check memory or to serve strcmp(). */
__attribute__((no_sanitize_address)) void *__wrap_dlsym(void *library, const char *symbol)
{
	if (*symbol_missing == '\0')
		return __real_dlsym(library, symbol);
	return strcmp(symbol, symbol_missing) == 0 ? NULL : __real_dlsym(library, symbol);
}

static char *repeat(char byte, size_t length)
{
	char *string = test_malloc(length + 1);

	memset(string, byte, length);
	string[length] = '\0';
	return string;
}

static void assert_size(size_t length, unsigned int size)
{
	char *string = repeat('a', length);
	struct qr qr;

	assert_int_equal(qr_encode(&qr, string), 0);
	assert_int_equal(qr.size, size);
	qr_free(&qr);
	test_free(string);
}

static void the_smallest_code_of_level_l_is_made(void **state)
{
	(void)state;
	assert_size(1, versions[0].size);
	for (size_t i = 0; i + 1 < COUNT(versions); i++) {
		assert_size(versions[i].bytes, versions[i].size);
		assert_size(versions[i].bytes + 1, versions[i + 1].size);
	}
	assert_size(TOO_LONG - 1, 177);
}

static void a_string_that_is_too_long_is_refused(void **state)
{
	char *string = repeat('a', TOO_LONG);
	struct qr qr;

	(void)state;
	assert_int_equal(qr_encode(&qr, string), TOTPGROUP_EARGUMENT);
	assert_null(qr.modules);
	assert_int_equal(qr.size, 0);
	test_free(string);
}

static void an_empty_string_is_refused(void **state)
{
	struct qr qr;

	(void)state;
	assert_int_equal(qr_encode(&qr, ""), TOTPGROUP_EARGUMENT);
	assert_null(qr.modules);
}

/* A finder pattern with the light line around it, from its upper left. */
static void assert_finder(const struct qr *qr, int left, int top)
{
	for (int y = -1; y <= 7; y++) {
		for (int x = -1; x <= 7; x++) {
			int far_x = abs(x - 3), far_y = abs(y - 3);
			int ring = far_x > far_y ? far_x : far_y;

			assert_int_equal(
				qr_is_dark(qr, left + x, top + y), ring != 2 && ring != 4);
		}
	}
}

static void a_code_has_its_finder_patterns(void **state)
{
	struct qr qr;
	int end;

	(void)state;
	assert_int_equal(qr_encode(&qr, "otpauth://totp/a?secret=MZXW6YTB"), 0);
	end = (int)qr.size - 7;
	assert_finder(&qr, 0, 0);
	assert_finder(&qr, end, 0);
	assert_finder(&qr, 0, end);
	/* The timing patterns, and the module that is dark in every code. */
	for (int i = 8; i < end; i++) {
		assert_int_equal(qr_is_dark(&qr, i, 6), i % 2 == 0);
		assert_int_equal(qr_is_dark(&qr, 6, i), i % 2 == 0);
	}
	assert_true(qr_is_dark(&qr, 8, end - 1));
	/* The first two format bits: level L under the format's own mask. */
	assert_true(qr_is_dark(&qr, 0, 8));
	assert_true(qr_is_dark(&qr, 1, 8));
	qr_free(&qr);
}

static void all_is_light_outside(void **state)
{
	struct qr qr;

	(void)state;
	assert_int_equal(qr_encode(&qr, "x"), 0);
	for (int i = -3; i < (int)qr.size + 3; i++) {
		assert_false(qr_is_dark(&qr, i, -1));
		assert_false(qr_is_dark(&qr, -1, i));
		assert_false(qr_is_dark(&qr, i, (int)qr.size));
		assert_false(qr_is_dark(&qr, (int)qr.size, i));
	}
	assert_false(qr_is_dark(&qr, INT32_MIN, 0));
	assert_false(qr_is_dark(&qr, 0, INT32_MAX));
	qr_free(&qr);
}

/* libqrencode keeps more in its bytes. */
static void a_module_is_0_or_1(void **state)
{
	size_t dark = 0;
	struct qr qr;

	(void)state;
	assert_int_equal(qr_encode(&qr, "some text"), 0);
	for (size_t i = 0; i < (size_t)qr.size * qr.size; i++) {
		assert_in_range(qr.modules[i], 0, 1);
		dark += qr.modules[i];
	}
	assert_in_range(dark, 100, 341);
	qr_free(&qr);
}

static void a_code_may_be_freed_twice(void **state)
{
	struct qr qr;

	(void)state;
	assert_int_equal(qr_encode(&qr, "x"), 0);
	qr_free(&qr);
	assert_null(qr.modules);
	assert_int_equal(qr.size, 0);
	qr_free(&qr);
}

static void without_memory_there_is_an_error(void **state)
{
	struct qr qr;

	(void)state;
	allocation_to_fail = 1;
	assert_int_equal(qr_encode(&qr, "x"), TOTPGROUP_EMEMORY);
	assert_int_equal(allocation_to_fail, 0);
	assert_null(qr.modules);
	assert_int_equal(qr.size, 0);
	assert_int_equal(qr_encode(&qr, "x"), 0);
	qr_free(&qr);
}

static void assert_no_library(void)
{
	struct qr qr = {.size = 1};

	assert_int_equal(qr_encode(&qr, "x"), TOTPGROUP_ENOTFOUND);
	assert_null(qr.modules);
	assert_int_equal(qr.size, 0);
}

static void without_the_library_there_is_an_error(void **state)
{
	static const char *const symbols[] = {"QRcode_encodeString8bit", "QRcode_free"};

	(void)state;
	library_missing = true;
	assert_no_library();
	library_missing = false;
	for (size_t i = 0; i < COUNT(symbols); i++) {
		symbol_missing = symbols[i];
		assert_no_library();
	}
	symbol_missing = "";
}

static void the_library_is_loaded_only_while_it_is_used(void **state)
{
	struct qr qr;

	(void)state;
	assert_int_equal(qr_encode(&qr, "x"), 0);
	qr_free(&qr);
	assert_null(dlopen(QR_LIBRARY, RTLD_NOW | RTLD_NOLOAD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_code_of_level_l_is_made),
		cmocka_unit_test(a_string_that_is_too_long_is_refused),
		cmocka_unit_test(an_empty_string_is_refused),
		cmocka_unit_test(a_code_has_its_finder_patterns),
		cmocka_unit_test(all_is_light_outside),
		cmocka_unit_test(a_module_is_0_or_1),
		cmocka_unit_test(a_code_may_be_freed_twice),
		cmocka_unit_test(without_memory_there_is_an_error),
		cmocka_unit_test(without_the_library_there_is_an_error),
		cmocka_unit_test(the_library_is_loaded_only_while_it_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
