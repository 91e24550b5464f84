/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "daemon/draft.h"

#include "base/wipe.h"
#include "core/new_credential.h"

void draft_drop(struct draft *draft)
{
	wipe_free(draft->credential, sizeof *draft->credential);
	*draft = (struct draft){.credential = NULL};
}
