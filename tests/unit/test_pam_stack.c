/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading the lines of a PAM service. */

#include "config.h"

#include "test_support.h"

#include "cli/pamconf/pamconf.h"
#include "temporary_folder.h"
#include "totpgroup.h"

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

static void put_service(const char *name, const char *text)
{
	put_file(name, text, 0600);
}

static int read_service(struct pam_stack *stack, struct error *error)
{
	const char *const folders[] = {in_folder("missing"), folder_path, NULL};

	return pam_stack_read(stack, folders, "service", error);
}

static void must_read(struct pam_stack *stack, const char *text)
{
	struct error error = ERROR_INIT;

	put_service("service", text);
	if (read_service(stack, &error) != 0)
		fail_msg("\"%s\": %s", text, error.message);
}

static void assert_refused(const char *text, unsigned int line, const char *words)
{
	struct error error = ERROR_INIT;
	struct pam_stack stack;
	char where[300];

	put_service("service", text);
	assert_int_equal(read_service(&stack, &error), TOTPGROUP_EFORMAT);
	snprintf(where, sizeof where, "service:%u: ", line);
	if (strstr(error.message, where) == NULL || strstr(error.message, words) == NULL)
		fail_msg("\"%s\": \"%s\" lacks \"%s\" or \"%s\"", text, error.message, where,
			words);
	assert_null(stack.lines);
	assert_null(stack.files);
}

static void words_are_taken_as_pam_takes_them(void **state)
{
	struct pam_stack stack;
	const struct pam_line *line;

	(void)state;
	must_read(&stack, "# nothing\n\n"
			  "  AUTH\tRequired  pam_a.so one [two words] [a\\]b] three=[x # four\n"
			  "-session [success=1 default=ignore]pam_b.so");
	assert_int_equal(stack.count, 2);
	line = &stack.lines[0];
	assert_string_equal(line->file, in_folder("service"));
	assert_int_equal(line->number, 3);
	assert_int_equal(line->depth, 0);
	assert_int_equal(line->level, 0);
	assert_int_equal(line->top, 3);
	assert_null(line->includer);
	assert_int_equal(line->type, PAM_TYPE_AUTH);
	assert_false(line->silent);
	assert_false(line->bracketed);
	assert_string_equal(line->control, "Required");
	assert_string_equal(line->module, "pam_a.so");
	assert_int_equal(line->argument_count, 4);
	assert_string_equal(line->arguments[0], "one");
	assert_string_equal(line->arguments[1], "two words");
	assert_string_equal(line->arguments[2], "a]b");
	assert_string_equal(line->arguments[3], "three=[x");
	line = &stack.lines[1];
	assert_int_equal(line->type, PAM_TYPE_SESSION);
	assert_true(line->silent);
	assert_true(line->bracketed);
	assert_string_equal(line->control, "success=1 default=ignore");
	assert_string_equal(line->module, "pam_b.so");
	assert_int_equal(line->argument_count, 0);
	pam_stack_free(&stack);
}

/* A backslash continues a line over blank lines and comments. In a comment it does
 * not. */
static void a_backslash_continues_a_line(void **state)
{
	struct pam_stack stack;

	(void)state;
	must_read(&stack, "auth \\\n# comment\n\n required\\  \npam_a.so \\\n x\n"
			  "auth required pam_b.so # x \\\nauth required pam_c.so\n"
			  "auth required pam_d.so \\ # x\nauth required pam_e.so \\");
	assert_int_equal(stack.count, 5);
	assert_int_equal(stack.lines[0].number, 1);
	assert_string_equal(stack.lines[0].module, "pam_a.so");
	assert_string_equal(stack.lines[0].arguments[0], "x");
	assert_int_equal(stack.lines[1].number, 7);
	assert_int_equal(stack.lines[1].argument_count, 0);
	assert_string_equal(stack.lines[2].module, "pam_c.so");
	assert_int_equal(stack.lines[3].argument_count, 1);
	assert_string_equal(stack.lines[3].arguments[0], "\\");
	assert_int_equal(stack.lines[4].argument_count, 0);
	pam_stack_free(&stack);
}

static void included_lines_are_in_order(void **state)
{
	struct pam_stack stack;
	const struct pam_line *line;

	(void)state;
	put_service("inner", "auth required pam_i.so\naccount required pam_j.so\n");
	put_service("outer", "auth required pam_o.so\n@include inner\n");
	must_read(&stack, "@include outer\nauth include inner\n"
			  "auth substack outer\nsession required pam_s.so\n");
	assert_int_equal(stack.count, 8);
	assert_int_equal(stack.file_count, 3);
	line = &stack.lines[1];
	assert_string_equal(line->module, "pam_i.so");
	assert_string_equal(line->file, in_folder("inner"));
	assert_int_equal(line->number, 1);
	assert_int_equal(line->depth, 2);
	assert_int_equal(line->top, 1);
	assert_string_equal(line->includer, in_folder("outer"));
	assert_int_equal(line->includer_number, 2);
	assert_int_equal(stack.lines[2].type, PAM_TYPE_ACCOUNT);
	/* include takes only lines of its own type. */
	assert_string_equal(stack.lines[3].module, "pam_i.so");
	assert_int_equal(stack.lines[3].level, 0);
	assert_int_equal(stack.lines[3].top, 2);
	assert_null(stack.lines[4].module);
	assert_int_equal(stack.lines[4].level, 0);
	assert_string_equal(stack.lines[5].module, "pam_o.so");
	assert_int_equal(stack.lines[5].level, 1);
	/* So does @include within a substack. */
	assert_string_equal(stack.lines[6].module, "pam_i.so");
	assert_int_equal(stack.lines[6].level, 1);
	assert_int_equal(stack.lines[6].top, 3);
	assert_string_equal(stack.lines[7].module, "pam_s.so");
	assert_int_equal(stack.lines[7].level, 0);
	pam_stack_free(&stack);
}

static void a_file_is_included_by_its_path(void **state)
{
	struct pam_stack stack;
	char text[400];

	(void)state;
	put_service("inner", "auth required pam_i.so\n");
	snprintf(text, sizeof text, "auth include %s\n", in_folder("inner"));
	must_read(&stack, text);
	assert_int_equal(stack.count, 1);
	pam_stack_free(&stack);
}

static void lines_that_pam_refuses_are_malformed(void **state)
{
	(void)state;
	assert_refused("\nauht required pam_a.so\n", 2, "auth, account");
	assert_refused("auth\n", 1, "control field is missing");
	assert_refused("auth required\n", 1, "module is missing");
	assert_refused("auth include\n", 1, "name is missing");
	assert_refused("auth [success=ok pam_a.so\n", 1, "not closed");
	assert_refused("auth required pam_a.so [x\n", 1, "not closed");
	assert_refused("auth bogus pam_a.so\n", 1, "control field is malformed");
	assert_refused("auth [success=0] pam_a.so\n", 1, "control field is malformed");
	assert_refused("auth [success] pam_a.so\n", 1, "control field is malformed");
	assert_refused("auth [nothing=ok] pam_a.so\n", 1, "control field is malformed");
	assert_refused("auth [success=what] pam_a.so\n", 1, "control field is malformed");
	assert_refused("auth required pam_a.so\n@include nowhere\n", 2, "no file nowhere");
	assert_refused("@include service\n", 1, "too deeply");
	assert_refused("auth substack service\n", 1, "too deeply");
}

/* Each file includes the next one twice: few files make very many lines. */
static void too_many_inclusions_are_refused(void **state)
{
	struct error error = ERROR_INIT;
	struct pam_stack stack;
	char text[100];

	(void)state;
	for (char name = 'a'; name < 'a' + 15; name++) {
		snprintf(text, sizeof text, "@include %c\n@include %c\n", name + 1, name + 1);
		put_service((char[]){name, '\0'}, text);
	}
	put_service("p", "");
	put_service("service", "@include a\n");
	assert_int_equal(read_service(&stack, &error), TOTPGROUP_EFORMAT);
	assert_non_null(strstr(error.message, "too often"));
}

static void a_missing_service_is_an_error(void **state)
{
	struct error error = ERROR_INIT;
	struct pam_stack stack;

	(void)state;
	unlink(in_folder("service"));
	assert_int_equal(read_service(&stack, &error), TOTPGROUP_ENOTFOUND);
	assert_non_null(strstr(error.message, "service"));
	assert_int_equal(pam_stack_read(&stack, pam_stack_folders, "../passwd", &error),
		TOTPGROUP_EARGUMENT);
	assert_int_equal(mkdir(in_folder("service"), 0700), 0);
	assert_int_equal(read_service(&stack, &error), TOTPGROUP_EFORMAT);
	assert_int_equal(rmdir(in_folder("service")), 0);
}

static void controls_are_read_as_actions(void **state)
{
	int actions[PAM_CONTROL_RESULTS];

	(void)state;
	assert_true(pam_control_read("requisite", false, actions));
	assert_int_equal(actions[0], PAM_ACTION_OK);
	assert_int_equal(actions[25], PAM_ACTION_IGNORE);
	assert_int_equal(actions[7], PAM_ACTION_DIE);
	assert_true(pam_control_read("default=3 success=done\tAUTH_ERR = die", true, actions));
	assert_int_equal(actions[0], PAM_ACTION_DONE);
	assert_int_equal(actions[7], PAM_ACTION_DIE);
	assert_int_equal(actions[31], 3);
	assert_true(pam_control_read("ignore=reset", true, actions));
	assert_int_equal(actions[25], PAM_ACTION_RESET);
	assert_int_equal(actions[0], PAM_ACTION_BAD);
	assert_false(pam_control_read("required", true, actions));
	assert_false(pam_control_read("success=ok", false, actions));
}

static void assert_text(const struct pam_line_change *change, const char *expected)
{
	struct text text = TEXT_INIT;
	struct pam_stack stack;

	must_read(&stack, "-auth [default=ignore] pam_a.so x [y z] [a\\]\tb] []\n");
	assert_int_equal(pam_line_text(&text, &stack.lines[0], change), 0);
	assert_string_equal(text.data, expected);
	text_free(&text);
	pam_stack_free(&stack);
}

static void a_line_is_written_with_its_change(void **state)
{
	struct pam_line_change change = PAM_LINE_CHANGE_NONE;

	(void)state;
	assert_text(&change, "auth [default=ignore] pam_a.so x [y z] [a\\]\tb] []");
	change.control = "required";
	change.argument = 1;
	assert_text(&change, "auth required pam_a.so x [a\\]\tb] []");
	change.module = "pam_b.so";
	change.replacement = "z";
	change.more = "group=x y";
	assert_text(&change, "auth required pam_b.so x z [a\\]\tb] [] [group=x y]");
}

static void assert_shorter(const char *control, unsigned int modules, const char *expected)
{
	struct text text = TEXT_INIT;
	struct pam_stack stack;
	char line[200];

	snprintf(line, sizeof line, "auth %s pam_a.so\n", control);
	must_read(&stack, line);
	assert_int_equal(pam_line_shorter_jump(&text, &stack.lines[0], modules), 0);
	assert_string_equal(text.data, expected);
	text_free(&text);
	pam_stack_free(&stack);
}

static void jumps_are_shortened(void **state)
{
	(void)state;
	assert_shorter("[success=2 default=ignore]", 1, "[success=1 default=ignore]");
	assert_shorter("[success=1 default=2]", 1, "[success=1 default=1]");
	assert_shorter("[success=done default=die]", 0, "[success=ok default=die]");
	assert_shorter("sufficient", 1, "[success=1 new_authtok_reqd=1 default=ignore]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_taken_as_pam_takes_them),
		cmocka_unit_test(a_backslash_continues_a_line),
		cmocka_unit_test(included_lines_are_in_order),
		cmocka_unit_test(a_file_is_included_by_its_path),
		cmocka_unit_test(lines_that_pam_refuses_are_malformed),
		cmocka_unit_test(too_many_inclusions_are_refused),
		cmocka_unit_test(a_missing_service_is_an_error),
		cmocka_unit_test(controls_are_read_as_actions),
		cmocka_unit_test(a_line_is_written_with_its_change),
		cmocka_unit_test(jumps_are_shortened)};

	return cmocka_run_group_tests(tests, begin, end);
}
