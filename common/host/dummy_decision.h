/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The work of a decision where there is nothing to decide on. */
#ifndef TOTPGROUP_STORE_DUMMY_DECISION_H
#define TOTPGROUP_STORE_DUMMY_DECISION_H

#include "core/decide.h"

/* Decides on an attempt against a credential that is nobody's, and
 * forgets the verdict: a user who is unknown or has no
 * credential costs what a wrong code costs. */
void dummy_decide(const struct attempt *attempt);

#endif
