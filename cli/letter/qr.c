/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

#include "base/qr.h"
#include "base/wipe.h"
#include "message/enrollment_text.h"
#include "totpgroup.h"

/* Light modules on each side, as many as the standard demands. */
#define QUIET_ZONE 4

/* Pixels on the side of a module: of a drawing, unless a page sets its size; of an image. */
#define SVG_PIXELS 4
#define PNG_PIXELS 8

/* Writes the digits of a number below 1000. printf() would take most of the time of a
 * letter. */
static size_t put_number(char *to, unsigned int number)
{
	size_t length = 0;

	if (number >= 100)
		to[length++] = (char)('0' + number / 100);
	if (number >= 10)
		to[length++] = (char)('0' + number / 10 % 10);
	to[length++] = (char)('0' + number % 10);
	return length;
}

/* Moves right over light modules, if there are any, and draws a line over dark ones. */
static void append_run(struct text *text, unsigned int light, unsigned int dark)
{
	char run[12];
	size_t length = 0;

	if (light > 0) {
		run[length++] = 'm';
		length += put_number(run + length, light);
		run[length++] = ' ';
		run[length++] = '0';
	}
	run[length++] = 'h';
	length += put_number(run + length, dark);
	(void)text_append(text, run, length);
}

/* Draws lines through the middle of the dark modules of a row. */
static void append_row(struct text *text, const struct qr *qr, unsigned int row)
{
	unsigned int column = 0, light_from = 0;

	text_append_format(text, "M%d %d.5", QUIET_ZONE, QUIET_ZONE + (int)row);
	while (column < qr->size) {
		unsigned int dark_from = column;

		while (qr_is_dark(qr, (int)column, (int)row))
			column++;
		if (column > dark_from) {
			append_run(text, dark_from - light_from, column - dark_from);
			light_from = column;
		} else {
			column++;
		}
	}
}

static int append_drawing(struct text *text, const struct qr *qr)
{
	unsigned int side = qr->size + 2 * QUIET_ZONE;

	text_append_format(text,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" shape-rendering=\"crispEdges\" role=\"img\" "
		"aria-label=\"QR\">"
		"<path fill=\"#fff\" d=\"M0 0h%uv%uH0z\"/><path stroke=\"#000\" d=\"",
		SVG_PIXELS * side, SVG_PIXELS * side, side, side, side, side);
	for (unsigned int row = 0; row < qr->size; row++)
		append_row(text, qr, row);
	return text_append_string(text, "\"/></svg>");
}

/* The header of a block of libpng's memory. Its size tells how much to erase. */
union block {
	size_t size;
	max_align_t align;
};

/* Handed to our functions by libpng. longjmp() does not change it. */
struct drawing {
	const struct qr *qr;
	struct text *text;
	png_struct *png;
	png_info *info;
	png_byte *row;	      /* one bit for each pixel */
	unsigned int modules; /* on a side of the image */
	int result;
};

static void *allocate(png_struct *png, png_alloc_size_t size)
{
	union block *block =
		size < SIZE_MAX - sizeof *block ? malloc(sizeof *block + size) : NULL;

	if (block == NULL) {
		struct drawing *drawing = png_get_mem_ptr(png);

		drawing->result = TOTPGROUP_EMEMORY;
		return NULL;
	}
	block->size = size;
	return block + 1;
}

static void release(png_struct *png, void *memory)
{
	union block *block = memory;

	(void)png;
	if (block != NULL)
		wipe_free(block - 1, sizeof *block + block[-1].size);
}

__attribute__((noreturn)) static void give_up(png_struct *png, const char *message)
{
	(void)message;
	png_longjmp(png, 1);
}

static void ignore_warning(png_struct *png, const char *message)
{
	(void)png;
	(void)message;
}

static void take_bytes(png_struct *png, png_byte *bytes, size_t length)
{
	struct drawing *drawing = png_get_io_ptr(png);

	drawing->result = text_append(drawing->text, (const char *)bytes, length);
	if (drawing->result != 0)
		png_error(png, "out of memory");
}

static void flush_nothing(png_struct *png)
{
	(void)png;
}

/* Fills the bytes of a row of modules. A byte is 8 pixels, the width of a module; white
 * pixels are 1. */
static void fill_row(struct drawing *drawing, unsigned int row)
{
	_Static_assert(PNG_PIXELS == 8, "a byte holds 8 pixels");
	for (unsigned int column = 0; column < drawing->modules; column++)
		drawing->row[column] =
			qr_is_dark(drawing->qr, (int)column - QUIET_ZONE, (int)row - QUIET_ZONE)
				? 0
				: 0xff;
}

/* Where libpng fails it returns here by longjmp(). */
static void draw_image(struct drawing *drawing)
{
	unsigned int side = drawing->modules * PNG_PIXELS;

	if (setjmp(png_jmpbuf(drawing->png)) != 0) {
		if (drawing->result == 0)
			drawing->result = TOTPGROUP_EARGUMENT;
		return;
	}
	png_set_write_fn(drawing->png, drawing, take_bytes, flush_nothing);
	png_set_IHDR(drawing->png, drawing->info, side, side, 1, PNG_COLOR_TYPE_GRAY,
		PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(drawing->png, drawing->info);
	for (unsigned int row = 0; row < drawing->modules; row++) {
		fill_row(drawing, row);
		for (unsigned int y = 0; y < PNG_PIXELS; y++)
			png_write_row(drawing->png, drawing->row);
	}
	png_write_end(drawing->png, drawing->info);
}

static int append_image(struct text *text, const struct qr *qr)
{
	struct drawing drawing = {.qr = qr, .text = text, .modules = qr->size + 2 * QUIET_ZONE};

	drawing.row = malloc(drawing.modules);
	drawing.png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, NULL, give_up,
		ignore_warning, &drawing, allocate, release);
	if (drawing.png != NULL)
		drawing.info = png_create_info_struct(drawing.png);
	if (drawing.row == NULL || drawing.info == NULL)
		drawing.result = TOTPGROUP_EMEMORY;
	else
		draw_image(&drawing);
	png_destroy_write_struct(&drawing.png, &drawing.info);
	wipe_free(drawing.row, drawing.modules);
	return drawing.result;
}

/* Encodes the link of a letter, and draws it. */
static int append_code(const struct letter *letter,
	int (*append)(struct text *text, const struct qr *qr), struct text *text)
{
	struct text uri = TEXT_INIT;
	struct qr qr;
	int status =
		enrollment_append_uri(letter->credential, letter->label, letter->issuer, &uri);

	if (status == 0)
		status = qr_encode(&qr, uri.data);
	text_free(&uri);
	if (status != 0)
		return status;
	status = append(text, &qr);
	qr_free(&qr);
	return status;
}

int letter_qr_append_svg(const struct letter *letter, struct text *text)
{
	return append_code(letter, append_drawing, text);
}

int letter_qr_append_png(const struct letter *letter, struct text *text)
{
	return append_code(letter, append_image, text);
}
