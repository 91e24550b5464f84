/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>

#include "base/wipe.h"
#include "totpgroup.h"

/* What stands before the memory that libpng gets, so that it can be erased. */
union block {
	size_t size;
	max_align_t align;
};

/* Between libpng's calls and ours; also what longjmp() must find as it was. */
struct drawing {
	const struct qr *qr;
	struct text *text;
	png_struct *png;
	png_info *info;
	png_byte *row; /* one bit for a pixel */
	size_t row_size;
	unsigned int quiet_zone;
	unsigned int side; /* of the image, in pixels */
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

/* White is 1. */
static void fill_row(struct drawing *drawing, unsigned int module_row)
{
	unsigned int modules = drawing->side / LETTER_PNG_PIXELS;

	/* A module's row is a byte. */
	_Static_assert(LETTER_PNG_PIXELS == 8, "a byte holds 8 pixels");
	for (unsigned int column = 0; column < modules; column++)
		drawing->row[column] =
			qr_is_dark(drawing->qr, (int)column - (int)drawing->quiet_zone,
				(int)module_row - (int)drawing->quiet_zone)
				? 0
				: 0xff;
}

/* libpng comes back by longjmp() where it fails. */
static void draw(struct drawing *drawing)
{
	if (setjmp(png_jmpbuf(drawing->png)) != 0) {
		if (drawing->result == 0)
			drawing->result = TOTPGROUP_EARGUMENT;
		return;
	}
	png_set_write_fn(drawing->png, drawing, take_bytes, flush_nothing);
	png_set_IHDR(drawing->png, drawing->info, drawing->side, drawing->side, 1,
		PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		PNG_FILTER_TYPE_DEFAULT);
	png_write_info(drawing->png, drawing->info);
	for (unsigned int y = 0; y < drawing->side; y++) {
		if (y % LETTER_PNG_PIXELS == 0)
			fill_row(drawing, y / LETTER_PNG_PIXELS);
		png_write_row(drawing->png, drawing->row);
	}
	png_write_end(drawing->png, drawing->info);
}

int letter_png_append(const struct qr *qr, unsigned int quiet_zone, struct text *text)
{
	unsigned int modules = qr->size + 2 * quiet_zone;
	struct drawing drawing = {.qr = qr,
		.text = text,
		.row_size = modules,
		.quiet_zone = quiet_zone,
		.side = modules * LETTER_PNG_PIXELS};

	drawing.row = malloc(drawing.row_size);
	drawing.png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, NULL, give_up,
		ignore_warning, &drawing, allocate, release);
	if (drawing.png != NULL)
		drawing.info = png_create_info_struct(drawing.png);
	if (drawing.row == NULL || drawing.info == NULL)
		drawing.result = TOTPGROUP_EMEMORY;
	else
		draw(&drawing);
	png_destroy_write_struct(&drawing.png, &drawing.info);
	wipe_free(drawing.row, drawing.row_size);
	return drawing.result;
}
