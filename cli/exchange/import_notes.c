/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/exchange/exchange.h"
#include "cli/ui/terminal.h"

static void say_assumed(const struct import_record *record, struct import_said *said)
{
	const struct otp_key *key = &record->key;

	if ((key->notes & OTP_KEY_COUNTER_ASSUMED) != 0)
		terminal_complain("%s: line %u: the link has no counter: 0 is assumed",
			record->source, key->line);
	if ((key->notes & OTP_KEY_DIGITS_ASSUMED) != 0 && !said->digits) {
		said->digits = true;
		terminal_complain("%s: 6 digits are assumed where a row does not say how "
				  "many: line %u",
			record->source, key->line);
	}
	if ((key->notes & OTP_KEY_KIND_ASSUMED) != 0 && !said->kind) {
		said->kind = true;
		terminal_complain("%s: SHA1, 6 digits and 30 s are assumed where it does not "
				  "say another; see --algorithm, --digits and --period",
			record->source);
	}
}

void import_say_notes(const struct import_record *record, struct import_said *said)
{
	const struct otp_key *key = &record->key;

	if ((key->notes & OTP_KEY_ISSUERS_DIFFER) != 0)
		terminal_complain("%s: line %u: the label names another issuer than the "
				  "parameter, which is taken: %s",
			record->source, key->line, key->issuer);
	say_assumed(record, said);
	if (key->hotp && key->counter == 0 && record->is_token && !said->counter) {
		said->counter = true;
		terminal_complain("%s: tokens begin at counter 1; the code of counter 0 is not "
				  "accepted",
			record->source);
	} else if (key->hotp && key->counter == 0 && !record->is_token)
		terminal_complain("%s: line %u: %s begins at counter 1; the code of counter "
				  "0 is not accepted",
			record->source, key->line, record->user);
	if ((key->notes & OTP_KEY_PIN_LEFT_OUT) != 0 && !said->pin) {
		said->pin = true;
		terminal_complain(
			"%s: PINs are left out: the login asks for codes only", record->source);
	}
}
