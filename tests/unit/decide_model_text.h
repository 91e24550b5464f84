/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random credentials, as a model and as text. */
#ifndef TOTPGROUP_DECIDE_MODEL_TEXT_H
#define TOTPGROUP_DECIDE_MODEL_TEXT_H

#include "decide_model.h"

static inline size_t pick(struct test_random *random, size_t limit)
{
	return (size_t)test_random_below(random, limit);
}

/* One of a list of numbers. */
#define PICK(random, ...)                                                                      \
	((const int[]){__VA_ARGS__}[pick((random), COUNT(((const int[]){__VA_ARGS__})))])

static inline void make_model(struct model *model, struct test_random *random)
{
	*model = (struct model){
		.algorithm = (unsigned int)PICK(random, 0, 0, 0, 1, 2),
		.digits = (unsigned int)PICK(random, 6, 6, 6, 7, 8),
		.period = (unsigned int)PICK(random, 1, 30, 30, 30, 60, 3600),
		.window = (unsigned int)PICK(random, 1, 2, 3, 3, 3, 6, 17, 100),
		.totp = pick(random, 8) > 0,
		.hotp_counter = PICK(random, 0, 0, 0, 1, 9),
		.limited = pick(random, 2) == 0,
		.attempts = 1 + (int64_t)pick(random, 8),
		.disallow_reuse = pick(random, 2) == 0,
		.skew = PICK(random, 0, 0, 0, 0, 1, -3, 50),
		.further = (size_t)PICK(random, 0, 0, 1, 2),
	};
	model->interval = 1 + (int64_t)pick(random, 3 * model->period);
	if (model->interval > 3600)
		model->interval = 3600;
	if (pick(random, 8) == 0)
		model->pending_until =
			STEP * model->period + (int64_t)pick(random, 9 * model->period);
	model->emergency_count = pick(random, 6);
	for (size_t i = 0; i < model->emergency_count; i++)
		model->emergency_codes[i] = 10000000 + pick(random, 90000000);
	/* A code that is there twice is good twice. */
	if (model->emergency_count > 2)
		model->emergency_codes[1] = model->emergency_codes[2];
}

/* Appends numbers to a line, and its end. */
static inline void add_numbers(char *line, const int64_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sprintf(line + strlen(line), " %lld", (long long)numbers[i]);
	strcat(line, "\n");
}

/* Puts a line in front of the lines or behind them. */
static inline void add_line(char *text, const char *line, struct test_random *random)
{
	if (pick(random, 2) == 0) {
		strcat(text, line);
		return;
	}
	memmove(text + strlen(line), text, strlen(text) + 1);
	memcpy(text, line, strlen(line));
}

static inline void add_option(
	char *text, const char *key, int64_t value, bool present, struct test_random *random)
{
	char line[100];

	snprintf(line, sizeof line, "\" %s %lld\n", key, (long long)value);
	if (present)
		add_line(text, line, random);
}

static inline void add_devices(char *text, size_t further, struct test_random *random)
{
	static const char *const lines[] = {"", "\" DEVICE " SECRET_2 " a tablet\n",
		"\" DEVICE " SECRET_2 " a tablet\n\" DEVICE \t" SECRET_3 "  on paper \n"};

	add_line(text, lines[further], random);
}

/* Writes a fresh model as a text. Defaults are sometimes left out. */
static inline void write_text(const struct model *model, char *text, struct test_random *random)
{
	static const char *const algorithms[] = {"SHA1", "SHA256", "SHA512"};
	char line[200];
	bool all = pick(random, 2) == 0;

	text[0] = '\0';
	snprintf(line, sizeof line, "\" ALGORITHM %s\n", algorithms[model->algorithm]);
	if (all || model->algorithm != 0)
		add_line(text, line, random);
	add_option(text, "DIGITS", model->digits, all || model->digits != 6, random);
	add_option(text, "STEP_SIZE", model->period, all || model->period != 30, random);
	add_option(text, "WINDOW_SIZE", model->window, all || model->window != 3, random);
	add_option(text, "HOTP_COUNTER", model->hotp_counter, all || model->hotp_counter != 0,
		random);
	add_option(text, "TIME_SKEW", model->skew, all || model->skew != 0, random);
	add_option(
		text, "PENDING_UNTIL", model->pending_until, model->pending_until != 0, random);
	if (model->totp)
		add_line(text, "\" TOTP_AUTH\n", random);
	add_devices(text, model->further, random);
	if (model->disallow_reuse)
		add_line(text, "\" DISALLOW_REUSE\n", random);
	snprintf(line, sizeof line, "\" RATE_LIMIT %lld %lld\n", (long long)model->attempts,
		(long long)model->interval);
	if (model->limited)
		add_line(text, line, random);
	if (all)
		add_line(text, "\" OTHER line\n", random);
	for (size_t i = 0; i < model->emergency_count; i++) {
		snprintf(line, sizeof line, "%lu\n", model->emergency_codes[i]);
		strcat(text, line);
	}
	if (all)
		strcat(text, "foreign\n99999999\n");
	memmove(text + sizeof SECRET, text, strlen(text) + 1);
	memcpy(text, SECRET "\n", sizeof SECRET);
}

#endif
