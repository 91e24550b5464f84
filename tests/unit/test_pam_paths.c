/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ways through a stack, compared with what libpam does with the same stack:
 * pam_debug.so answers what its arguments say. */

#include "config.h"

#include "test_support.h"

#include <security/pam_appl.h>

#include "cli/pamconf/pamconf.h"
#include "temporary_folder.h"

static int begin(void **state)
{
	(void)state;
	folder_begin();
	return 0;
}

static int end(void **state)
{
	(void)state;
	folder_end();
	return 0;
}

static void read_stack(struct pam_stack *stack)
{
	const char *const folders[] = {folder_path, NULL};
	struct error error = ERROR_INIT;

	if (pam_stack_read(stack, folders, "service", &error) != 0)
		fail_msg("%s", error.message);
}

/* The results of pam_debug.so that are tried, and their numbers. */
static const struct {
	const char *name;
	unsigned int number;
} results[] = {{"success", PAM_SUCCESS}, {"ignore", PAM_IGNORE}, {"auth_err", PAM_AUTH_ERR},
	{"new_authtok_reqd", PAM_NEW_AUTHTOK_REQD}, {"user_unknown", PAM_USER_UNKNOWN}};

static uint32_t results_of(const struct pam_line *line)
{
	for (size_t i = 0; line->module != NULL && i < COUNT(results); i++)
		if (strcmp(line->arguments[0] + strlen("auth="), results[i].name) == 0)
			return PAM_RESULT(results[i].number);
	return 0;
}

static size_t make_trials(const struct pam_stack *stack, struct pam_trial *trials)
{
	for (size_t i = 0; i < stack->count; i++)
		trials[i] = (struct pam_trial){
			.line = &stack->lines[i],
			.results = results_of(&stack->lines[i]),
		};
	return stack->count;
}

static int converse(int count, const struct pam_message **messages,
	struct pam_response **responses, void *data)
{
	(void)count;
	(void)messages;
	(void)responses;
	(void)data;
	return PAM_CONV_ERR;
}

static bool libpam_succeeds(void)
{
	const struct pam_conv conversation = {.conv = converse};
	pam_handle_t *handle = NULL;
	int result;

	assert_int_equal(
		pam_start_confdir("service", "somebody", &conversation, folder_path, &handle),
		PAM_SUCCESS);
	result = pam_authenticate(handle, PAM_SILENT);
	pam_end(handle, result);
	return result == PAM_SUCCESS;
}

static const char *any_action(struct test_random *random)
{
	static const char *const actions[] = {
		"ok", "ignore", "bad", "die", "done", "reset", "1", "2", "3"};

	return actions[test_random_below(random, COUNT(actions))];
}

/* With pam_start_confdir() some versions of libpam look elsewhere for an included file
 * unless its path is absolute. */
static void put_line(struct test_random *random, FILE *file)
{
	static const char *const controls[] = {
		"required", "requisite", "sufficient", "optional"};
	const char *result = results[test_random_below(random, COUNT(results))].name;

	if (test_random_below(random, 8) == 0)
		fprintf(file, "auth %s %s\n",
			test_random_below(random, 3) == 0 ? "include" : "substack",
			in_folder("inner"));
	else if (test_random_below(random, 2) == 0)
		fprintf(file, "auth %s pam_debug.so auth=%s\n",
			controls[test_random_below(random, COUNT(controls))], result);
	else
		fprintf(file,
			"auth [success=%s ignore=%s auth_err=%s default=%s] "
			"pam_debug.so auth=%s\n",
			any_action(random), any_action(random), any_action(random),
			any_action(random), result);
}

static void put_random(struct test_random *random, const char *name, bool innermost)
{
	FILE *file = fopen(in_folder(name), "w");

	assert_non_null(file);
	for (uint64_t left = 1 + test_random_below(random, 6); left > 0; left--)
		if (innermost)
			fprintf(file, "auth [success=%s default=%s] pam_debug.so auth=%s\n",
				any_action(random), any_action(random),
				results[test_random_below(random, COUNT(results))].name);
		else
			put_line(random, file);
	assert_int_equal(fclose(file), 0);
}

static void stacks_succeed_like_those_of_libpam(void **state)
{
	struct test_random random = test_random_begin();
	struct pam_trial trials[100];
	struct pam_stack stack;
	struct pam_paths paths;
	const unsigned int rounds = test_rounds(3000);
	unsigned int yes = 0;

	(void)state;
	put_file("other", "auth required pam_deny.so\n", 0600);
	for (unsigned int round = 0; round < rounds; round++) {
		bool expected;

		put_random(&random, "inner", true);
		put_random(&random, "service", false);
		read_stack(&stack);
		expected = libpam_succeeds();
		yes += expected;
		assert_int_equal(
			pam_paths_find(&paths, trials, make_trials(&stack, trials)), 0);
		if (paths.succeeds[PAM_WATCHED_NOT_RUN] != expected) {
			char *inner = strdup(text_of("inner"));

			fail_msg("round %u: libpam says %s to\n%sinner:\n%s", round,
				expected ? "yes" : "no", text_of("service"), inner);
		}
		pam_stack_free(&stack);
	}
	/* Each answer is given often. */
	assert_in_range(yes, rounds / 20, rounds / 20 * 19);
}

static enum pam_role role_of(const struct pam_line *line)
{
	if (pam_line_names(line, "pam_p.so"))
		return PAM_ROLE_PASSWORD;
	return pam_line_names(line, "pam_f.so") ? PAM_ROLE_FACTOR : PAM_ROLE_NONE;
}

/* Finds the ways through lines whose modules may have every result; pam_w.so is
 * watched, pam_p.so asks for a password and says yes or no, and pam_f.so asks for something
 * else. */
static void find_paths(struct pam_paths *paths, const char *text)
{
	struct pam_trial trials[100];
	struct pam_stack stack;

	put_file("service", text, 0600);
	read_stack(&stack);
	for (size_t i = 0; i < stack.count; i++)
		trials[i] = (struct pam_trial){
			.line = &stack.lines[i],
			.results = role_of(&stack.lines[i]) == PAM_ROLE_PASSWORD
					   ? ~PAM_RESULTS_IGNORE
					   : PAM_RESULTS_ALL,
			.watched = pam_line_names(&stack.lines[i], "pam_w.so"),
			.role = role_of(&stack.lines[i]),
		};
	assert_int_equal(pam_paths_find(paths, trials, stack.count), 0);
	pam_stack_free(&stack);
}

static void the_gravest_answer_of_watched_lines_counts(void **state)
{
	struct pam_paths paths;

	(void)state;
	find_paths(&paths, "auth requisite pam_a.so\nauth required pam_w.so\n");
	assert_false(paths.succeeds[PAM_WATCHED_NOT_RUN]);
	assert_false(paths.succeeds[PAM_WATCHED_FAILED]);
	assert_true(paths.succeeds[PAM_WATCHED_IGNORED]);
	assert_true(paths.succeeds[PAM_WATCHED_SUCCEEDED]);
	assert_false(paths.reached_refused);
	find_paths(&paths, "auth required pam_a.so\nauth required pam_w.so\n");
	assert_true(paths.reached_refused);
	find_paths(&paths, "auth required pam_w.so\n");
	assert_false(paths.succeeds[PAM_WATCHED_IGNORED]);
	find_paths(&paths, "auth required pam_a.so\nauth optional pam_w.so\n");
	assert_true(paths.succeeds[PAM_WATCHED_FAILED]);
	/* Of several lines the gravest answer counts. */
	find_paths(&paths, "auth required pam_w.so\nauth optional pam_w.so\n");
	assert_true(paths.succeeds[PAM_WATCHED_FAILED]);
	find_paths(&paths, "auth required pam_w.so\nauth required pam_w.so\n");
	assert_false(paths.succeeds[PAM_WATCHED_FAILED]);
}

static void the_line_that_skips_is_found(void **state)
{
	struct pam_paths paths;

	(void)state;
	find_paths(&paths, "auth optional pam_a.so\nauth sufficient pam_b.so\n"
			   "auth required pam_c.so\nauth required pam_w.so\n");
	assert_true(paths.succeeds[PAM_WATCHED_NOT_RUN]);
	assert_int_equal(paths.skipper, 1);
	assert_int_equal(paths.skipping_result, PAM_SUCCESS);
	find_paths(&paths, "auth [default=1] pam_a.so\nauth required pam_w.so\n"
			   "auth required pam_c.so\n");
	assert_int_equal(paths.skipper, 0);
	find_paths(&paths, "auth [success=2 default=die] pam_a.so\nauth required pam_b.so\n"
			   "auth required pam_w.so\n");
	assert_false(paths.succeeds[PAM_WATCHED_NOT_RUN]);
	assert_int_equal(paths.skipper, PAM_PATHS_NONE);
}

static void what_identifies_the_user_is_told_apart(void **state)
{
	struct pam_paths paths;

	(void)state;
	find_paths(&paths, "auth requisite pam_p.so\nauth required pam_w.so\n");
	assert_true(paths.succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_PASSWORD]);
	assert_false(paths.reached_wrong);
	assert_false(paths.reached_first);
	find_paths(&paths, "auth optional pam_p.so\nauth required pam_w.so\n");
	assert_true(paths.succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_WRONG]);
	assert_true(paths.reached_wrong);
	find_paths(&paths, "auth required pam_p.so\nauth required pam_w.so\n");
	assert_false(paths.succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_WRONG]);
	assert_true(paths.reached_wrong);
	find_paths(&paths, "auth sufficient pam_w.so\nauth required pam_p.so\n");
	assert_true(paths.succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_NOT_RUN]);
	assert_true(paths.reached_first);
	assert_int_equal(paths.passer, 0);
	assert_int_equal(paths.passing_result, PAM_SUCCESS);
	find_paths(&paths, "auth [success=1 default=ignore] pam_f.so\n"
			   "auth requisite pam_p.so\nauth required pam_w.so\n");
	assert_true(paths.succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_OTHERWISE]);
	assert_false(paths.succeeds_as[PAM_WATCHED_SUCCEEDED][PAM_IDENTIFIED_WRONG]);
	assert_int_equal(paths.passer, PAM_PATHS_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_succeed_like_those_of_libpam),
		cmocka_unit_test(the_gravest_answer_of_watched_lines_counts),
		cmocka_unit_test(the_line_that_skips_is_found),
		cmocka_unit_test(what_identifies_the_user_is_told_apart)};

	return cmocka_run_group_tests(tests, begin, end);
}
