/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The secrets of a PSKC container (RFC 6030, 4.2 and 6): taken out of the XML, and decrypted. */
#ifndef TOTPGROUP_CLI_EXCHANGE_PSKC_SECRETS_H
#define TOTPGROUP_CLI_EXCHANGE_PSKC_SECRETS_H

#include "cli/exchange/pskc.h"
#include "cli/exchange/pskc_library.h"

/* The secret of one key package. */
struct pskc_secret {
	struct text bytes;  /* empty where there is none */
	struct error error; /* why it cannot be used; code is 0 where it can */
	char *key_id;	    /* of the XML; NULL for none */
};

/* Begins zeroed; ends with pskc_secrets_free(). */
struct pskc_secrets {
	struct pskc_secret *each;
	size_t count;
};

/*
 * Takes the secrets out of the document, in the order of its key packages. What else is encrypted
 * in the packages, such as counters, is decrypted in it. Returns 0, TOTPGROUP_EFORMAT where the
 * document is no container or the key is wrong for all of it, TOTPGROUP_EMEMORY,
 * TOTPGROUP_ECRYPTO, or the asker's error.
 */
int pskc_secrets_take(struct pskc_secrets *secrets, const struct pskc_library *library,
	xmlDocPtr document, const struct pskc_asker *asker, struct error *error);

void pskc_secrets_free(struct pskc_secrets *secrets);

/*
 * For pskc_secrets.c and pskc_unlock.c: elements by their names without prefixes.
 */

/* The first child with that name; NULL for none, and where parent is NULL. */
xmlNodePtr pskc_child(xmlNodePtr parent, const char *name);

/* The same for one that lies deeper: a path such as "MACKey/CipherData". */
xmlNodePtr pskc_descend(xmlNodePtr parent, const char *path);

/* Appends the content of an element, decoded from base64. TOTPGROUP_EFORMAT where it is none, and
 * where node is NULL; TOTPGROUP_EMEMORY. */
int pskc_decode(const struct pskc_library *library, xmlNodePtr node, struct text *bytes);

/*
 * The keys with which a container is encrypted. Begins zeroed; ends with pskc_unlock_free().
 */
struct pskc_unlock {
	const struct pskc_library *library;
	struct text key;
	struct text mac_key;
	enum hmac_algorithm mac_algorithm;
	bool has_mac;
};

/* Asks for the key of a container, and decrypts the one of its MAC. */
int pskc_unlock_open(struct pskc_unlock *unlock, xmlNodePtr container,
	const struct pskc_asker *asker, struct error *error);

/* Decrypts an EncryptedValue, after its MAC was compared. mac is the ValueMAC, or NULL. */
int pskc_unlock_value(const struct pskc_unlock *unlock, xmlNodePtr value, xmlNodePtr mac,
	struct text *bytes, struct error *error);

void pskc_unlock_free(struct pskc_unlock *unlock);

#endif
