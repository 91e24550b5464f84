/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/random.h"

#include <gcrypt.h>

#include "base/hmac.h"
#include "base/wipe.h"
#include "totpgroup.h"

/* libgcrypt seeds its generator from the kernel, and its strong level is good enough
 * for keys. The very strong level reseeds for every request, which costs thousands of
 * times more and is too slow to enroll a whole group. */
int random_bytes(void *bytes, size_t length)
{
	int status = crypto_ready();

	if (status != 0)
		return status;
	gcry_randomize(bytes, length, GCRY_STRONG_RANDOM);
	return 0;
}

int random_below(uint32_t limit, uint32_t *number)
{
	uint32_t draw;
	uint32_t rejected;
	int status;

	if (limit == 0)
		return TOTPGROUP_EARGUMENT;
	/* 2^32 modulo limit. Smaller draws are drawn again, so that each remainder comes
	 * from equally many draws. */
	rejected = (UINT32_MAX - limit + 1) % limit;
	do {
		status = random_bytes(&draw, sizeof draw);
		if (status != 0)
			return status;
	} while (draw < rejected);
	*number = draw % limit;
	WIPE_OBJECT(&draw);
	return 0;
}
