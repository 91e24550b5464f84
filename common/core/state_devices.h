/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a state knows of the further devices of a secret: a device that was the first
 * one for a while has a section of its own. */
#ifndef TOTPGROUP_CORE_STATE_DEVICES_H
#define TOTPGROUP_CORE_STATE_DEVICES_H

#include "core/credential.h"
#include "core/state_text.h"

/*
 * What was spent while one of the further devices was the first one stays spent when
 * the secret of before is put back: adds the time steps of its section to those of
 * the effective credential, and empties the lines of its emergency codes. No line
 * changes its number. Returns 0, TOTPGROUP_EMEMORY or TOTPGROUP_ECRYPTO.
 */
int state_devices_apply(const struct state_sections *sections, totpgroup_credential *effective);

#endif
