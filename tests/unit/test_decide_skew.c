/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "decide_support.h"

#define TOTP SECRET "\n\" TOTP_AUTH\n"

/* A credential, and the codes of a device that is ahead or behind. */
struct scene {
	totpgroup_credential *credential;
	struct attempt attempt;
	code_text code;
};

static void begin(struct scene *scene, const char *text)
{
	scene->credential = load(text);
	scene->attempt = attempt_with(scene->code);
}

static void end(struct scene *scene)
{
	totpgroup_credential_free(scene->credential);
}

/* Types the code of a step when the host is at another. */
static void at(struct scene *scene, int64_t host_step, int64_t code_step)
{
	scene->attempt.now = host_step * 30 + 15;
	put_code(code_step, 6, 0, scene->code);
}

static struct decision wrong(struct scene *scene)
{
	struct decision decision =
		assert_refused(scene->credential, &scene->attempt, TOTPGROUP_REASON_WRONG_CODE);

	return decision;
}

static struct decision right(struct scene *scene)
{
	return assert_accepted(scene->credential, &scene->attempt, TOTPGROUP_METHOD_TOTP);
}

static void a_skew_is_learned_with_the_third_code(void **state)
{
	static const int64_t skews[] = {-1499, -20, -2, 2, 20, 1499};

	(void)state;
	for (size_t i = 0; i < COUNT(skews); i++) {
		int64_t skew = skews[i], offset = skew * 30 + (skew > 0 ? -15 : 14);
		struct scene scene;
		struct decision decision;
		char after[200];

		begin(&scene, TOTP);
		for (int64_t step = STEP; step < STEP + 2; step++) {
			at(&scene, step, step + skew);
			decision = wrong(&scene);
			assert_false(decision.no_match);
			assert_true(decision.result.changed);
			assert_int_equal(decision.result.offset, offset);
		}
		snprintf(after, sizeof after,
			SECRET "\n\" RESETTING_TIME_SKEW 60000000%+d 60000001%+d\n"
			       "\" TOTP_AUTH\n",
			(int)skew, (int)skew);
		assert_credential(scene.credential, after);
		at(&scene, STEP + 2, STEP + 2 + skew);
		decision = right(&scene);
		assert_true(decision.result.changed);
		assert_int_equal(decision.result.offset, offset);
		assert_int_equal(decision.result.step, STEP + 2 + skew);
		snprintf(after, sizeof after,
			SECRET "\n\" TIME_SKEW %d\n\" RESETTING_TIME_SKEW \n\" TOTP_AUTH\n",
			(int)skew);
		assert_credential(scene.credential, after);
		/* The skew is now the center of the window. */
		at(&scene, STEP + 3, STEP + 3 + skew);
		assert_false(right(&scene).result.changed);
		at(&scene, STEP + 3, STEP + 3);
		wrong(&scene);
		end(&scene);
	}
}

static void the_third_code_is_spent(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, TOTP "\" DISALLOW_REUSE\n");
	at(&scene, STEP, STEP + 20);
	wrong(&scene);
	at(&scene, STEP + 2, STEP + 21);
	wrong(&scene);
	at(&scene, STEP + 4, STEP + 24);
	right(&scene);
	assert_credential(scene.credential,
		SECRET "\n\" TIME_SKEW 19\n\" RESETTING_TIME_SKEW \n\" TOTP_AUTH\n"
		       "\" DISALLOW_REUSE 60000024\n");
	assert_refused(scene.credential, &scene.attempt, TOTPGROUP_REASON_REUSED);
	end(&scene);
	/* The third code is spent with disallow_reuse, too. */
	begin(&scene, TOTP "\" RESETTING_TIME_SKEW 59999998+20 59999999+20\n");
	scene.attempt.disallow_reuse = true;
	at(&scene, STEP, STEP + 20);
	right(&scene);
	assert_refused(scene.credential, &scene.attempt, TOTPGROUP_REASON_REUSED);
	end(&scene);
}

/* A third code that was spent before is refused, and teaches nothing. */
static void a_spent_third_code_completes_nothing(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, TOTP "\" RESETTING_TIME_SKEW 59999998-20 59999999-20\n"
			   "\" DISALLOW_REUSE 59999980\n");
	at(&scene, STEP, STEP - 20);
	assert_refused(scene.credential, &scene.attempt, TOTPGROUP_REASON_REUSED);
	assert_int_equal(credential_lenient_number(scene.credential, "TIME_SKEW"), 0);
	end(&scene);
}

/* As in google-authenticator, the first two codes of a run are recorded even if they are
 * spent, or the list is damaged. They are refused. */
static void spent_codes_are_recorded_but_refused(void **state)
{
	static const struct {
		const char *list;
		enum totpgroup_reason reason, last;
	} rows[] = {
		{"59999980 59999981", TOTPGROUP_REASON_REUSED, TOTPGROUP_REASON_NONE},
		{"x", TOTPGROUP_REASON_BAD_FILE, TOTPGROUP_REASON_BAD_FILE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		char text[200];

		snprintf(text, sizeof text, TOTP "\" DISALLOW_REUSE %s\n", rows[i].list);
		begin(&scene, text);
		for (int64_t step = STEP; step < STEP + 2; step++) {
			at(&scene, step, step - 20);
			assert_refused(scene.credential, &scene.attempt, rows[i].reason);
		}
		snprintf(text, sizeof text,
			SECRET
			"\n\" RESETTING_TIME_SKEW 60000000-20 60000001-20\n\" TOTP_AUTH\n"
			"\" DISALLOW_REUSE %s\n",
			rows[i].list);
		assert_credential(scene.credential, text);
		at(&scene, STEP + 2, STEP - 18);
		if (rows[i].last == TOTPGROUP_REASON_NONE) {
			right(&scene);
		} else {
			assert_refused(scene.credential, &scene.attempt, rows[i].last);
			assert_credential(scene.credential, text);
		}
		end(&scene);
	}
}

static void a_skew_is_looked_for_up_to_its_bound(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene scene;
		int sign = i == 0 ? -1 : 1;

		begin(&scene, TOTP);
		at(&scene, STEP, STEP + sign * 1499);
		assert_true(wrong(&scene).result.offset_known);
		at(&scene, STEP + 5, STEP + 5 + sign * 1500);
		assert_false(wrong(&scene).result.offset_known);
		assert_true(wrong(&scene).no_match);
		end(&scene);
	}
}

static void no_skew_is_learned_where_that_is_off(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, TOTP);
	scene.attempt.no_skew_adjust = true;
	for (int64_t step = STEP; step < STEP + 5; step++) {
		struct decision decision;

		at(&scene, step, step + 20);
		decision = wrong(&scene);
		assert_true(decision.no_match);
		assert_int_equal(decision.result.offset, 585);
	}
	assert_credential(scene.credential, TOTP);
	end(&scene);
}

/* A stored skew counts even if none may be learned. */
static void a_stored_skew_moves_the_window(void **state)
{
	static const struct {
		const char *value;
		int64_t skew;
	} rows[] = {{"20", 20}, {"-20", -20}, {"+5", 5}, {"x", 0}, {"", 0}, {"0", 0}, {"7x", 7},
		{"2147483647", INT32_MAX}, {"-2147483648", INT32_MIN}, {"2147483648", 0},
		{"-2147483649", 0}, {"99999999999999999999", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct scene scene;
		char text[200];

		snprintf(text, sizeof text, TOTP "\" TIME_SKEW %s\n", rows[i].value);
		begin(&scene, text);
		scene.attempt.no_skew_adjust = true;
		for (int64_t steps = -2; steps <= 2; steps++) {
			/* Before 1970 there are no codes. */
			if (STEP + rows[i].skew + steps < 0)
				continue;
			at(&scene, STEP, STEP + rows[i].skew + steps);
			if (llabs(steps) <= 1)
				right(&scene);
			else
				wrong(&scene);
		}
		assert_credential(scene.credential, text);
		end(&scene);
	}
}

/* A device whose clock was corrected has the skew 0 learned. */
static void another_skew_replaces_a_stored_one(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, TOTP "\" TIME_SKEW 20\n");
	at(&scene, STEP, STEP);
	assert_int_equal(wrong(&scene).result.offset, 0);
	at(&scene, STEP + 1, STEP + 1);
	wrong(&scene);
	assert_credential(scene.credential, SECRET "\n\" RESETTING_TIME_SKEW 60000000+0 "
						   "60000001+0\n\" TOTP_AUTH\n"
						   "\" TIME_SKEW 20\n");
	at(&scene, STEP + 2, STEP + 2);
	right(&scene);
	assert_credential(scene.credential,
		SECRET "\n\" RESETTING_TIME_SKEW \n\" TOTP_AUTH\n\" TIME_SKEW 0\n");
	end(&scene);
}

/* The same code again is not a second one, but ends the login. */
static void the_same_code_again_teaches_nothing(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, TOTP);
	at(&scene, STEP, STEP + 20);
	wrong(&scene);
	for (int64_t step = STEP; step < STEP + 18; step++) {
		struct decision decision;

		at(&scene, step, STEP + 20);
		decision = wrong(&scene);
		assert_false(decision.no_match);
		assert_false(decision.result.changed);
	}
	end(&scene);
}

static void a_right_code_between_does_not_end_a_run(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, TOTP);
	at(&scene, STEP, STEP + 20);
	wrong(&scene);
	at(&scene, STEP, STEP);
	right(&scene);
	at(&scene, STEP + 1, STEP + 21);
	wrong(&scene);
	at(&scene, STEP + 2, STEP + 22);
	right(&scene);
	end(&scene);
}

/* Of two steps with the same code the nearer one counts; of two at the same distance, the
 * earlier one. */
static void of_several_steps_the_nearest_counts(void **state)
{
	static code_text codes[3000];
	unsigned int seen = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++)
		put_code(STEP - 1500 + (int64_t)i, 6, 0, codes[i]);
	for (size_t a = 1; a < COUNT(codes); a++) {
		for (size_t b = a + 4; b < COUNT(codes); b++) {
			int64_t first = STEP - 1500 + (int64_t)a;
			int64_t middle = (int64_t)(a + b) / 2 + STEP - 1500;
			struct scene scene;

			if (memcmp(codes[a], codes[b], 6) != 0)
				continue;
			begin(&scene, TOTP);
			at(&scene, middle, first);
			assert_true(wrong(&scene).result.offset < 0);
			at(&scene, middle + 1, first);
			assert_true(wrong(&scene).result.offset > 0);
			end(&scene);
			seen++;
		}
	}
	assert_true(seen > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_skew_is_learned_with_the_third_code),
		cmocka_unit_test(the_third_code_is_spent),
		cmocka_unit_test(a_spent_third_code_completes_nothing),
		cmocka_unit_test(spent_codes_are_recorded_but_refused),
		cmocka_unit_test(a_skew_is_looked_for_up_to_its_bound),
		cmocka_unit_test(no_skew_is_learned_where_that_is_off),
		cmocka_unit_test(a_stored_skew_moves_the_window),
		cmocka_unit_test(another_skew_replaces_a_stored_one),
		cmocka_unit_test(the_same_code_again_teaches_nothing),
		cmocka_unit_test(a_right_code_between_does_not_end_a_run),
		cmocka_unit_test(of_several_steps_the_nearest_counts),
	};

	return cmocka_run_group_tests(tests, set_up_liboath, tear_down_liboath);
}
