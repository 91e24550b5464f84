/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/letter/letter.h"

#include <png.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message/translate.h"
#include "totpgroup.h"

/* Pixels on a side. A small file can claim a picture that fills the memory of the host, and of
 * those who open the letter. */
#define SIDE_MAX 2048

/* A chunk has its length, its type, its data and a checksum. */
#define CHUNK_FRAME 12

static const char signature[] = "\x89PNG\r\n\x1a\n";
#define SIGNATURE_LENGTH (sizeof signature - 1)

/* What makes the picture. All else, such as texts and what stands behind the end, is left out. */
static const char *const kept[] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};

/* Reads the picture as a browser will, and throws its pixels away. */
static bool is_readable(const struct text *file, png_image *image)
{
	void *pixels = NULL;
	bool readable =
		png_image_begin_read_from_memory(image, file->data, file->length) != 0 &&
		image->width <= SIDE_MAX && image->height <= SIDE_MAX;

	image->format = PNG_FORMAT_RGBA;
	if (readable)
		pixels = malloc(PNG_IMAGE_SIZE(*image));
	readable = pixels != NULL && png_image_finish_read(image, NULL, pixels, 0, NULL) != 0;
	free(pixels);
	png_image_free(image);
	return readable;
}

static bool is_kept(const char *type)
{
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (memcmp(type, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

static size_t chunk_length(const char *chunk)
{
	const unsigned char *byte = (const unsigned char *)chunk;

	return (size_t)byte[0] << 24 | (size_t)byte[1] << 16 | (size_t)byte[2] << 8 | byte[3];
}

/* Copies the chunks of a file that libpng could read. */
static int copy_picture(const struct text *file, struct text *logo)
{
	size_t at = SIGNATURE_LENGTH;

	text_append(logo, file->data, SIGNATURE_LENGTH);
	while (file->length - at >= CHUNK_FRAME) {
		const char *chunk = file->data + at, *type = chunk + 4;
		size_t length = chunk_length(chunk);

		if (length > file->length - at - CHUNK_FRAME)
			break;
		length += CHUNK_FRAME;
		if (is_kept(type))
			text_append(logo, chunk, length);
		if (memcmp(type, "IEND", 4) == 0)
			break;
		at += length;
	}
	return logo->status;
}

int letter_logo_read(struct text *logo, const char *path, struct error *error)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	struct text file = TEXT_INIT;
	int status = letter_file_read(&file, path, error);

	if (status == 0 && (file.length < SIGNATURE_LENGTH ||
				   memcmp(file.data, signature, SIGNATURE_LENGTH) != 0))
		status = error_set(error, TOTPGROUP_ECONFIG,
			translate("%s: a logo is a PNG file; others, such as SVG, can hold "
				  "scripts and links"),
			path);
	if (status == 0 && !is_readable(&file, &image))
		status = error_set(error, TOTPGROUP_ECONFIG,
			translate("%s: this PNG file is damaged, or has more than %d pixels on "
				  "a side"),
			path, SIDE_MAX);
	if (status == 0 && copy_picture(&file, logo) != 0)
		status = error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	text_free(&file);
	return status;
}
