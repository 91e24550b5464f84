/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Measures drawing one QR code, beside the matrix alone by libqrencode:
 *
 *     qr_cost [qr-terminal] [qr-svg] [qr-png]
 */

#include "config.h"

#include <dlfcn.h>
#include <qrencode.h>

#include "base/qr.h"
#include "cli/letter/letter.h"
#include "message/enrollment_text.h"
#include "tests/bench/rounds.h"

struct bench {
	__typeof__(QRcode_encodeString8bit) *encode;
	__typeof__(QRcode_free) *release;
	struct text uri;
	struct new_credential credential;
	struct letter letter;
	struct letter_template *letter_template;
};

static void prepare(struct bench *bench)
{
	struct error error = ERROR_INIT;

	bench->letter = (struct letter){.user = "alice",
		.host = "host.example.org",
		.issuer = "Example",
		.label = "alice@host.example.org",
		.credential = &bench->credential};
	if (new_credential_draw(&bench->credential, &error) != 0 ||
		letter_template_read(&bench->letter_template, NULL, &error) != 0 ||
		enrollment_append_uri(&bench->credential, bench->letter.label,
			bench->letter.issuer, &bench->uri) != 0)
		bench_fail(error.message);
}

static void encode_bare(void *context)
{
	const struct bench *bench = context;
	QRcode *code = bench->encode(bench->uri.data, 0, QR_ECLEVEL_L);

	if (code == NULL)
		bench_fail("no QR code");
	bench->release(code);
}

static void draw_terminal(void *context)
{
	const struct bench *bench = context;
	struct text text = TEXT_INIT;
	struct qr qr;

	if (qr_encode(&qr, bench->uri.data) != 0 || qr_render(&qr, QR_MODE_UTF8, &text) != 0)
		bench_fail("no QR code");
	qr_free(&qr);
	text_free(&text);
}

static void draw(const struct bench *bench, enum letter_format format)
{
	struct text text = TEXT_INIT;
	struct error error = ERROR_INIT;

	if (letter_append(&bench->letter, format, bench->letter_template, &text, &error) != 0)
		bench_fail(error.message);
	text_free(&text);
}

static void draw_svg(void *context)
{
	draw(context, LETTER_SVG);
}

static void draw_png(void *context)
{
	draw(context, LETTER_PNG);
}

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{"qr-terminal", draw_terminal, encode_bare, 0, NULL},
		{"qr-svg", draw_svg, encode_bare, 0, NULL},
		{"qr-png", draw_png, encode_bare, 0, NULL},
	};
	const size_t count = sizeof rows / sizeof rows[0];
	struct bench bench = {.credential = NEW_CREDENTIAL_DEFAULT, .uri = TEXT_INIT};
	void *library = qr_library_hold();
	int status;

	if (library == NULL)
		bench_skip(rows, count, argc, argv,
			QR_LIBRARY " is missing (package libqrencode4)");
	*(void **)&bench.encode = dlsym(library, "QRcode_encodeString8bit");
	*(void **)&bench.release = dlsym(library, "QRcode_free");
	prepare(&bench);
	status = bench_main(rows, count, &bench, argc, argv);
	text_free(&bench.uri);
	letter_template_free(bench.letter_template);
	qr_library_release(library);
	return status;
}
