/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libpskc, and libxml2 with which it reads XML. They are loaded when a PSKC container is read, so
 * that no other command carries them.
 *
 * libxml2 wipes all memory that it releases from then on. libpskc does not: it gets a container
 * without its secrets.
 */
#ifndef TOTPGROUP_CLI_EXCHANGE_PSKC_LIBRARY_H
#define TOTPGROUP_CLI_EXCHANGE_PSKC_LIBRARY_H

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlmemory.h>
#include <pskc/pskc.h>

#include "base/error.h"

/* The functions that are used. */
#define PSKC_LIBRARY_FUNCTIONS(X)                                                              \
	X(xmlMemSetup)                                                                         \
	X(xmlReadMemory)                                                                       \
	X(xmlFreeDoc)                                                                          \
	X(xmlDocGetRootElement)                                                                \
	X(xmlDocDumpMemory)                                                                    \
	X(xmlNodeGetContent)                                                                   \
	X(xmlGetNoNsProp)                                                                      \
	X(xmlNewTextChild)                                                                     \
	X(xmlUnlinkNode)                                                                       \
	X(xmlFreeNode)                                                                         \
	X(pskc_global_init)                                                                    \
	X(pskc_global_done)                                                                    \
	X(pskc_init)                                                                           \
	X(pskc_done)                                                                           \
	X(pskc_parse_from_memory)                                                              \
	X(pskc_get_signed_p)                                                                   \
	X(pskc_get_keypackage)                                                                 \
	X(pskc_get_device_serialno)                                                            \
	X(pskc_get_key_id)                                                                     \
	X(pskc_get_key_algorithm)                                                              \
	X(pskc_get_key_algparm_suite)                                                          \
	X(pskc_get_key_algparm_resp_encoding)                                                  \
	X(pskc_get_key_algparm_resp_length)                                                    \
	X(pskc_get_key_algparm_resp_checkdigits)                                               \
	X(pskc_get_key_data_counter)                                                           \
	X(pskc_get_key_data_timeinterval)                                                      \
	X(pskc_get_key_policy_pinusagemode)

/* Begins zeroed; ends with pskc_library_close(). */
struct pskc_library {
	void *handle;
#define PSKC_LIBRARY_MEMBER(name) __typeof__(name) *name;
	PSKC_LIBRARY_FUNCTIONS(PSKC_LIBRARY_MEMBER)
#undef PSKC_LIBRARY_MEMBER
};

/* Returns 0, or TOTPGROUP_ENOTFOUND with a message where a library is missing. Not thread-safe. */
int pskc_library_open(struct pskc_library *library, struct error *error);

void pskc_library_close(struct pskc_library *library);

/* Wipes and frees what libxml2 gave. NULL is allowed. */
void pskc_library_free(void *memory);

#endif
