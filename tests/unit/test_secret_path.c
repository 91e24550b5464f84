/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "test_support.h"

#include <limits.h>

#include "allocation.h"
#include "store/secret_path.h"
#include "totpgroup.h"

static void assert_expands(
	const char *specification, const char *user, const char *home, const char *expected)
{
	struct error error = ERROR_INIT;
	char *path = NULL;

	if (secret_path_expand(specification, user, home, &path, &error) != 0)
		fail_msg("\"%s\": %s", specification, error.message);
	assert_string_equal(path, expected);
	free(path);
}

static void assert_refused(
	const char *specification, const char *user, const char *home, const char *words)
{
	struct error error = ERROR_INIT;
	char *path = (char *)&error;

	assert_int_equal(secret_path_expand(specification, user, home, &path, &error),
		TOTPGROUP_EARGUMENT);
	assert_int_equal(error.code, TOTPGROUP_EARGUMENT);
	assert_null(path);
	assert_null(strchr(error.message, '\n'));
	if (strstr(error.message, words) == NULL)
		fail_msg("\"%s\": \"%s\" lacks \"%s\"", specification, error.message, words);
}

static void expansions(void **state)
{
	static const struct {
		const char *specification;
		const char *expected;
	} cases[] = {{SECRET_PATH_DEFAULT, "/home/alice/.google_authenticator"},
		{"~", "/home/alice"}, {"~x", "/home/alicex"},
		{"${HOME}/.otp", "/home/alice/.otp"}, {"${HOME}", "/home/alice"},
		{"/var/lib/otp/${USER}", "/var/lib/otp/alice"},
		{"/var/lib/${USER}/${USER}.otp", "/var/lib/alice/alice.otp"},
		{"/a${USER}b", "/aaliceb"}, {"/a/~", "/a//home/alice"},
		{"/a/~/b", "/a//home/alice/b"}, {"/a~b", "/a~b"}, {"/a~", "/a~"},
		{"/~~", "//home/alice~"}, {"~~", "/home/alice~"},
		{"~/~", "/home/alice//home/alice"}, {"~${USER}", "/home/alicealice"},
		{"/${HOME}~", "//home/alice~"}, {"${HOME}~", "/home/alice~"},
		{"/${USER}~", "/alice~"}, {"${HOME}${HOME}", "/home/alice/home/alice"},
		{"/plain", "/plain"}, {"/", "/"}, {"/%u/%h/%%", "/%u/%h/%%"},
		{"/a\\~", "/a\\~"}, {"/a b", "/a b"}, {"/../~", "/..//home/alice"},
		{"/\xc3\xa9", "/\xc3\xa9"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_expands(
			cases[i].specification, "alice", "/home/alice", cases[i].expected);
}

/* What was put in is text: neither its ~ nor its ${...} means anything, and a
 * ~ behind it is not behind a '/' of the specification. */
static void substituted_text_is_not_expanded(void **state)
{
	(void)state;
	assert_expands("/${USER}", "${HOME}", NULL, "/${HOME}");
	assert_expands("/${USER}", "~", NULL, "/~");
	assert_expands("/${USER}${USER}", "${USER}", NULL, "/${USER}${USER}");
	assert_expands("~", "alice", "/${USER}/~", "/${USER}/~");
	assert_expands("~~", "alice", "/home/", "/home/~");
	assert_expands("/${USER}{HOME}", "$", NULL, "/${HOME}");
}

static void homes(void **state)
{
	(void)state;
	assert_refused("~/x", "alice", NULL, "there is none");
	assert_refused("${HOME}/x", "alice", NULL, "there is none");
	assert_refused("/a/~", "alice", NULL, "there is none");
	assert_refused("~/x", "alice", "", "not an absolute path");
	assert_refused("~/x", "alice", "home", "not an absolute path");
	assert_refused("/a/${HOME}", "alice", "home", "not an absolute path");
	assert_expands("/a/${USER}", "alice", NULL, "/a/alice");
	assert_expands("/a~/${USER}", "alice", "relative", "/a~/alice");
	assert_expands("~/x", "root", "/", "//x");
}

static void results_are_absolute(void **state)
{
	static const char *const cases[] = {
		"", "x", "./x", "../x", "${USER}", "x/~", "%h/x", " /x", "x${HOME}"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i], "alice", "/home/alice", "not absolute");
}

static void unsafe_users(void **state)
{
	static const char *const cases[] = {"", ".", "..", ".hidden", "a/b", "/", "../root",
		"a\n", "\x7f", "a\x1b[2J", "a\tb", "a/", "bob~aBcDe1", "~aaaaaa", "a~b~123456"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_false(secret_path_user_is_safe(cases[i]));
		assert_refused("/otp/${USER}", cases[i], "/home/x", "not safe");
		assert_expands("/otp/x", cases[i], NULL, "/otp/x");
		assert_expands("~/x", cases[i], "/home/x", "/home/x/x");
	}
}

static void safe_users(void **state)
{
	static const char *const cases[] = {"a", "alice", "a.b", "a..", "-rf", "a b",
		"EXAMPLE\\bob", "bob@example.org", "\xc3\xa9mile", "a:b", "~", "$", "%u",
		"bob~aBcDe", "bob~aBcDe12", "bob~aBcD-1", "aBcDe1"};
	char longest[257];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(secret_path_user_is_safe(cases[i]));
	memset(longest, 'a', sizeof longest);
	longest[256] = '\0';
	assert_false(secret_path_user_is_safe(longest));
	assert_refused("/otp/${USER}", longest, NULL, "not safe");
	longest[255] = '\0';
	assert_true(secret_path_user_is_safe(longest));
}

/* Taken as plain text, such a path would be nobody's file, or the same for all. */
static void other_variables_are_refused(void **state)
{
	static const struct {
		const char *specification;
		const char *variable;
	} cases[] = {{"/home/$USER/.ga", "$USER;"}, {"/$HOME/x", "$HOME;"},
		{"/${USERNAME}", "${USERNAME};"}, {"/${home}", "${home};"},
		{"/${HOME", "${HOME;"}, {"/${USER/x", "${USER;"}, {"/${", "${;"}, {"/$", "$;"},
		{"/$/x", "$;"}, {"/$$", "$;"}, {"/$${USER}", "$;"}, {"/${${USER}}", "${;"},
		{"/${USER}/$x-y", "$x;"}, {"$HOME/x", "$HOME;"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_INIT;
		char *path = (char *)&error;
		char words[64];

		snprintf(words, sizeof words, "unknown variable %s", cases[i].variable);
		assert_int_equal(option_path_check("state", cases[i].specification, &error),
			TOTPGROUP_ECONFIG);
		if (strstr(error.message, words) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", error.message, words);
		assert_non_null(strstr(error.message, "option state="));
		assert_non_null(strstr(error.message, "; use ${USER} or ${HOME}"));
		error = (struct error)ERROR_INIT;
		assert_int_equal(secret_path_expand(cases[i].specification, "alice",
					 "/home/alice", &path, &error),
			TOTPGROUP_ECONFIG);
		assert_null(path);
		assert_non_null(strstr(error.message, "option secret="));
	}
}

static void a_name_or_a_home_may_have_a_dollar_sign(void **state)
{
	(void)state;
	assert_expands("~/${USER}", "host$", "/home/$x", "/home/$x/host$");
}

/* What to do stands at the end of the message, which is cut there if it is too long. */
static void a_long_path_does_not_cut_the_message(void **state)
{
	struct error error = ERROR_INIT;
	char path[2000];

	(void)state;
	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[1] = '$';
	path[sizeof path - 1] = '\0';
	assert_int_equal(option_path_check("first_seen", path, &error), TOTPGROUP_ECONFIG);
	assert_non_null(strstr(error.message, "; use ${USER} or ${HOME}"));
}

static void another_option_is_named(void **state)
{
	struct error error = ERROR_INIT;
	char *path;

	(void)state;
	assert_int_equal(option_path_expand("state", "/x/${USER}", "a/b", NULL, &path, &error),
		TOTPGROUP_EARGUMENT);
	assert_non_null(strstr(error.message, "state= holds ${USER}"));
	assert_null(path);
	assert_int_equal(
		option_path_expand("state", "/x/${USER}", "ab", NULL, &path, &error), 0);
	assert_string_equal(path, "/x/ab");
	free(path);
}

/* PATH_MAX counts the NUL, as open(2) does. */
static void lengths(void **state)
{
	char specification[PATH_MAX + 8];
	char home[PATH_MAX + 8];

	(void)state;
	memset(specification, 'a', sizeof specification);
	specification[0] = '/';
	specification[PATH_MAX - 1] = '\0';
	assert_expands(specification, "alice", NULL, specification);
	specification[PATH_MAX - 1] = 'a';
	specification[PATH_MAX] = '\0';
	assert_refused(specification, "alice", NULL, "too long");
	memset(home, 'h', sizeof home);
	home[0] = '/';
	home[PATH_MAX - 3] = '\0';
	assert_refused("~/xx", "alice", home, "too long");
	memcpy(specification, home, sizeof home);
	memcpy(specification + PATH_MAX - 3, "/x", sizeof "/x");
	assert_expands("~/x", "alice", home, specification);
	home[PATH_MAX - 3] = 'h';
	home[PATH_MAX + 7] = '\0';
	assert_refused("~", "alice", home, "too long");
}

static void many_substitutions(void **state)
{
	char specification[7 * 4096 + 1];

	(void)state;
	for (size_t i = 0; i < 4096; i++)
		memcpy(specification + 7 * i, "${HOME}", 7);
	specification[sizeof specification - 1] = '\0';
	assert_refused(specification, "alice", "/home/alice", "too long");
	specification[7 * 4] = '\0';
	assert_expands(specification, "alice", "/h", "/h/h/h/h");
}

static void no_memory(void **state)
{
	struct error error = ERROR_INIT;
	char *path = (char *)&error;
	int code;

	(void)state;
	allocation_to_fail = 1;
	code = secret_path_expand("/x", "alice", NULL, &path, &error);
	assert_int_equal(allocation_to_fail, 0);
	assert_int_equal(code, TOTPGROUP_EMEMORY);
	assert_null(path);
}

/* The same rules written the other way round: pieces whose meaning is known
 * when they are chosen. */
static void random_specifications(void **state)
{
	static const struct {
		const char *piece;
		const char *expanded;
	} pieces[] = {{"${HOME}", "/h/al"}, {"${USER}", "al"}, {"/", "/"}, {"a", "a"},
		{"{", "{"}, {"}", "}"}, {"%u", "%u"}, {"HOME}", "HOME}"}, {"~", NULL}};
	struct test_random random = test_random_begin();

	(void)state;
	for (unsigned int round = 0; round < test_rounds(20000); round++) {
		char specification[256] = "/";
		char expected[256] = "/";

		for (unsigned i = test_random_below(&random, 16); i > 0; i--) {
			size_t chosen = test_random_below(&random, COUNT(pieces));
			const char *expanded = pieces[chosen].expanded;

			if (expanded == NULL)
				expanded = specification[strlen(specification) - 1] == '/'
						   ? "/h/al"
						   : "~";
			strcat(specification, pieces[chosen].piece);
			strcat(expected, expanded);
		}
		assert_expands(specification, "al", "/h/al", expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(expansions),
		cmocka_unit_test(substituted_text_is_not_expanded), cmocka_unit_test(homes),
		cmocka_unit_test(results_are_absolute), cmocka_unit_test(unsafe_users),
		cmocka_unit_test(safe_users), cmocka_unit_test(other_variables_are_refused),
		cmocka_unit_test(a_name_or_a_home_may_have_a_dollar_sign),
		cmocka_unit_test(a_long_path_does_not_cut_the_message),
		cmocka_unit_test(another_option_is_named), cmocka_unit_test(lengths),
		cmocka_unit_test(many_substitutions), cmocka_unit_test(no_memory),
		cmocka_unit_test(random_specifications)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
