/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Measures the time to draw the letters of a user, beside a QR code by libqrencode alone:
 *
 *     letter_cost ROUNDS
 *
 * Each round makes one QR code and each kind of letter, so that a busy host slows all of them
 * alike. Prints the median of each in microseconds: the QR code, SVG with HTML, SVG, HTML,
 * PNG, TXT, and a page of a print run.
 */

#include "config.h"

#include <dlfcn.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/qr.h"
#include "cli/letter/letter.h"
#include "message/enrollment_text.h"

#define ROUNDS_MAX 10000

enum kind { BARE, BOTH, SVG, HTML, PNG, TXT, PAGE, KINDS };

/* Used in every round. */
struct bench {
	__typeof__(QRcode_encodeString8bit) *encode;
	__typeof__(QRcode_free) *release;
	struct text uri;
	struct new_credential credential;
	struct letter letter;
	struct letter_template *letter_template;
};

static double seconds(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		abort();
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static void fail(const char *message)
{
	fprintf(stderr, "letter_cost: %s\n", message);
	exit(1);
}

static void prepare(struct bench *bench)
{
	void *library = dlopen(QR_LIBRARY, RTLD_NOW);
	struct error error = ERROR_INIT;

	if (library == NULL)
		fail(QR_LIBRARY " is not installed");
	*(void **)&bench->encode = dlsym(library, "QRcode_encodeString8bit");
	*(void **)&bench->release = dlsym(library, "QRcode_free");
	bench->letter = (struct letter){.user = "alice",
		.host = "host.example.org",
		.issuer = "Example",
		.label = "alice@host.example.org",
		.credential = &bench->credential,
		.pending_until = 1797206400};
	if (new_credential_draw(&bench->credential, &error) != 0 ||
		emergency_codes_draw(&bench->credential.emergency_codes, 5, false, &error) !=
			0 ||
		letter_template_read(&bench->letter_template, NULL, &error) != 0)
		fail(error.message);
	if (enrollment_append_uri(&bench->credential, bench->letter.label, bench->letter.issuer,
		    &bench->uri) != 0)
		fail("no link");
}

static void encode_bare(const struct bench *bench)
{
	QRcode *code = bench->encode(bench->uri.data, 0, QR_ECLEVEL_L);

	if (code == NULL)
		fail("no QR code");
	bench->release(code);
}

static void draw(const struct bench *bench, enum letter_format format)
{
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;

	if (letter_append(&bench->letter, format, bench->letter_template, &text, &error) != 0)
		fail(error.message);
	text_free(&text);
}

static void draw_page(const struct bench *bench)
{
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;

	if (letter_run_page(&bench->letter, bench->letter_template, &text, &error) != 0)
		fail(error.message);
	text_free(&text);
}

static void make(const struct bench *bench, enum kind kind)
{
	if (kind == BARE)
		encode_bare(bench);
	if (kind == BOTH || kind == SVG)
		draw(bench, LETTER_SVG);
	if (kind == BOTH || kind == HTML)
		draw(bench, LETTER_HTML);
	if (kind == PNG)
		draw(bench, LETTER_PNG);
	if (kind == TXT)
		draw(bench, LETTER_TXT);
	if (kind == PAGE)
		draw_page(bench);
}

int main(int argc, char **argv)
{
	static double times[KINDS][ROUNDS_MAX];
	struct bench bench = {.credential = NEW_CREDENTIAL_DEFAULT, .uri = TEXT_INIT};
	size_t rounds = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

	if (rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: letter_cost ROUNDS\n");
		return 2;
	}
	prepare(&bench);
	for (size_t i = 0; i < rounds; i++)
		for (int turn = 0; turn < KINDS; turn++) {
			/* The first of a round is slower: each is first in turn. */
			int kind = (turn + (int)i) % KINDS;
			double start = seconds();

			make(&bench, (enum kind)kind);
			times[kind][i] = seconds() - start;
		}
	for (int kind = 0; kind < KINDS; kind++) {
		qsort(times[kind], rounds, sizeof times[kind][0], compare_doubles);
		printf("%s%.1f", kind > 0 ? " " : "", times[kind][rounds / 2] * 1e6);
	}
	printf("\n");
	text_free(&bench.uri);
	letter_template_free(bench.letter_template);
	return 0;
}
