/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The language of messages is that of the service, if it has set a locale. The module changes
 * nothing of the locale. */

#include "config.h"

#include <dlfcn.h>
#include <libintl.h>
#include <locale.h>
#include <security/pam_appl.h>
#include <unistd.h>

#include "../unit/temporary_folder.h"
#include "../unit/test_support.h"
#include "offer.h"
#include "stack.h"

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

#define TOTP STACK_SECRET "\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"

static unsigned int bindings;

/* Replaces the C library's function, so that the module finds the translations of the build where it
 * looks for installed ones. */
char *bindtextdomain(const char *domain, const char *folder)
{
	char *(*original)(const char *, const char *) = dlsym(RTLD_NEXT, "bindtextdomain");
	const char *build = getenv("top_builddir");
	char path[PATH_MAX];

	assert_non_null(original);
	/* libgpg-error binds a domain too. */
	if (folder == NULL || strcmp(domain, "totpgroup") != 0)
		return original(domain, folder);
	assert_string_equal(folder, LOCALEDIR);
	snprintf(path, sizeof path, "%s/po", build != NULL ? build : ".");
	bindings++;
	return original(domain, path);
}

static int begin(void **state)
{
	int status = stack_setup(state);

	stack_last = (struct stack_login){.rhost = "192.0.2.7"};
	assert_int_equal(setenv("LANGUAGE", "de", 1), 0);
	return status;
}

static int end(void **state)
{
	assert_string_equal(setlocale(LC_ALL, "C"), "C");
	return stack_teardown(state);
}

/* Sets a locale as a service does. Newer C libraries translate nothing in C.UTF-8. */
static bool set_locale(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "en_US.UTF-8", "C.UTF-8"};
	unsigned int i = 0;

	while (i < COUNT(names) && setlocale(LC_ALL, names[i]) == NULL)
		i++;
	return i < COUNT(names);
}

static void speak_german(void)
{
	assert_true(set_locale());
}

/* Whether gettext translates on this machine, without the module. */
static bool can_translate(void)
{
	const char *text = "The verification code is wrong.";
	bool translated;

	assert_int_equal(setenv("LANGUAGE", "de", 1), 0);
	if (!set_locale())
		return false;
	assert_non_null(bindtextdomain("totpgroup", LOCALEDIR));
	translated = strcmp(dgettext("totpgroup", text), text) != 0;
	bindings = 0;
	assert_string_equal(setlocale(LC_ALL, "C"), "C");
	return translated;
}

static void expect_messages(const char *messages)
{
	assert_string_equal(stack_last.messages, messages);
	assert_string_equal(stack_last.prompt, "Verification code: ");
}

static void a_refusal_is_german(void **state)
{
	char code[16];

	(void)state;
	speak_german();
	stack_put_secret("alice", TOTP);
	stack_log_in("alice", "000000");
	expect_messages("error: Der Bestätigungscode wurde nicht angenommen.\n");
	assert_non_null(strstr(stack_log, "reason=wrong-code"));
	snprintf(code, sizeof code, "%s", stack_code(0));
	assert_int_equal(stack_log_in("alice", code), PAM_SUCCESS);
	stack_options("tell_reason");
	stack_log_in("alice", code);
	expect_messages(
		"error: Dieser Code wurde schon benutzt. Warten Sie auf den nächsten.\n");
}

static void numbers_are_put_into_the_german_text(void **state)
{
	(void)state;
	speak_german();
	stack_put_secret("alice", STACK_SECRET "\n\" RATE_LIMIT 1 30\n\" TOTP_AUTH\n");
	stack_options("tell_reason");
	stack_log_in("alice", "000000");
	stack_log_in("alice", "000000");
	assert_string_equal(stack_last.messages,
		"error: Zu viele Versuche. Versuchen Sie es in 31 s noch einmal.\n");
	stack_options("nullok_for=1d first_seen=@D/home/root/${USER}");
	stack_log_in("bob", "000000");
	assert_non_null(strstr(stack_last.messages,
		"info: In 1 Tag brauchen Sie für die Anmeldung hier einen Bestätigungscode. "
		"Richten Sie ihn mit totp-enroll ein.\n"));
	stack_options("nullok_for=3d first_seen=@D/home/root/${USER}");
	stack_log_in("bob", "000000");
	assert_non_null(strstr(stack_last.messages, "info: In 3 Tagen brauchen Sie "));
}

static void expect_all(const char *const *texts, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (strstr(stack_last.messages, texts[i]) == NULL)
			fail_msg("no \"%s\" in %s", texts[i], stack_last.messages);
}

static void an_enrollment_is_german(void **state)
{
	static const char *const texts[] = {
		"info: Von nun an brauchen Sie ",
		"\nund tippen Sie den Code ein, den sie anzeigt. Mit der Eingabetaste allein ",
		"\n\nLink: otpauth://totp/",
		"\nSchlüssel: ",
		"  (zeitbasiert, 6 Ziffern)\n",
		"\nDieser Code ist falsch. ",
		"\nDie Uhr Ihres Telefons geht 9 min nach: ",
		"info: Die App funktioniert: ",
		"\n\nNotfall-Codes, je einmal gültig, ",
	};

	(void)state;
	speak_german();
	offer_options("enroll nullok");
	offer_log_in("alice", "wor");
	assert_int_equal(stack_last.result, PAM_SUCCESS);
	assert_string_equal(stack_last.prompt, "Verification code: ");
	expect_all(texts, COUNT(texts));
}

static void the_apps_of_an_unusual_kind_are_named_in_german(void **state)
{
	static const char *const texts[] = {
		"\nSHA256, 8 Ziffern, 1 Sekunde: Nicht jede App unterstützt das. ",
		"\nEin Code hat acht Ziffern.\n",
		"error: Es wurde nichts gespeichert. ",
	};

	(void)state;
	speak_german();
	make_folder("conf", 0755);
	put_file("conf/t.conf", "[enroll]\nalgorithm=SHA256\ndigits=8\nstep_size=1\n", 0644);
	offer_options("enroll conf=@D/conf/t.conf");
	offer_log_in("alice", "sss");
	nftw(in_folder("conf"), folder_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	expect_all(texts, COUNT(texts));
}

/* A service that did not call setlocale(). Its environment does not count. */
static void without_a_locale_messages_are_english(void **state)
{
	(void)state;
	assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
	stack_put_secret("alice", TOTP);
	stack_log_in("alice", "000000");
	assert_int_equal(unsetenv("LC_ALL"), 0);
	expect_messages("error: The verification code was not accepted.\n");
}

static void in_an_unknown_language_messages_are_english(void **state)
{
	(void)state;
	assert_int_equal(setenv("LANGUAGE", "xx", 1), 0);
	speak_german();
	stack_put_secret("alice", TOTP);
	stack_log_in("alice", "000000");
	expect_messages("error: The verification code was not accepted.\n");
}

/* Everything in a process that concerns languages. */
static void describe(char *text, size_t size)
{
	int length = snprintf(text, size, "%s %p %s", setlocale(LC_ALL, NULL),
		(void *)uselocale((locale_t)0), textdomain(NULL));

	for (char **variable = environ; *variable != NULL; variable++) {
		assert_true((size_t)length < size);
		length += snprintf(text + length, size - (size_t)length, "\n%s", *variable);
	}
	assert_true((size_t)length < size);
}

static void the_locale_of_the_caller_does_not_change(void **state)
{
	static char before[65536], after[65536];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		if (i == 1)
			speak_german();
		assert_non_null(setlocale(LC_NUMERIC, "C"));
		describe(before, sizeof before);
		offer_options("enroll");
		offer_log_in("alice", "wwr");
		assert_int_equal(stack_last.result, PAM_SUCCESS);
		stack_log_in("alice", "000000");
		assert_int_equal(strncmp(stack_last.messages, "error: ", 7), 0);
		describe(after, sizeof after);
		/* A comparison without a printed difference. */
		assert_int_equal(strcmp(after, before), 0);
		unlink(in_folder(stack_secret("alice")));
	}
	assert_string_equal(textdomain(NULL), "messages");
	assert_true(bindings > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_refusal_is_german),
		TEST(numbers_are_put_into_the_german_text),
		TEST(an_enrollment_is_german),
		TEST(the_apps_of_an_unusual_kind_are_named_in_german),
		TEST(without_a_locale_messages_are_english),
		TEST(in_an_unknown_language_messages_are_english),
		TEST(the_locale_of_the_caller_does_not_change),
	};

	(void)argc;
#ifndef ENABLE_NLS
	printf("1..0 # SKIP configured with --disable-nls\n");
	return 77;
#endif
	stack_main(argv);
	if (!can_translate()) {
		printf("1..0 # SKIP there is no locale in which gettext translates\n");
		stack_end(NULL);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, stack_end);
}
