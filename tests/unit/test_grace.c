/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "credential_support.h"

#include "allocation.h"
#include "core/grace.h"

#define NOW 1800000000

static bool applies(const char *lines, const char *host, int64_t now, int64_t period)
{
	char text[4000];
	totpgroup_credential *credential;
	bool answer;

	assert_true(snprintf(text, sizeof text, SECRET "\n%s", lines) < (int)sizeof text);
	credential = load(text);
	answer = grace_applies(
		credential, &(struct grace_key){.service = NULL, .host = host}, now, period);
	totpgroup_credential_free(credential);
	return answer;
}

static void grace_ends_with_the_period(void **state)
{
	static const char line[] = "\" LAST0 192.0.2.7 1800000000\n";

	(void)state;
	assert_true(applies(line, "192.0.2.7", NOW, 1));
	assert_true(applies(line, "192.0.2.7", NOW, 100));
	assert_true(applies(line, "192.0.2.7", NOW + 99, 100));
	assert_false(applies(line, "192.0.2.7", NOW + 100, 100));
	assert_false(applies(line, "192.0.2.7", NOW, 0));
	assert_false(applies(line, "192.0.2.7", NOW, -1));
	/* A time in the future gives no grace. */
	assert_false(applies(line, "192.0.2.7", NOW - 1, 100));
	assert_false(applies(line, "192.0.2.7", 0, INT64_MAX));
	assert_true(applies(line, "192.0.2.7", NOW + 1, INT64_MAX));
	assert_false(applies("", "192.0.2.7", NOW, 100));
}

static void grace_is_for_one_host(void **state)
{
	static const char line[] = "\" LAST0 host.example 1800000000\n"
				   "\" LAST1 fe80::1%eth0 1800000000\n";

	(void)state;
	assert_true(applies(line, "host.example", NOW, 100));
	assert_true(applies(line, "fe80::1%eth0", NOW, 100));
	assert_false(applies(line, "fe80::1", NOW, 100));
	assert_false(applies(line, "host.exampl", NOW, 100));
	assert_false(applies(line, "host.example2", NOW, 100));
	assert_false(applies(line, "HOST.example", NOW, 100));
	assert_false(applies(line, "", NOW, 100));
	assert_false(applies(line, NULL, NOW, 100));
	assert_false(applies(line, "host.example 1", NOW, 100));
	assert_false(applies(line, "host.example\n", NOW, 100));
}

/* A malformed host may be written by hand or by another program. */
static void malformed_lines_give_no_grace(void **state)
{
	static const char *const refused[] = {"\" LAST0 a", "\" LAST0 a ", "\" LAST0",
		"\" LAST0 1800000000", "\" LAST0 a x", "\" LAST0 a 1800000000x",
		"\" LAST0 a -1800000000", "\" LAST0 a b 1800000000", "\" LAST a 1800000000",
		"\" LAST10 a 1800000000", "\" LASTX a 1800000000", " \" LAST0 a 1800000000",
		"\" LAST0 a 99999999999999999999", "\" LAST0 a,1800000000"};
	static const char *const accepted[] = {"\" LAST0 a 1800000000",
		"\" LAST0 \t a   1800000000\r\n", "\" LAST9 a 1800000000\n",
		"\" LAST3 a x\n\" LAST4 a 1800000000\n",
		"\" LAST0 a 1800000000\n\" LAST0 a 5\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		if (applies(refused[i], "a", NOW, 100))
			fail_msg("%s lets in", refused[i]);
	for (size_t i = 0; i < COUNT(accepted); i++)
		if (!applies(accepted[i], "a", NOW, 100))
			fail_msg("%s does not let in", accepted[i]);
}

/* Of two lines with the host the lower one counts, even if its time is over. */
static void the_first_line_for_a_host_counts(void **state)
{
	(void)state;
	assert_false(applies("\" LAST5 a 1800000000\n\" LAST2 a 1799999000\n", "a", NOW, 100));
	assert_true(applies("\" LAST5 a 1799999000\n\" LAST2 a 1800000000\n", "a", NOW, 100));
	assert_false(applies("\" LAST5 a 1800000000\n\" LAST2 a 1800000001\n", "a", NOW, 100));
}

static void a_login_is_recorded_in_the_oldest_line(void **state)
{
	static const struct {
		const char *before;
		const char *after;
	} rows[] = {
		{"", "\" LAST0 a 1800000000\n"},
		{"\" LAST0 b 5\n", "\" LAST1 a 1800000000\n\" LAST0 b 5\n"},
		/* The line of the host, although an earlier one is empty. */
		{"\" LAST7 a 5\n\" LAST8 a 6\n", "\" LAST7 a 1800000000\n\" LAST8 a 6\n"},
		/* The lowest empty line; a malformed line counts as empty. */
		{"\" LAST0 b 5\n\" LAST2 c 5\n",
			"\" LAST1 a 1800000000\n\" LAST0 b 5\n\" LAST2 c 5\n"},
		{"\" LAST0 b x\r\n\" LAST2 c 5\n", "\" LAST0 a 1800000000\r\n\" LAST2 c 5\n"},
		/* The oldest line, and the lowest of two with the same time. */
		{"\" LAST0 k 9\n\" LAST1 b 3\n\" LAST2 c 5\n\" LAST3 d 3\n\" LAST4 e 4\n"
		 "\" LAST5 f 5\n\" LAST6 g 6\n\" LAST7 h 7\n\" LAST8 i 8\n\" LAST9 j 9\n",
			"\" LAST0 k 9\n\" LAST1 a 1800000000\n\" LAST2 c 5\n\" LAST3 d 3\n"
			"\" LAST4 e 4\n\" LAST5 f 5\n\" LAST6 g 6\n\" LAST7 h 7\n"
			"\" LAST8 i 8\n\" LAST9 j 9\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char before[400], after[400];
		totpgroup_credential *credential;
		bool changed = false;

		snprintf(before, sizeof before, SECRET "\n%s", rows[i].before);
		snprintf(after, sizeof after, SECRET "\n%s", rows[i].after);
		credential = load(before);
		assert_int_equal(grace_record(credential,
					 &(struct grace_key){.service = NULL, .host = "a"}, NOW,
					 &changed),
			0);
		assert_true(changed);
		assert_credential(credential, after);
		assert_true(grace_applies(credential,
			&(struct grace_key){.service = NULL, .host = "a"}, NOW + 99, 100));
		totpgroup_credential_free(credential);
	}
}

/* A line without a service is valid for all. */
static void grace_is_for_one_service(void **state)
{
	static const struct {
		const char *line;
		bool sshd, sudo, none;
	} rows[] = {{"a 1800000000", true, true, true},
		{"a 1800000000 sshd", true, false, false},
		{"a 1800000000 sudo x", false, true, false},
		{"a 1800000000 sshd2", false, false, false},
		{"a 1800000000 ssh", false, false, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[100];
		totpgroup_credential *credential;

		snprintf(text, sizeof text, SECRET "\n\" LAST0 %s\r\n", rows[i].line);
		credential = load(text);
		assert_int_equal(
			grace_applies(credential,
				&(struct grace_key){.service = "sshd", .host = "a"}, NOW, 9),
			rows[i].sshd);
		assert_int_equal(
			grace_applies(credential,
				&(struct grace_key){.service = "sudo", .host = "a"}, NOW, 9),
			rows[i].sudo);
		assert_int_equal(
			grace_applies(credential,
				&(struct grace_key){.service = NULL, .host = "a"}, NOW, 9),
			rows[i].none);
		totpgroup_credential_free(credential);
	}
}

/* Each service has its own line. A line without a service gets one. */
static void a_login_is_recorded_with_its_service(void **state)
{
	totpgroup_credential *credential = load(SECRET "\n\" LAST0 a 5\n");
	bool changed = false;

	(void)state;
	assert_int_equal(
		grace_record(credential, &(struct grace_key){.service = "sshd", .host = "a"},
			NOW, &changed),
		0);
	assert_credential(credential, SECRET "\n\" LAST0 a 1800000000 sshd\n");
	assert_int_equal(
		grace_record(credential, &(struct grace_key){.service = "su_x-1", .host = "a"},
			NOW, &changed),
		0);
	assert_credential(credential, SECRET "\n\" LAST1 a 1800000000 su_x-1\n"
					     "\" LAST0 a 1800000000 sshd\n");
	changed = false;
	assert_int_equal(
		grace_record(credential, &(struct grace_key){.service = "a b", .host = "a"},
			NOW, &changed),
		0);
	assert_int_equal(
		grace_record(credential, &(struct grace_key){.service = "", .host = "a"}, NOW,
			&changed),
		0);
	assert_int_equal(grace_record(credential,
				 &(struct grace_key){.service = "x\n12345678", .host = "a"},
				 NOW, &changed),
		0);
	assert_false(changed);
	assert_true(grace_applies(
		credential, &(struct grace_key){.service = "su_x-1", .host = "a"}, NOW, 1));
	totpgroup_credential_free(credential);
}

static void hosts_that_are_no_plain_names_are_not_recorded(void **state)
{
	static const char *const hosts[] = {"", "a\n12345678", "a b", "a\t", "\"", "a\r", "a/b",
		"a_b", "%s%n\n", "[::1]", "\xc3\xa4", "a\x01", "a\x7f", "a;b", "a'", "a\\",
		"*"};
	static const char text[] = SECRET "\n\" LAST0 b 5\n12345678\n";
	totpgroup_credential *credential = load(text);
	char host[300];
	bool changed = false;

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		assert_int_equal(grace_record(credential,
					 &(struct grace_key){.service = NULL, .host = hosts[i]},
					 NOW, &changed),
			0);
		assert_false(changed);
		assert_credential(credential, text);
		assert_false(grace_applies(credential,
			&(struct grace_key){.service = NULL, .host = hosts[i]}, NOW, 100));
	}
	assert_int_equal(
		grace_record(credential, &(struct grace_key){.service = NULL, .host = NULL},
			NOW, &changed),
		0);
	memset(host, 'a', sizeof host);
	host[256] = '\0';
	assert_int_equal(
		grace_record(credential, &(struct grace_key){.service = NULL, .host = host},
			NOW, &changed),
		0);
	assert_false(changed);
	assert_credential(credential, text);
	host[255] = '\0';
	assert_int_equal(
		grace_record(credential, &(struct grace_key){.service = NULL, .host = host},
			NOW, &changed),
		0);
	assert_true(changed);
	assert_true(grace_applies(
		credential, &(struct grace_key){.service = NULL, .host = host}, NOW, 100));
	totpgroup_credential_free(credential);
}

/* Exactly these bytes are a host alone. */
static void only_plain_bytes_make_a_host(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		totpgroup_credential *credential = load(SECRET "\n");
		const char host[] = {'x', (char)byte, '\0'};
		bool changed = false;
		bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
			     (byte >= 'a' && byte <= 'z') || byte == ':' || byte == '%' ||
			     byte == '.' || byte == '-';

		assert_int_equal(grace_record(credential,
					 &(struct grace_key){.service = NULL, .host = host},
					 NOW, &changed),
			0);
		assert_int_equal(changed, plain);
		assert_int_equal(
			grace_applies(credential,
				&(struct grace_key){.service = NULL, .host = host}, NOW, 1),
			plain);
		totpgroup_credential_free(credential);
	}
}

static void recording_without_memory_is_an_error(void **state)
{
	unsigned int failures = 0;

	(void)state;
	for (unsigned int i = 1;; i++) {
		totpgroup_credential *credential = load(SECRET "\n");
		bool changed = false;
		char host[101];
		int status;

		memset(host, 'a', sizeof host - 1);
		host[100] = '\0';
		allocation_to_fail = i;
		status = grace_record(credential,
			&(struct grace_key){.service = NULL, .host = host}, NOW, &changed);
		totpgroup_credential_free(credential);
		if (allocation_to_fail > 0)
			break;
		assert_int_equal(status, TOTPGROUP_EMEMORY);
		failures++;
	}
	allocation_to_fail = 0;
	assert_in_range(failures, 1, 100);
}

/* A session recorded at NOW, when the machine was up for 5000 seconds. */
static totpgroup_credential *with_session(const struct grace_key *key)
{
	totpgroup_credential *credential = load(SECRET "\n");
	bool changed = false;

	assert_int_equal(grace_record(credential, key, NOW, &changed), 0);
	assert_true(changed);
	return credential;
}

static void grace_is_for_one_session(void **state)
{
	struct grace_key key = {.service = "sudo", .session = "b0:s7", .uptime = 5000};
	totpgroup_credential *credential = with_session(&key);

	(void)state;
	key.uptime = 5099;
	assert_true(grace_applies(credential, &key, NOW + 99, 100));
	assert_false(grace_applies(credential, &key, NOW + 100, 100));
	key.session = "b0:s8";
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	key.session = "b1:s7"; /* after the next start of the machine */
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	key.session = "b0:s7";
	key.service = "su";
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	key.service = NULL;
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	key = (struct grace_key){.service = "sudo"};
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	totpgroup_credential_free(credential);
}

static void grace_of_a_session_ends_when_the_clock_goes_back(void **state)
{
	struct grace_key key = {.service = "sudo", .session = "b0:s7", .uptime = 5000};
	totpgroup_credential *credential = with_session(&key);

	(void)state;
	key.uptime = 5050;
	assert_true(grace_applies(credential, &key, NOW + 50, 100));
	assert_true(grace_applies(credential, &key, NOW + 49, 100)); /* a second is cut off */
	assert_false(grace_applies(credential, &key, NOW + 20, 100));
	assert_false(grace_applies(credential, &key, NOW - 1, 100));
	/* The clock cannot make it last longer than the uptime says. */
	key.uptime = 5100;
	assert_false(grace_applies(credential, &key, NOW + 99, 100));
	key.uptime = 4999;
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	key.uptime = -1;
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	totpgroup_credential_free(credential);
}

/* A host is what the application says it is; the user who logs in may choose it. */
static void no_host_has_the_name_of_a_session(void **state)
{
	struct grace_key key = {.service = "sudo", .session = "b0:s7", .uptime = 5000};
	totpgroup_credential *credential = with_session(&key);
	bool changed = false;

	(void)state;
	key = (struct grace_key){.service = "sudo", .host = "session:b0:s7", .uptime = 5000};
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	assert_int_equal(grace_record(credential, &key, NOW, &changed), 0);
	assert_false(changed);
	totpgroup_credential_free(credential);
	/* Neither a line without a service nor one without an uptime is a session's. */
	key = (struct grace_key){.service = "sudo", .session = "b0:s7", .uptime = 5000};
	credential = load(SECRET "\n\" LAST0 session:b0:s7 1800000000\n"
				 "\" LAST1 session:b0:s7 1800000000 sudo\n");
	assert_false(grace_applies(credential, &key, NOW + 1, 100));
	totpgroup_credential_free(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grace_ends_with_the_period),
		cmocka_unit_test(grace_is_for_one_host),
		cmocka_unit_test(malformed_lines_give_no_grace),
		cmocka_unit_test(the_first_line_for_a_host_counts),
		cmocka_unit_test(a_login_is_recorded_in_the_oldest_line),
		cmocka_unit_test(grace_is_for_one_service),
		cmocka_unit_test(grace_is_for_one_session),
		cmocka_unit_test(grace_of_a_session_ends_when_the_clock_goes_back),
		cmocka_unit_test(no_host_has_the_name_of_a_session),
		cmocka_unit_test(a_login_is_recorded_with_its_service),
		cmocka_unit_test(hosts_that_are_no_plain_names_are_not_recorded),
		cmocka_unit_test(only_plain_bytes_make_a_host),
		cmocka_unit_test(recording_without_memory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
