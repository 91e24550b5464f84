/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/pskc_secrets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "message/translate.h"
#include "totpgroup.h"

static bool has_name(xmlNodePtr node, const char *name, size_t length)
{
	const char *own = (const char *)node->name;

	return node->type == XML_ELEMENT_NODE && strlen(own) == length &&
	       memcmp(own, name, length) == 0;
}

static xmlNodePtr first_child(xmlNodePtr parent, const char *name, size_t length)
{
	xmlNodePtr node = parent != NULL ? parent->children : NULL;

	while (node != NULL && !has_name(node, name, length))
		node = node->next;
	return node;
}

xmlNodePtr pskc_child(xmlNodePtr parent, const char *name)
{
	return first_child(parent, name, strlen(name));
}

xmlNodePtr pskc_descend(xmlNodePtr parent, const char *path)
{
	while (parent != NULL && *path != '\0') {
		size_t length = strcspn(path, "/");

		parent = first_child(parent, path, length);
		path += length + (path[length] == '/');
	}
	return parent;
}

int pskc_decode(const struct pskc_library *library, xmlNodePtr node, struct text *bytes)
{
	xmlChar *content = node != NULL ? library->xmlNodeGetContent(node) : NULL;
	char *at = (char *)content;
	struct text characters = TEXT_INIT;
	int status = content != NULL ? 0 : TOTPGROUP_EFORMAT;

	/* Lines may be broken anywhere. */
	for (; at != NULL && *at != '\0'; at++)
		if (utf8_blank_length(at, 1) == 0)
			status = text_append(&characters, at, 1);
	if (status == 0 && characters.length > 0)
		status = base64_decode(bytes, characters.data, characters.length);
	text_free(&characters);
	pskc_library_free(content);
	return status;
}

/* What is being taken apart. The key is asked for when the first value needs it. */
struct taking {
	const struct pskc_library *library;
	const struct pskc_asker *asker;
	xmlNodePtr container;
	struct pskc_unlock unlock;
};

/* Whether there is an error that no other package is free of. */
static bool is_general(int status)
{
	return status != 0 && status != TOTPGROUP_EFORMAT;
}

static int open_value(
	struct taking *taking, xmlNodePtr element, struct text *bytes, struct error *error)
{
	xmlNodePtr encrypted = pskc_child(element, "EncryptedValue");

	return pskc_unlock_value(
		&taking->unlock, encrypted, pskc_child(element, "ValueMAC"), bytes, error);
}

static int take_secret(
	struct taking *taking, xmlNodePtr element, struct text *bytes, struct error *error)
{
	xmlNodePtr plain = pskc_child(element, "PlainValue");
	int status;

	if (plain == NULL && pskc_child(element, "EncryptedValue") != NULL)
		return open_value(taking, element, bytes, error);
	status = pskc_decode(taking->library, plain, bytes);
	if (status == TOTPGROUP_EMEMORY)
		return error_set(error, status, translate("out of memory"));
	return status == 0 && bytes->length > 0
		       ? 0
		       : error_set(error, TOTPGROUP_EFORMAT,
				 translate("the secret is missing or no base64"));
}

/* Puts an encrypted number as a plain one into the document: bytes, the highest one first. */
static int open_number(struct taking *taking, xmlNodePtr element, struct error *error)
{
	struct text bytes = TEXT_INIT;
	uint64_t number = 0;
	char text[32];
	int status = open_value(taking, element, &bytes, error);

	if (status == 0 && (bytes.length == 0 || bytes.length > sizeof number))
		status = error_set(
			error, TOTPGROUP_EFORMAT, translate("an encrypted number is too long"));
	for (size_t i = 0; status == 0 && i < bytes.length; i++)
		number = number << 8 | (unsigned char)bytes.data[i];
	text_free(&bytes);
	if (status != 0)
		return status;
	snprintf(text, sizeof text, "%" PRIu64, number);
	if (taking->library->xmlNewTextChild(element, element->ns,
		    (const xmlChar *)"PlainValue", (const xmlChar *)text) == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	return 0;
}

static int take_data(struct taking *taking, xmlNodePtr data, struct pskc_secret *secret)
{
	xmlNodePtr element = pskc_child(data, "Secret");
	int status = 0;

	if (element == NULL)
		return error_set(
			&secret->error, TOTPGROUP_EFORMAT, translate("there is no secret"));
	status = take_secret(taking, element, &secret->bytes, &secret->error);
	taking->library->xmlUnlinkNode(element);
	taking->library->xmlFreeNode(element);
	for (element = data->children; status == 0 && element != NULL; element = element->next)
		if (pskc_child(element, "EncryptedValue") != NULL)
			status = open_number(taking, element, &secret->error);
	return status;
}

static bool has_encrypted(xmlNodePtr container)
{
	for (xmlNodePtr package = container->children; package != NULL;
		package = package->next) {
		xmlNodePtr data = pskc_descend(package, "Key/Data");

		for (xmlNodePtr element = data != NULL ? data->children : NULL; element != NULL;
			element = element->next)
			if (pskc_child(element, "EncryptedValue") != NULL)
				return true;
	}
	return false;
}

static int add_package(struct taking *taking, xmlNodePtr package, struct pskc_secrets *secrets,
	struct error *error)
{
	struct pskc_secret *more =
		reallocarray(secrets->each, secrets->count + 1, sizeof(struct pskc_secret));
	xmlNodePtr key = pskc_child(package, "Key");
	struct pskc_secret *secret;
	xmlChar *id;
	int status;

	if (more == NULL)
		return error_set(error, TOTPGROUP_EMEMORY, translate("out of memory"));
	secrets->each = more;
	secret = &more[secrets->count++];
	*secret = (struct pskc_secret){.bytes = TEXT_INIT, .error = ERROR_INIT};
	id = key != NULL ? taking->library->xmlGetNoNsProp(key, (const xmlChar *)"Id") : NULL;
	secret->key_id = id != NULL ? strdup((const char *)id) : NULL;
	pskc_library_free(id);
	status = take_data(taking, pskc_child(key, "Data"), secret);
	return is_general(status) ? error_set(error, status, "%s", secret->error.message) : 0;
}

int pskc_secrets_take(struct pskc_secrets *secrets, const struct pskc_library *library,
	xmlDocPtr document, const struct pskc_asker *asker, struct error *error)
{
	struct taking taking = {.library = library,
		.asker = asker,
		.container = library->xmlDocGetRootElement(document),
		.unlock = {.library = library}};
	int status = 0;

	if (taking.container == NULL ||
		strcmp((const char *)taking.container->name, "KeyContainer") != 0)
		return error_set(
			error, TOTPGROUP_EFORMAT, translate("the XML is no PSKC KeyContainer"));
	if (has_encrypted(taking.container))
		status = pskc_unlock_open(&taking.unlock, taking.container, asker, error);
	for (xmlNodePtr node = taking.container->children; status == 0 && node != NULL;
		node = node->next)
		if (has_name(node, "KeyPackage", strlen("KeyPackage")))
			status = add_package(&taking, node, secrets, error);
	pskc_unlock_free(&taking.unlock);
	return status;
}

void pskc_secrets_free(struct pskc_secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		text_free(&secrets->each[i].bytes);
		free(secrets->each[i].key_id);
	}
	free(secrets->each);
	*secrets = (struct pskc_secrets){.each = NULL};
}
