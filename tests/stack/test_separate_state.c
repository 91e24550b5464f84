/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logins with state=: the secret file is read and never written. */

#include "config.h"

#include <security/pam_appl.h>
#include <sys/file.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "host/user_credential.h"
#include "stack.h"
#include "totpgroup.h"

#define LIMIT "\" RATE_LIMIT 3 30\n"
#define REUSE "\" DISALLOW_REUSE\n"
#define TOTP  "\" TOTP_AUTH\n"
#define FULL  STACK_SECRET "\n" LIMIT REUSE TOTP "12345678\n87654321\n"

#define STATE_IN "state=@D/home/system/state/${USER}"
#define STATE	 "home/system/state/alice"
#define APART	 "secret=@D/home/fixed/${USER} user=root " STATE_IN
#define WHO	 "user=alice rhost=192.0.2.7"

static int setup(void **state)
{
	int status = stack_setup(state);

	stack_options(STATE_IN);
	return status;
}

static void expect(const char *answer, int result, const char *logged)
{
	*stack_log = '\0';
	stack_log_in("alice", answer);
	if (stack_last.result != result || strstr(stack_log, logged) == NULL)
		fail_msg("%s: %d, logged %s", answer, stack_last.result, stack_log);
	assert_int_equal(stack_last.prompts, strstr(logged, "rate-limited") == NULL);
}

/* Not asked, because there is no secret and nullok is given. */
static void expect_skipped(void)
{
	*stack_log = '\0';
	stack_log_in("alice", stack_fails);
	assert_int_equal(stack_last.result, PAM_IGNORE);
	assert_non_null(strstr(stack_log, "reason=not-enrolled"));
}

static void accept(const char *answer)
{
	expect(answer, PAM_SUCCESS, "accepted " WHO);
}

static void refuse(const char *answer, const char *reason)
{
	expect(answer, PAM_AUTH_ERR, reason);
}

/* Everything about a file that a write would change. */
struct look {
	struct stat file;
	struct stat folder;
	char text[4096];
};

static struct look look_at(const char *file, const char *folder)
{
	struct look look;

	memset(&look, 0, sizeof look);
	assert_int_equal(lstat(in_folder(file), &look.file), 0);
	assert_int_equal(lstat(in_folder(folder), &look.folder), 0);
	snprintf(look.text, sizeof look.text, "%s", text_of(file));
	return look;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void assert_untouched(const struct look *before, const char *file, const char *folder)
{
	struct look now = look_at(file, folder);

	assert_string_equal(now.text, before->text);
	assert_int_equal(now.file.st_ino, before->file.st_ino);
	assert_int_equal(now.file.st_mode, before->file.st_mode);
	assert_int_equal(now.file.st_uid, before->file.st_uid);
	assert_true(same_time(now.file.st_mtim, before->file.st_mtim));
	assert_true(same_time(now.file.st_ctim, before->file.st_ctim));
	/* No other file was made in its folder. */
	assert_true(same_time(now.folder.st_mtim, before->folder.st_mtim));
}

/* Everything that a login can change: spent codes, emergency codes of both kinds, limits, and the
 * skew of the clock. */
static void live(void)
{
	accept(stack_code(0));
	refuse(stack_code(0), "reason=reused");
	accept("12345678");
	refuse(stack_code(1), "reason=rate-limited");
	stack_now += 61;
	refuse("12345678", "reason=wrong-code");
	refuse("000000", "reason=wrong-code");
	accept("87654321");
	for (int i = 0; i < 3; i++) {
		stack_now += 30;
		stack_now += i == 0 ? 60 : 0;
		*stack_log = '\0';
		stack_log_in("alice", stack_code(20));
	}
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	stack_now += 30;
	refuse(stack_code(19), "reason=reused");
	accept(stack_code(20));
}

static void a_secret_that_cannot_be_written_works_for_its_whole_life(void **state)
{
	struct look before;

	(void)state;
	make_folder("home/fixed", 0755);
	put_file("home/fixed/alice", FULL, 0400);
	assert_int_equal(chmod(in_folder("home/fixed"), 0555), 0);
	stack_options(geteuid() == 0 ? APART : "secret=@D/home/fixed/${USER} " STATE_IN);
	before = look_at("home/fixed/alice", "home/fixed");
	live();
	assert_untouched(&before, "home/fixed/alice", "home/fixed");
	assert_int_equal(count_entries("home/system/state"), 1);
	assert_int_equal(chmod(in_folder("home/fixed"), 0755), 0);
}

static void a_home_that_cannot_be_written_works_for_its_whole_life(void **state)
{
	struct look before;

	(void)state;
	stack_put_secret("alice", FULL);
	assert_int_equal(chmod(in_folder(stack_secret("alice")), 0400), 0);
	assert_int_equal(chmod(in_folder("home/alice"), 0500), 0);
	before = look_at(stack_secret("alice"), "home/alice");
	live();
	assert_untouched(&before, stack_secret("alice"), "home/alice");
	assert_int_equal(chmod(in_folder("home/alice"), 0700), 0);
}

/* Writes a new file with the first text. */
static void put_back(void)
{
	stack_put_secret("alice", FULL);
}

static void codes_stay_spent_when_the_secret_is_put_back(void **state)
{
	char first[8], second[8];

	(void)state;
	put_back();
	snprintf(first, sizeof first, "%s", stack_code(0));
	accept(first);
	put_back();
	refuse(first, "reason=reused");
	put_back();
	accept("12345678");
	put_back();
	refuse("87654321", "reason=rate-limited");
	put_back();
	stack_now += 31;
	snprintf(second, sizeof second, "%s", stack_code(0));
	refuse("12345678", "reason=wrong-code");
	/* In between there is another secret, whose codes are not spent. */
	stack_put_secret("alice", "KRUGS4ZANFZSAYJA\n" LIMIT TOTP "12345678\n");
	accept("12345678");
	refuse("12345678", "reason=wrong-code");
	put_back();
	accept(second);
	put_back();
	refuse(first, "reason=reused");
	put_back();
	refuse(second, "reason=rate-limited");
	stack_now += 31;
	put_back();
	refuse("12345678", "reason=wrong-code");
	put_back();
	accept("87654321");
}

static void the_state_belongs_to_the_module(void **state)
{
	struct stat status;

	(void)state;
	put_back();
	accept(stack_code(0));
	assert_int_equal(mode_of("home/system") & 07777, 0700);
	assert_int_equal(mode_of("home/system/state") & 07777, 0700);
	assert_int_equal(mode_of(STATE) & 07777, 0600);
	assert_int_equal(lstat(in_folder(STATE), &status), 0);
	assert_int_equal(status.st_uid, geteuid());
	assert_null(strstr(state_of(STATE), STACK_SECRET));
	assert_string_equal(text_of(stack_secret("alice")), FULL);
}

static void expect_bad(int result, const char *detail)
{
	*stack_log = '\0';
	stack_log_in("alice", stack_code(0));
	assert_int_equal(stack_last.result, result);
	assert_int_equal(stack_last.prompts, 1);
	if (strstr(stack_log, detail) == NULL)
		fail_msg("%s lacks %s", stack_log, detail);
	assert_null(strstr(stack_log, "accepted"));
}

/* Such a state never counts as a new one, and the user is asked. */
static void a_state_that_is_damaged_or_not_safe_refuses(void **state)
{
	static const char *const damaged[] = {"totpgroup-state 2\n\" END\n", "x",
		"totpgroup-state 1\n", "totpgroup-state 1\n\" SECRET 1\n\" END\n"};

	(void)state;
	put_back();
	stack_options("nullok allow_readonly " STATE_IN);
	make_folder("home/system", 0700);
	make_folder("home/system/state", 0700);
	for (unsigned int i = 0; i < COUNT(damaged); i++) {
		put_file(STATE, damaged[i], 0600);
		expect_bad(PAM_AUTHINFO_UNAVAIL, "reason=bad-file");
		assert_non_null(strstr(stack_log, "/" STATE ", line "));
		assert_string_equal(state_of(STATE), damaged[i]);
	}
	put_file(STATE, "", 0600);
	expect_bad(PAM_AUTHINFO_UNAVAIL, "/" STATE ": is empty; once it is removed");
	put_file(STATE, "totpgroup-state 1\n\" END\n", 0644);
	expect_bad(PAM_AUTHINFO_UNAVAIL, "mode 0644");
	unlink(in_folder(STATE));
	put_link(STATE, "/dev/null");
	expect_bad(PAM_AUTHINFO_UNAVAIL, "symbolic link");
	unlink(in_folder(STATE));
	assert_int_equal(chmod(in_folder("home/system/state"), 0770), 0);
	expect_bad(PAM_AUTHINFO_UNAVAIL, "its folder is writable by others");
}

/* The bytes of the state file. */
struct bytes {
	char bytes[8192];
};

static struct bytes bytes_of_state(void)
{
	FILE *file = fopen(in_folder(STATE), "re");
	struct bytes bytes;

	assert_non_null(file);
	assert_int_equal(fread(bytes.bytes, 1, sizeof bytes.bytes, file), sizeof bytes.bytes);
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
	return bytes;
}

static void put_bytes(const struct bytes *bytes)
{
	FILE *file = fopen(in_folder(STATE), "r+e");

	assert_non_null(file);
	assert_int_equal(
		fwrite(bytes->bytes, 1, sizeof bytes->bytes, file), sizeof bytes->bytes);
	assert_int_equal(fclose(file), 0);
}

/* A login that is cut off while it writes, after any number of bytes, has let nobody in. What was
 * spent by the logins before it stays spent. */
static void a_torn_write_brings_no_spent_code_back(void **state)
{
	struct bytes before, after, torn;
	unsigned int in_after = 0, cut;

	(void)state;
	put_back();
	accept("12345678");
	accept("87654321");
	before = bytes_of_state();
	accept(stack_code(0));
	after = bytes_of_state();
	stack_now += 120;
	for (cut = 0; cut <= sizeof torn.bytes; cut += cut < 900 ? 60 : 700) {
		memcpy(torn.bytes, after.bytes, cut);
		memcpy(torn.bytes + cut, before.bytes + cut, sizeof torn.bytes - cut);
		put_bytes(&torn);
		refuse("12345678", "reason=wrong-code");
		put_bytes(&torn);
		refuse("87654321", "reason=wrong-code");
		put_bytes(&torn);
		stack_now -= 120;
		stack_log_in("alice", stack_code(0));
		in_after += stack_last.result == PAM_SUCCESS;
		stack_now += 120;
	}
	assert_true(in_after > 0 && in_after < cut / 60);
}

static void a_flipped_bit_brings_back_what_was_spent_last_at_most(void **state)
{
	struct test_random random = test_random_begin();
	struct bytes whole, flipped;

	(void)state;
	put_back();
	accept("12345678");
	accept("87654321");
	whole = bytes_of_state();
	stack_now += 120;
	for (unsigned int i = 0; i < 60; i++) {
		size_t bit = test_random_below(&random, i % 2 == 0 ? 8 * sizeof whole : 3000);

		flipped = whole;
		flipped.bytes[bit / 8] = (char)(flipped.bytes[bit / 8] ^ (1 << bit % 8));
		put_bytes(&flipped);
		refuse("12345678", "reason=wrong-code");
		/* And where both slots are hit, nobody gets in. */
		bit = (bit + 4096 * 8) % (8 * sizeof whole);
		flipped.bytes[bit / 8] = (char)(flipped.bytes[bit / 8] ^ (1 << bit % 8));
		put_bytes(&flipped);
		expect_bad(PAM_AUTHINFO_UNAVAIL, "neither of its two slots is whole");
		assert_memory_equal(
			bytes_of_state().bytes, flipped.bytes, sizeof flipped.bytes);
	}
}

static void a_state_of_an_earlier_version_counts(void **state)
{
	char text[4096];

	(void)state;
	put_back();
	accept("12345678");
	snprintf(text, sizeof text, "%s", state_of(STATE));
	unlink(in_folder(STATE));
	put_file(STATE, text, 0600);
	stack_now += 120;
	refuse("12345678", "reason=wrong-code");
	accept("87654321");
	(void)bytes_of_state();
	assert_int_equal(mode_of(STATE) & 07777, 0600);
	stack_now += 120;
	refuse("12345678", "reason=wrong-code");
	refuse("87654321", "reason=wrong-code");
}

static void a_state_that_cannot_be_written_refuses(void **state)
{
	(void)state;
	put_back();
	put_file("home/file", "", 0600);
	stack_options("state=@D/home/file/${USER}");
	expect_bad(PAM_AUTHINFO_UNAVAIL, "home/file");
	/* allow_readonly does not help where no state can be made at all. */
	stack_options("allow_readonly state=/proc/totpgroup/${USER}");
	expect_bad(PAM_AUTHINFO_UNAVAIL, "cannot make /proc/totpgroup");
	if (geteuid() == 0)
		return;
	make_folder("home/system", 0500);
	stack_options(STATE_IN);
	expect_bad(PAM_AUTHINFO_UNAVAIL, "reason=store-error");
	stack_options("allow_readonly " STATE_IN);
	accept(stack_code(0));
	assert_non_null(strstr(stack_log, "unrecorded " WHO));
	refuse("000000", "reason=wrong-code");
}

static void state_must_name_a_file_for_each_user(void **state)
{
	static const char *const bad[] = {"state=", "state", "state=state/${USER}",
		"state=~/state", "state=${HOME}/${USER}", "state=/x/${HOME}/${USER}",
		"state=/x/~/${USER}", "state=/x/all", "state=/x/$USER"};

	(void)state;
	put_back();
	for (unsigned int i = 0; i < COUNT(bad); i++) {
		stack_options(bad[i]);
		*stack_log = '\0';
		stack_log_in("alice", stack_code(0));
		assert_int_equal(stack_last.result, PAM_SERVICE_ERR);
		assert_int_equal(stack_last.prompts, 0);
		assert_non_null(strstr(stack_log, "option state"));
	}
}

static void a_user_without_a_secret_has_no_state(void **state)
{
	(void)state;
	stack_log_in("bob", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_non_null(strstr(stack_log, "reason=not-enrolled"));
	stack_options("nullok " STATE_IN);
	stack_log_in("bob", stack_fails);
	assert_int_equal(stack_last.result, PAM_IGNORE);
	stack_log_in("nobody-knows", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_false(exists("home/system"));
}

/* A name that would lead to another folder has no file. Its user is asked and refused. */
static void an_unsafe_name_is_refused(void **state)
{
	static const char *const users[] = {".dot", "sla/sh"};

	(void)state;
	put_back();
	stack_options("nullok " STATE_IN);
	for (unsigned int i = 0; i < COUNT(users); i++) {
		*stack_log = '\0';
		stack_log_in(users[i], stack_code(0));
		assert_int_equal(stack_last.result, PAM_AUTH_ERR);
		assert_int_equal(stack_last.prompts, 1);
		assert_non_null(strstr(stack_log, "state= holds ${USER}"));
	}
	assert_false(exists("home/system"));
}

static unsigned int looks;

/* During the prompt another process can take the lock. */
static void lock_it(void)
{
	int file = open(in_folder(STATE), O_RDONLY | O_CLOEXEC);

	assert_true(file >= 0);
	assert_int_equal(flock(file, LOCK_EX | LOCK_NB), 0);
	close(file);
	looks++;
}

static void nothing_is_held_during_the_prompt(void **state)
{
	(void)state;
	put_back();
	accept("12345678");
	stack_last = (struct stack_login){.user = "alice",
		.rhost = "192.0.2.7",
		.answers = {stack_code(0)},
		.at_prompt = lock_it};
	stack_login(&stack_last);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(looks, 1);
}

static void remove_secret(void)
{
	assert_int_equal(unlink(in_folder(stack_secret("alice"))), 0);
}

static void a_secret_that_goes_away_meanwhile_refuses(void **state)
{
	(void)state;
	put_back();
	stack_options("nullok " STATE_IN);
	stack_last = (struct stack_login){
		.user = "alice", .answers = {stack_code(0)}, .at_prompt = remove_secret};
	stack_login(&stack_last);
	assert_int_equal(stack_last.result, PAM_AUTHINFO_UNAVAIL);
}

static void grace_is_kept_in_the_state(void **state)
{
	(void)state;
	put_back();
	stack_options("grace_period=60 " STATE_IN);
	accept(stack_code(0));
	stack_now += 30;
	stack_log_in("alice", stack_fails);
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_int_equal(stack_last.prompts, 0);
	stack_put_secret("alice", "KRUGS4ZANFZSAYJA\n" TOTP);
	stack_log_in("alice", "000000");
	assert_int_equal(stack_last.result, PAM_AUTH_ERR);
	assert_int_equal(stack_last.prompts, 1);
}

/* The home may not be mounted: then anybody could be let in without a code, or enroll. */
static void a_user_with_a_state_is_enrolled(void **state)
{
	static const char *const options[] = {
		"nullok", "enroll", "nullok enroll", "nullok_until=2999-01-01"};
	char line[256];

	(void)state;
	stack_put_secret("alice", FULL);
	accept(stack_code(0));
	unlink(in_folder(stack_secret("alice")));
	for (unsigned int i = 0; i < COUNT(options); i++) {
		snprintf(line, sizeof line, STATE_IN " %s", options[i]);
		stack_options(line);
		expect(stack_code(1), PAM_AUTHINFO_UNAVAIL,
			"reason=store-error detail=\"the secret is missing");
	}
	put_file(STATE, "damaged\n", 0600);
	expect(stack_code(1), PAM_AUTHINFO_UNAVAIL, "reason=store-error");
	/* Users who never had one are not concerned. */
	unlink(in_folder(STATE));
	stack_options(STATE_IN " nullok");
	expect_skipped();
	put_file(STATE, "totpgroup-state 1\n\" END\n", 0600);
	expect_skipped();
}

static void a_revoked_user_is_not(void **state)
{
	struct user_credential credential = {.place = NULL};
	struct options settings = OPTIONS_INIT;
	struct error error = ERROR_INIT;
	char path[PATH_MAX];

	(void)state;
	stack_put_secret("alice", FULL);
	accept("12345678");
	snprintf(path, sizeof path, "%s", in_folder("home/system/state/${USER}"));
	settings.state = path;
	assert_int_equal(user_credential_find(&credential, &settings, "alice", &error), 0);
	assert_int_equal(user_credential_locate(&credential, &error), 0);
	assert_int_equal(store_remove(credential.place, false, &error), 0);
	assert_non_null(strstr(state_of(STATE), "\" REVOKED 1"));
	stack_options(STATE_IN " nullok");
	expect_skipped();
	/* The secret comes back; what is spent stays spent, and the mark is gone. */
	stack_put_secret("alice", FULL);
	refuse("12345678", "reason=wrong-code");
	accept("87654321");
	assert_null(strstr(state_of(STATE), "REVOKED"));
	unlink(in_folder(stack_secret("alice")));
	expect(stack_code(1), PAM_AUTHINFO_UNAVAIL, "reason=store-error");
	/* root may say so afterwards as well. */
	assert_int_equal(store_remove(credential.place, false, &error), 0);
	expect_skipped();
	assert_int_equal(store_remove(credential.place, false, &error), TOTPGROUP_ENOTFOUND);
	user_credential_free(&credential);
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, stack_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_secret_that_cannot_be_written_works_for_its_whole_life),
		TEST(a_home_that_cannot_be_written_works_for_its_whole_life),
		TEST(codes_stay_spent_when_the_secret_is_put_back),
		TEST(the_state_belongs_to_the_module),
		TEST(a_state_that_is_damaged_or_not_safe_refuses),
		TEST(a_torn_write_brings_no_spent_code_back),
		TEST(a_flipped_bit_brings_back_what_was_spent_last_at_most),
		TEST(a_state_of_an_earlier_version_counts),
		TEST(a_state_that_cannot_be_written_refuses),
		TEST(state_must_name_a_file_for_each_user),
		TEST(a_user_without_a_secret_has_no_state),
		TEST(an_unsafe_name_is_refused),
		TEST(nothing_is_held_during_the_prompt),
		TEST(a_secret_that_goes_away_meanwhile_refuses),
		TEST(grace_is_kept_in_the_state),
		TEST(a_user_with_a_state_is_enrolled),
		TEST(a_revoked_user_is_not),
	};

	(void)argc;
	stack_main(argv);
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
