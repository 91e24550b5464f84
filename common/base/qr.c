/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/qr.h"

#include <dlfcn.h>
#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "totpgroup.h"

/* The library while it is loaded. */
struct encoder {
	void *library;
	__typeof__(QRcode_encodeString8bit) *encode;
	__typeof__(QRcode_free) *release;
};

/* Bit 0 of a module's byte is its color; libqrencode uses the others for itself. */
#define MODULE_DARK 1U

static size_t module_count(const struct qr *qr)
{
	return (size_t)qr->size * qr->size;
}

static int copy_modules(struct qr *qr, const QRcode *code)
{
	if (code->width < 1 || (unsigned int)code->width > QR_SIZE_MAX)
		return TOTPGROUP_EARGUMENT;
	qr->size = (unsigned int)code->width;
	qr->modules = malloc(module_count(qr));
	if (qr->modules == NULL)
		return TOTPGROUP_EMEMORY;
	for (size_t i = 0; i < module_count(qr); i++)
		qr->modules[i] = code->data[i] & MODULE_DARK;
	return 0;
}

void *qr_library_hold(void)
{
	return dlopen(QR_LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

void qr_library_release(void *library)
{
	if (library != NULL)
		dlclose(library);
}

static bool open_encoder(struct encoder *encoder)
{
	encoder->library = qr_library_hold();
	if (encoder->library == NULL)
		return false;
	/* C has no conversion from an object pointer to a function pointer. */
	*(void **)&encoder->encode = dlsym(encoder->library, "QRcode_encodeString8bit");
	*(void **)&encoder->release = dlsym(encoder->library, "QRcode_free");
	if (encoder->encode != NULL && encoder->release != NULL)
		return true;
	dlclose(encoder->library);
	return false;
}

static int encode(struct qr *qr, const struct encoder *encoder, const char *string)
{
	QRcode *code = encoder->encode(string, 0, QR_ECLEVEL_L);
	int result;

	if (code == NULL)
		return errno == ENOMEM ? TOTPGROUP_EMEMORY : TOTPGROUP_EARGUMENT;
	result = copy_modules(qr, code);
	if (result != 0)
		*qr = (struct qr){0};
	/* QRcode_free() does not wipe the modules, which encode a secret. */
	explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
	encoder->release(code);
	return result;
}

int qr_encode(struct qr *qr, const char *string)
{
	struct encoder encoder;
	int result;

	*qr = (struct qr){0};
	if (!open_encoder(&encoder))
		return TOTPGROUP_ENOTFOUND;
	result = encode(qr, &encoder, string);
	dlclose(encoder.library);
	return result;
}

bool qr_is_dark(const struct qr *qr, int column, int row)
{
	if (column < 0 || row < 0)
		return false;
	if ((unsigned int)column >= qr->size || (unsigned int)row >= qr->size)
		return false;
	return qr->modules[(size_t)row * qr->size + (size_t)column] != 0;
}

void qr_free(struct qr *qr)
{
	wipe_free(qr->modules, module_count(qr));
	*qr = (struct qr){0};
}

/* Some modules are drawn as ink; the rest is the terminal's background. */
struct style {
	bool half;	   /* half blocks, two modules above each other */
	bool ink_is_dark;  /* dark modules are drawn, else light ones */
	const char *color; /* at the start of each line */
	const char *reset; /* at its end */
};

#define RESET "\033[0m"
#define GREY  "\033[30;47m"
#define WHITE "\033[38;5;231;48;5;16m"

static const struct style styles[] = {
	[QR_MODE_ANSI] = {false, false, "", RESET},
	[QR_MODE_ANSI_INVERSE] = {false, true, "", RESET},
	[QR_MODE_ANSI_GREY] = {false, true, GREY, RESET},
	[QR_MODE_UTF8] = {true, false, "", ""},
	[QR_MODE_UTF8_INVERSE] = {true, true, "", ""},
	[QR_MODE_UTF8_GREY] = {true, true, GREY, RESET},
	[QR_MODE_ANSI256] = {true, false, WHITE, RESET},
};

static const struct style *style_of(enum qr_mode mode)
{
	size_t index = (size_t)mode;

	if (index >= sizeof(styles) / sizeof(styles[0]) || styles[index].color == NULL)
		return NULL;
	return &styles[index];
}

void qr_render_size(
	const struct qr *qr, enum qr_mode mode, unsigned int *columns, unsigned int *rows)
{
	const struct style *style = style_of(mode);
	unsigned int side = qr->size + 2 * QR_QUIET_ZONE;

	if (style != NULL && style->half) {
		*columns = side;
		*rows = (side + 1) / 2;
	} else {
		*columns = 2 * side;
		*rows = side;
	}
}

/* The most bytes of a line: its color and its reset, and a module with a change of video. */
#define LINE_SIZE (sizeof WHITE + sizeof RESET + 7 * (QR_SIZE_MAX + 2 * QR_QUIET_ZONE) + 1)

static bool has_ink(const struct qr *qr, const struct style *style, int column, int row)
{
	return qr_is_dark(qr, column, row) == style->ink_is_dark;
}

/* Both return the end of what they wrote. */
static char *put_half_blocks(char *to, const struct qr *qr, const struct style *style, int row)
{
	/* Of UTF-8: lower, upper and full block. */
	static const char blocks[4][3] = {" ", "\xe2\x96\x84", "\xe2\x96\x80", "\xe2\x96\x88"};

	for (int x = -QR_QUIET_ZONE; x < (int)qr->size + QR_QUIET_ZONE; x++) {
		unsigned int above = has_ink(qr, style, x, row);
		unsigned int below = has_ink(qr, style, x, row + 1);
		unsigned int block = 2 * above + below;

		memcpy(to, blocks[block], sizeof blocks[block]);
		to += block == 0 ? 1 : sizeof blocks[block];
	}
	return to;
}

static char *put_blanks(char *to, const struct qr *qr, const struct style *style, int row)
{
	bool reversed = false;

	for (int x = -QR_QUIET_ZONE; x < (int)qr->size + QR_QUIET_ZONE; x++) {
		bool ink = has_ink(qr, style, x, row);

		if (ink != reversed)
			to = stpcpy(to, ink ? "\033[7m" : "\033[27m");
		reversed = ink;
		*to++ = ' ';
		*to++ = ' ';
	}
	return to;
}

int qr_render(const struct qr *qr, enum qr_mode mode, struct text *text)
{
	const struct style *style = style_of(mode);
	int last = (int)qr->size + QR_QUIET_ZONE;
	char line[LINE_SIZE];

	if (style == NULL)
		return TOTPGROUP_EARGUMENT;
	for (int y = -QR_QUIET_ZONE; y < last; y += style->half ? 2 : 1) {
		char *end = stpcpy(line, style->color);

		end = style->half ? put_half_blocks(end, qr, style, y)
				  : put_blanks(end, qr, style, y);
		end = stpcpy(stpcpy(end, style->reset), "\n");
		(void)text_append(text, line, (size_t)(end - line));
	}
	WIPE_ARRAY(line);
	return text->status;
}
