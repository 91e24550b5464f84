/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

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
static size_t put_run(char *to, unsigned int light, unsigned int dark)
{
	size_t length = 0;

	if (light > 0) {
		to[length++] = 'm';
		length += put_number(to + length, light);
		to[length++] = ' ';
		to[length++] = '0';
	}
	to[length++] = 'h';
	return length + put_number(to + length, dark);
}

/* The most bytes of a row: its place, and runs of one light and one dark module. */
#define ROW_MAX (sizeof "M4 181.5" + (QR_SIZE_MAX + 1) / 2 * (sizeof "m1 0h1" - 1))

/* Finds where dark runs of a row begin and end, alternately; returns how many places these
 * are. It does not branch on modules, which no processor could predict. */
static size_t find_edges(const struct qr *qr, unsigned int row, uint8_t *edges)
{
	const uint8_t *modules = qr->modules + (size_t)row * qr->size;
	unsigned int before = 0;
	size_t count = 0;

	for (unsigned int column = 0; column < qr->size; column++) {
		edges[count] = (uint8_t)column;
		count += modules[column] ^ before;
		before = modules[column];
	}
	edges[count] = (uint8_t)qr->size;
	return count + before;
}

/* What a row is made in. All rows use the same, because it is wiped, and the compiler clears
 * it first. */
struct row {
	uint8_t edges[QR_SIZE_MAX + 1];
	char line[ROW_MAX];
};

/* Draws lines through the middle of the dark modules of a row. */
static void append_row(
	struct text *text, const struct qr *qr, unsigned int number, struct row *row)
{
	size_t count = find_edges(qr, number, row->edges), length = 0;
	unsigned int light_from = 0;

	row->line[length++] = 'M';
	length += put_number(row->line + length, QUIET_ZONE);
	row->line[length++] = ' ';
	length += put_number(row->line + length, QUIET_ZONE + number);
	row->line[length++] = '.';
	row->line[length++] = '5';
	for (size_t i = 0; i < count; i += 2) {
		unsigned int begin = row->edges[i], end = row->edges[i + 1];

		length += put_run(row->line + length, begin - light_from, end - begin);
		light_from = end;
	}
	(void)text_append(text, row->line, length);
}

int letter_qr_draw_svg(const struct qr *qr, struct text *text)
{
	unsigned int side = qr->size + 2 * QUIET_ZONE;
	struct row row;

	text_append_format(text,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" shape-rendering=\"crispEdges\" role=\"img\" "
		"aria-label=\"QR\">"
		"<path fill=\"#fff\" d=\"M0 0h%uv%uH0z\"/><path stroke=\"#000\" d=\"",
		SVG_PIXELS * side, SVG_PIXELS * side, side, side, side, side);
	for (unsigned int number = 0; number < qr->size; number++)
		append_row(text, qr, number, &row);
	WIPE_OBJECT(&row);
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
	/* Most rows are equal to the one above, which the quickest search finds. More memory
	 * takes longer to clear and to wipe than it saves. */
	png_set_compression_level(drawing->png, 1);
	png_set_compression_window_bits(drawing->png, 13);
	png_set_compression_mem_level(drawing->png, 4);
	png_write_info(drawing->png, drawing->info);
	for (unsigned int row = 0; row < drawing->modules; row++) {
		fill_row(drawing, row);
		for (unsigned int y = 0; y < PNG_PIXELS; y++)
			png_write_row(drawing->png, drawing->row);
	}
	png_write_end(drawing->png, drawing->info);
}

int letter_qr_draw_png(const struct qr *qr, struct text *text)
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
	int (*draw)(const struct qr *qr, struct text *text), struct text *text)
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
	status = draw(&qr, text);
	qr_free(&qr);
	return status;
}

int letter_qr_append_svg(const struct letter *letter, struct text *text)
{
	return append_code(letter, letter_qr_draw_svg, text);
}

int letter_qr_append_png(const struct letter *letter, struct text *text)
{
	return append_code(letter, letter_qr_draw_png, text);
}
