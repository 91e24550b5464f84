/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/qr.h"

#include <dlfcn.h>
#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

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
