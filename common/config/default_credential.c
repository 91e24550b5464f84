/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "config/default_credential.h"

static void choose_limits(
	const struct enroll_defaults *defaults, struct new_credential *credential)
{
	credential->disallow_reuse = defaults->disallow_reuse != ENROLL_NO;
	credential->window_size = defaults->window_size;
	if (defaults->rate_limit == ENROLL_ASK)
		return;
	/* Both 0 without a limit. */
	credential->rate_limit = defaults->rate_limit_count;
	credential->rate_time = defaults->rate_limit_time;
}

/* Where google-authenticator cannot read the file, nothing but the module needs
 * the codes. */
static bool are_codes_hashed(
	const struct enroll_defaults *defaults, const struct new_credential *credential)
{
	if (defaults->codes == ENROLL_CODES_CHOOSE)
		return new_credential_is_ours(credential);
	return defaults->codes == ENROLL_CODES_HASHED;
}

int default_credential_draw(const struct enroll_defaults *defaults,
	struct new_credential *credential, struct error *error)
{
	int result;

	*credential = (struct new_credential)NEW_CREDENTIAL_DEFAULT;
	new_credential_choose_kind(credential, (enum hmac_algorithm)defaults->algorithm,
		(unsigned int)defaults->digits, defaults->step_size);
	choose_limits(defaults, credential);
	result = new_credential_draw(credential, error);
	if (result != 0)
		return result;
	return emergency_codes_draw(&credential->emergency_codes,
		(unsigned int)defaults->emergency_codes, are_codes_hashed(defaults, credential),
		error);
}
