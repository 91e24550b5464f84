/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The wire format of protocol buffers: a message is a sequence of fields. */
#ifndef TOTPGROUP_EXCHANGE_PROTOBUF_H
#define TOTPGROUP_EXCHANGE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum protobuf_type {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_type type;
	uint64_t value;	   /* PROTOBUF_VARINT */
	const char *bytes; /* other types; points into the message */
	size_t length;
};

/* Reads the field at offset *at of a message of length bytes, and moves *at behind it.
 * False at the end, and with *malformed set where there is no valid field. */
bool protobuf_next(const char *message, size_t length, size_t *at, struct protobuf_field *field,
	bool *malformed);

/* Append a field; return 0 or TOTPGROUP_EMEMORY. */
int protobuf_append_varint(struct text *text, uint32_t number, uint64_t value);
int protobuf_append_bytes(struct text *text, uint32_t number, const char *bytes, size_t length);

#endif
