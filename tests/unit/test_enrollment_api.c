/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The public functions of enrollment, of URIs and of QR codes. */

#include "config.h"

#include "user_store_support.h"

#include <liboath/oath.h>

#define NOW INT64_C(1800000015)

static totpgroup_handle *handle;
static totpgroup_enrollment *enrollment;

static struct totpgroup_enrollment_options options_of(const char *user)
{
	struct totpgroup_enrollment_options options = TOTPGROUP_ENROLLMENT_OPTIONS_INIT;

	options.user = user;
	return options;
}

static void begin(const char *user)
{
	const struct totpgroup_enrollment_options options = options_of(user);

	assert_int_equal(totpgroup_enrollment_begin(&enrollment, handle, &options), 0);
}

/* The code that an app with the secret shows at a time, computed by liboath. */
static const char *code_at(int64_t now)
{
	static char code[16];
	const char *secret = totpgroup_enrollment_secret(enrollment);
	char *key;
	size_t length;

	assert_int_equal(oath_base32_decode(secret, strlen(secret), &key, &length), OATH_OK);
	assert_int_equal(oath_totp_generate(key, length, (time_t)now, 30, 0, 6, code), OATH_OK);
	free(key);
	return code;
}

static struct totpgroup_result confirm(const char *code)
{
	struct totpgroup_result result;

	memset(&result, 0xff, sizeof result);
	assert_int_equal(totpgroup_enrollment_confirm(enrollment, code, NOW, &result), 0);
	return result;
}

static void nothing_is_stored_before_a_right_code(void **state)
{
	struct totpgroup_result result;
	struct totpgroup_status status = TOTPGROUP_STATUS_INIT;

	(void)state;
	begin("alice");
	assert_int_equal(totpgroup_enrollment_store(enrollment, handle), TOTPGROUP_EARGUMENT);
	result = confirm("000000x");
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_false(result.offset_known);
	result = confirm(code_at(NOW + 300));
	assert_int_equal(result.verdict, TOTPGROUP_REFUSED);
	assert_int_equal(result.reason, TOTPGROUP_REASON_WRONG_CODE);
	assert_int_equal(result.offset, 285);
	assert_int_equal(totpgroup_enrollment_store(enrollment, handle), TOTPGROUP_EARGUMENT);
	assert_int_equal(count_entries("home/alice"), 0);
	result = confirm(code_at(NOW - 30));
	assert_int_equal(result.verdict, TOTPGROUP_ACCEPTED);
	assert_int_equal(result.method, TOTPGROUP_METHOD_TOTP);
	assert_int_equal(result.step, NOW / 30 - 1);
	assert_int_equal(totpgroup_enrollment_store(enrollment, handle), 0);
	assert_string_equal(totpgroup_message(handle), "");
	assert_non_null(strstr(
		text_of("home/alice/.google_authenticator"), "\" DISALLOW_REUSE 59999999\n"));
	assert_int_equal(totpgroup_status(handle, "alice", &status), 0);
	assert_int_equal(status.confirmation, TOTPGROUP_CONFIRMATION_GIVEN);
	assert_int_equal(status.emergency_codes, 5);
	assert_int_equal(totpgroup_enrollment_store(enrollment, handle), TOTPGROUP_ECONFLICT);
}

static void emergency_codes_let_in(void **state)
{
	char code[32];

	(void)state;
	begin("alice");
	snprintf(code, sizeof code, "%s", totpgroup_enrollment_emergency_code(enrollment, 4));
	assert_null(totpgroup_enrollment_emergency_code(enrollment, 5));
	confirm(code_at(NOW));
	assert_int_equal(totpgroup_enrollment_store(enrollment, handle), 0);
	assert_int_equal(verify("alice", code, 0).verdict, TOTPGROUP_ACCEPTED);
}

static void an_unconfirmed_secret_is_pending_until_a_time(void **state)
{
	struct totpgroup_status status = TOTPGROUP_STATUS_INIT;

	(void)state;
	begin("alice");
	assert_int_equal(totpgroup_enrollment_store_unconfirmed(enrollment, handle, 0),
		TOTPGROUP_EARGUMENT);
	assert_int_equal(count_entries("home/alice"), 0);
	assert_int_equal(
		totpgroup_enrollment_store_unconfirmed(enrollment, handle, 9900000000), 0);
	assert_int_equal(totpgroup_status(handle, "alice", &status), 0);
	assert_int_equal(status.confirmation, TOTPGROUP_CONFIRMATION_PENDING);
	assert_int_equal(status.pending_until, 9900000000);
	assert_int_equal(
		verify("alice", totpgroup_enrollment_emergency_code(enrollment, 0), 0).verdict,
		TOTPGROUP_ACCEPTED);
	assert_int_equal(totpgroup_status(handle, "alice", &status), 0);
	assert_int_equal(status.confirmation, TOTPGROUP_CONFIRMATION_GIVEN);
}

static void the_uri_has_the_issuer_and_the_account(void **state)
{
	struct totpgroup_enrollment_options options = options_of("alice");
	char expected[256];

	(void)state;
	configure("[enroll]\nissuer=Example\ndigits=8\nemergency_codes=2\n");
	totpgroup_close(handle);
	assert_int_equal(totpgroup_open(&handle, in_folder("totpgroup.conf")), 0);
	options.account = "alice@example.org";
	assert_int_equal(totpgroup_enrollment_begin(&enrollment, handle, &options), 0);
	snprintf(expected, sizeof expected,
		"otpauth://totp/Example:alice@example.org?secret=%s&issuer=Example&digits=8",
		totpgroup_enrollment_secret(enrollment));
	assert_string_equal(totpgroup_enrollment_uri(enrollment), expected);
	assert_null(totpgroup_enrollment_emergency_code(enrollment, 2));
	totpgroup_enrollment_free(enrollment);
	options.issuer = "";
	assert_int_equal(totpgroup_enrollment_begin(&enrollment, handle, &options), 0);
	assert_null(strstr(totpgroup_enrollment_uri(enrollment), "issuer"));
}

static void a_program_with_its_own_database_gets_the_text(void **state)
{
	struct totpgroup_enrollment_options options = options_of("somebody");
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	totpgroup_credential *credential;
	char *text, *uri;
	size_t length;

	(void)state;
	options.issuer = "Example";
	assert_int_equal(totpgroup_enrollment_begin(&enrollment, NULL, &options), 0);
	confirm(code_at(NOW));
	assert_int_equal(totpgroup_enrollment_serialize(enrollment, &text, &length), 0);
	assert_int_equal(length, strlen(text));
	assert_int_equal(totpgroup_credential_parse(&credential, text, length), 0);
	free(text);
	assert_int_equal(
		totpgroup_credential_verify(credential, code_at(NOW), NOW, &result), 0);
	assert_int_equal(result.reason, TOTPGROUP_REASON_REUSED);
	options.account = NULL;
	assert_int_equal(totpgroup_credential_uri(credential, "Example", "a b", &uri), 0);
	assert_non_null(strstr(uri, "otpauth://totp/Example:a%20b?secret="));
	assert_non_null(strstr(uri, totpgroup_enrollment_secret(enrollment)));
	free(uri);
	assert_int_equal(totpgroup_credential_uri(credential, NULL, "a", &uri), 0);
	assert_null(strstr(uri, "issuer"));
	free(uri);
	assert_int_equal(
		totpgroup_credential_uri(credential, "", "", &uri), TOTPGROUP_EARGUMENT);
	assert_null(uri);
	assert_int_equal(
		totpgroup_credential_uri(credential, "x\ny", "a", &uri), TOTPGROUP_EARGUMENT);
	assert_null(uri);
	totpgroup_credential_free(credential);
	assert_int_equal(totpgroup_credential_parse(&credential, SECRET "\n12345678\n", 26), 0);
	assert_int_equal(
		totpgroup_credential_uri(credential, NULL, "a", &uri), TOTPGROUP_EFORMAT);
	totpgroup_credential_free(credential);
}

static void unknown_users_and_sizes_are_refused(void **state)
{
	struct totpgroup_enrollment_options options = options_of(NULL);

	(void)state;
	assert_int_equal(
		totpgroup_enrollment_begin(&enrollment, handle, &options), TOTPGROUP_EARGUMENT);
	assert_null(enrollment);
	assert_string_not_equal(totpgroup_message(handle), "");
	options.user = "";
	assert_int_equal(
		totpgroup_enrollment_begin(&enrollment, NULL, &options), TOTPGROUP_EARGUMENT);
	options.user = "alice";
	options.size = 8;
	assert_int_equal(
		totpgroup_enrollment_begin(&enrollment, NULL, &options), TOTPGROUP_EARGUMENT);
	assert_null(enrollment);
	totpgroup_enrollment_free(NULL);
	begin("nobody-knows");
	confirm(code_at(NOW));
	assert_int_equal(totpgroup_enrollment_store(enrollment, handle), TOTPGROUP_ENOTFOUND);
}

static void qr_codes_have_their_patterns(void **state)
{
	static char longest[4000];
	totpgroup_qr *qr;
	unsigned int dark = 0, size;

	(void)state;
	if (totpgroup_qr_encode(&qr, "otpauth://totp/a?secret=" SECRET) == TOTPGROUP_EMISSING)
		skip();
	size = totpgroup_qr_size(qr);
	assert_true(size >= 21 && size % 4 == 1);
	/* The position patterns in the corners are dark, and everything outside is light. */
	assert_true(totpgroup_qr_is_dark(qr, 0, 0));
	assert_true(totpgroup_qr_is_dark(qr, (int)size - 1, 0));
	assert_false(totpgroup_qr_is_dark(qr, 1, 1));
	assert_false(totpgroup_qr_is_dark(qr, -1, 0));
	assert_false(totpgroup_qr_is_dark(qr, 0, (int)size));
	for (unsigned int i = 0; i < size * size; i++)
		dark += totpgroup_qr_is_dark(qr, (int)(i % size), (int)(i / size));
	assert_true(dark > size * size / 4 && dark < size * size * 3 / 4);
	totpgroup_qr_free(qr);
	totpgroup_qr_free(NULL);
	memset(longest, 'a', sizeof longest - 1);
	assert_int_equal(totpgroup_qr_encode(&qr, longest), TOTPGROUP_EARGUMENT);
	assert_null(qr);
}

/* Each system call of an enrollment fails in turn. */
static void after_a_failed_call_all_or_nothing_is_stored(void **state)
{
	const struct totpgroup_enrollment_options options = options_of("alice");
	unsigned int total = 1;

	(void)state;
	for (unsigned int k = 0; k <= total; k++) {
		unsigned int descriptors = count_descriptors();
		int status;

		unlink(in_folder("home/alice/.google_authenticator"));
		calls_arm(k, EIO);
		status = totpgroup_enrollment_begin(&enrollment, handle, &options);
		calls.armed = false;
		if (status == 0)
			confirm(code_at(NOW));
		calls.armed = true;
		if (status == 0)
			status = totpgroup_enrollment_store(enrollment, handle);
		calls_disarm();
		if (k == 0)
			total = calls.count;
		assert_int_equal(count_descriptors(), descriptors);
		assert_own_rights();
		if (status == 0 || exists("home/alice/.google_authenticator"))
			assert_non_null(strstr(
				text_of("home/alice/.google_authenticator"), "\" TOTP_AUTH\n"));
		assert_true(count_entries("home/alice") <= 1);
		totpgroup_enrollment_free(enrollment);
		enrollment = NULL;
	}
	assert_true(total > 10);
}

static int set_up(void **state)
{
	int status = setup(state);

	enrollment = NULL;
	assert_int_equal(totpgroup_open(&handle, in_folder("totpgroup.conf")), 0);
	return status;
}

static int tear_down(void **state)
{
	totpgroup_enrollment_free(enrollment);
	totpgroup_close(handle);
	return teardown(state);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_stored_before_a_right_code),
		TEST(emergency_codes_let_in),
		TEST(an_unconfirmed_secret_is_pending_until_a_time),
		TEST(the_uri_has_the_issuer_and_the_account),
		TEST(a_program_with_its_own_database_gets_the_text),
		TEST(unknown_users_and_sizes_are_refused),
		TEST(qr_codes_have_their_patterns),
		TEST(after_a_failed_call_all_or_nothing_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
