/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "host/whole_store.h"

#include "store/file_store.h"
#include "store/secret_path.h"

int whole_store_open(struct store **store, const struct options *options, const char *secret,
	struct error *error)
{
	const struct file_store_settings settings = {
		.secret = secret != NULL	    ? secret
			  : options->secret != NULL ? options->secret
						    : SECRET_PATH_DEFAULT,
		.state = options->state,
		.first_seen = options->first_seen,
	};

	return file_store_open(store, &settings, error);
}
