/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The account name in the label of an app: `user`, `user@host` or `user@host (device)`. */
#ifndef TOTPGROUP_EXCHANGE_ACCOUNT_NAME_H
#define TOTPGROUP_EXCHANGE_ACCOUNT_NAME_H

#include "base/lines.h"

/* The parts of a name. They point into it. */
struct account_name {
	struct word whole;  /* all but the device: a user's name may contain '@' */
	struct word user;   /* before the last '@' of the whole; the whole without one */
	struct word host;   /* behind it; of length 0 without one */
	struct word device; /* of length 0 for none */
};

struct account_name account_name_split(const char *name);

#endif
