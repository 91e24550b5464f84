/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "exchange/protobuf.h"

#include "totpgroup.h"

/* The largest field number that the format allows. */
#define NUMBER_MAX ((1U << 29) - 1)

/* Seven bits to a byte, the lowest first. */
static bool read_varint(const char *message, size_t length, size_t *at, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 64 && *at < length; shift += 7) {
		uint8_t byte = (uint8_t)message[(*at)++];

		if (shift == 63 && byte > 1)
			return false;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

static bool read_bytes(const char *message, size_t length, size_t *at, uint64_t count,
	struct protobuf_field *field)
{
	if (count > length - *at)
		return false;
	field->bytes = message + *at;
	field->length = (size_t)count;
	*at += (size_t)count;
	return true;
}

static bool read_content(
	const char *message, size_t length, size_t *at, struct protobuf_field *field)
{
	uint64_t count;

	switch (field->type) {
	case PROTOBUF_VARINT:
		return read_varint(message, length, at, &field->value);
	case PROTOBUF_FIXED64:
		return read_bytes(message, length, at, 8, field);
	case PROTOBUF_BYTES:
		return read_varint(message, length, at, &count) &&
		       read_bytes(message, length, at, count, field);
	case PROTOBUF_FIXED32:
		return read_bytes(message, length, at, 4, field);
	}
	return false;
}

bool protobuf_next(const char *message, size_t length, size_t *at, struct protobuf_field *field,
	bool *malformed)
{
	uint64_t tag;

	*malformed = false;
	if (*at >= length)
		return false;
	*field = (struct protobuf_field){0};
	*malformed = true;
	if (!read_varint(message, length, at, &tag) || tag >> 3 == 0 || tag >> 3 > NUMBER_MAX)
		return false;
	field->number = (uint32_t)(tag >> 3);
	field->type = (enum protobuf_type)(tag & 7);
	*malformed = !read_content(message, length, at, field);
	return !*malformed;
}

static int append_varint(struct text *text, uint64_t value)
{
	do {
		char byte = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

		value >>= 7;
		(void)text_append(text, &byte, 1);
	} while (value != 0);
	return text->status;
}

static void append_tag(struct text *text, uint32_t number, enum protobuf_type type)
{
	(void)append_varint(text, (uint64_t)number << 3 | type);
}

int protobuf_append_varint(struct text *text, uint32_t number, uint64_t value)
{
	append_tag(text, number, PROTOBUF_VARINT);
	return append_varint(text, value);
}

int protobuf_append_bytes(struct text *text, uint32_t number, const char *bytes, size_t length)
{
	append_tag(text, number, PROTOBUF_BYTES);
	(void)append_varint(text, length);
	return text_append(text, bytes, length);
}
