/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include <dlfcn.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/otp.h"
#include "totpgroup.h"

#define NOW	INT64_C(1800000015)
#define KEY_1	"12345678901234567890"
#define BASE_1	"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
#define KEY_2	"abcdefghijklmnopqrst"
#define BASE_2	"MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U"
#define PADDING 40

static bool is_searching;
static unsigned int searched, found_in_freed;

/* A sanitizer has a free() of its own, which must not be overridden. */
#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER 0

static void look_for(const void *memory, size_t size, const char *needle)
{
	if (memmem(memory, size, needle, strlen(needle)) != NULL)
		found_in_freed++;
}

/* Overrides the C library's, also for libgcrypt: looks for the secret in what is freed. */
void free(void *memory)
{
	static void (*real)(void *);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "free");
	if (is_searching && memory != NULL) {
		size_t size = malloc_usable_size(memory);

		searched++;
		look_for(memory, size, KEY_1);
		look_for(memory, size, BASE_1);
	}
	real(memory);
}
#endif

static void put_code_for(const char *key, int flags, code_text code)
{
	assert_int_equal(oath_totp_generate2(key, strlen(key), NOW, 30, 0, 6, flags, code), 0);
}

static void expect_key(const totpgroup_credential *credential, const char *key, int flags)
{
	struct error error = ERROR_INIT;
	struct hmac *hmac;
	code_text code, expected;

	assert_int_equal(credential_first_hmac(credential, &hmac, &error), 0);
	assert_int_equal(otp_generate(hmac, NOW / 30, 6, code), 0);
	put_code_for(key, flags, expected);
	assert_string_equal(code, expected);
}

static void a_kept_key_is_that_of_the_text(void **state)
{
	totpgroup_credential *credential = load(BASE_1 "\n\" TOTP_AUTH\n");
	struct error error = ERROR_INIT;
	struct hmac *hmac, *again;

	(void)state;
	expect_key(credential, KEY_1, 0);
	assert_int_equal(credential_first_hmac(credential, &hmac, &error), 0);
	assert_int_equal(credential_set(credential, "LABEL", "phone"), 0);
	assert_int_equal(credential_first_hmac(credential, &again, &error), 0);
	assert_ptr_equal(hmac, again);
	assert_int_equal(credential_set(credential, "ALGORITHM", "SHA256"), 0);
	expect_key(credential, KEY_1, OATH_TOTP_HMAC_SHA256);
	assert_int_equal(credential_set_secret(credential, BASE_2, strlen(BASE_2)), 0);
	expect_key(credential, KEY_2, OATH_TOTP_HMAC_SHA256);
	assert_int_equal(
		text_splice(&credential->text, 0, strlen(BASE_2), BASE_1, strlen(BASE_1)), 0);
	expect_key(credential, KEY_1, OATH_TOTP_HMAC_SHA256);
	assert_int_equal(credential_set(credential, "ALGORITHM", "MD5"), 0);
	assert_int_equal(credential_first_hmac(credential, &hmac, &error), TOTPGROUP_EFORMAT);
	assert_null(hmac);
	totpgroup_credential_free(credential);
}

/* More lines than the list has room for, ended in each way. */
static void every_line_is_found_with_its_number(void **state)
{
	static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n", "\n12345678\n"};
	struct text text = TEXT_INIT;
	totpgroup_credential *credential;
	unsigned int numbers[PADDING], number = 2;
	struct credential_option option;
	char key[20], value[20];

	(void)state;
	(void)text_append_string(&text, BASE_1 "\n");
	for (unsigned int i = 0; i < PADDING; i++) {
		const char *end = ends[i * 7 % COUNT(ends)];

		(void)text_append_format(
			&text, "\" %c%u \t v%u%s", 'A' + (char)(i % 3), i, i, end);
		numbers[i] = number;
		for (; *end != '\0'; end++)
			number += *end == '\n';
	}
	credential = load(text.data);
	for (unsigned int i = 0; i < PADDING; i++) {
		snprintf(key, sizeof key, "%c%u", 'A' + (char)(i % 3), i);
		snprintf(value, sizeof value, "v%u", i);
		assert_true(credential_find(credential, key, &option));
		assert_int_equal(option.length, strlen(value));
		assert_memory_equal(option.value, value, option.length);
		assert_int_equal(option.line, numbers[i]);
	}
	assert_false(credential_find(credential, "A", &option));
	assert_false(credential_find(credential, "A00", &option));
	assert_false(credential_find(credential, "Z", &option));
	totpgroup_credential_free(credential);
	text_free(&text);
}

static void what_is_freed_holds_no_secret(void **state)
{
	totpgroup_credential *credential = NULL;
	static const char text[] = BASE_1 "\n\" TOTP_AUTH\n\" DISALLOW_REUSE\n";
	struct totpgroup_result result;
	code_text code;

	(void)state;
	if (HAS_SANITIZER) {
		print_message("# SKIP a sanitizer frees memory in its own way\n");
		skip();
	}
	put_code_for(KEY_1, 0, code);
	is_searching = true;
	assert_int_equal(totpgroup_credential_parse(&credential, text, strlen(text)), 0);
	assert_int_equal(totpgroup_credential_verify(credential, code, NOW, &result), 0);
	assert_int_equal(result.verdict, TOTPGROUP_ACCEPTED);
	totpgroup_credential_free(credential);
	is_searching = false;
	assert_true(searched >= 3);
	assert_int_equal(found_in_freed, 0);
}

static int verify_again(totpgroup_credential *credential, const char *code)
{
	struct totpgroup_result result;

	return totpgroup_credential_verify(credential, code, NOW, &result) == 0 &&
	       result.verdict == TOTPGROUP_ACCEPTED;
}

static void parent_and_child_go_on_with_their_copies(void **state)
{
	totpgroup_credential *credential = load(BASE_1 "\n\" TOTP_AUTH\n");
	code_text code;
	int status = -1;
	pid_t child;

	(void)state;
	put_code_for(KEY_1, 0, code);
	assert_true(verify_again(credential, code));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		bool is_right = verify_again(credential, code);

		totpgroup_credential_free(credential);
		_exit(is_right ? 0 : 1);
	}
	assert_true(verify_again(credential, code));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	totpgroup_credential_free(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_key_is_that_of_the_text),
		cmocka_unit_test(every_line_is_found_with_its_number),
		cmocka_unit_test(what_is_freed_holds_no_secret),
		cmocka_unit_test(parent_and_child_go_on_with_their_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
