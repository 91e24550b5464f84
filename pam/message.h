/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the user is told besides the prompt, in the language that the service has
 * set. Nothing is said under PAM_SILENT. */
#ifndef TOTPGROUP_PAM_MESSAGE_H
#define TOTPGROUP_PAM_MESSAGE_H

#include "pam/flow_state.h"

/* After the decision: how long a secret is not needed yet; or why the code was
 * refused, where an earlier factor was passed, and otherwise the same words for
 * everything. */
void message_about(const struct flow *flow);

/* That the session is refused because nobody asked for a code. */
void message_not_asked(const struct flow *flow);

#endif
