/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A place in a store of files, for the tests of what is done with one. */
#ifndef TOTPGROUP_TESTS_FILE_STORE_SUPPORT_H
#define TOTPGROUP_TESTS_FILE_STORE_SUPPORT_H

#include <unistd.h>

#include "host/user_credential.h"
#include "store/file_store.h"
#include "test_support.h"

/* The secret, and the state unless it is NULL, in files that belong to the test. The
 * strings and *passwd must outlive the place. */
static inline void open_place(struct user_credential *credential, const char *secret,
	const char *state, const struct store_rights *rights)
{
	static struct passwd owner;
	struct file_store_settings settings = {
		.secret = secret,
		.secret_is_literal = true,
		.state = state,
		.own_file = true,
		.allowed_mode = 0600,
	};
	const struct store_user user = {"user", &owner};
	struct error error = ERROR_INIT;

	owner = (struct passwd){.pw_uid = geteuid(), .pw_gid = getegid()};
	if (rights != NULL)
		settings.rights = *rights;
	*credential = (struct user_credential){.user = &owner, .owner = &owner};
	assert_int_equal(file_store_open(&credential->store, &settings, &error), 0);
	assert_int_equal(store_locate(credential->store, &user, &credential->place, &error), 0);
}

#endif
