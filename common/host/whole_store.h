/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The store that the configuration names, without a user: for what is asked or done about all. */
#ifndef TOTPGROUP_HOST_WHOLE_STORE_H
#define TOTPGROUP_HOST_WHOLE_STORE_H

#include "base/error.h"
#include "config/options.h"
#include "store/store.h"

/*
 * Opens the store. secret, a path as in the option secret=, names files in place of what the
 * options say; or NULL. It must outlive the store, as the options must. The caller ends *store,
 * which is NULL after an error, with store_close(). TOTPGROUP_EMEMORY.
 */
int whole_store_open(struct store **store, const struct options *options, const char *secret,
	struct error *error);

#endif
