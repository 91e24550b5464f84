/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "core/device_search.h"

#include "core/otp.h"
#include "core/skew.h"

int device_keys_open_first(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error)
{
	int status = credential_open_hmac(credential, &keys->hmac[0], error);

	keys->count = status == 0 ? 1 : 0;
	return status;
}

int device_keys_open_further(
	const totpgroup_credential *credential, struct device_keys *keys, struct error *error)
{
	struct devices devices;
	int status = devices_read(credential, &devices, error);

	while (status == 0 && keys->count < devices.count) {
		status = credential_open_hmac_for(credential,
			&devices.device[keys->count].secret, &keys->hmac[keys->count], error);
		if (status == 0)
			keys->count++;
	}
	return status;
}

void device_keys_close(struct device_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		hmac_close(keys->hmac[i]);
	*keys = (struct device_keys){.count = 0};
}

/* Goes on after a match, and keeps the first. */
static int search_all(const struct device_keys *keys, const struct device_search *search,
	enum device_match_kind kind, const char *code, struct device_match *match)
{
	const int64_t window = search->window;
	int status = 0;

	for (size_t i = 0; status == 0 && i < keys->count; i++) {
		int64_t center = search->now_step + (i == 0 ? search->first_skew : 0);
		struct otp_range range = {center - (window - 1) / 2, center + window / 2};
		int64_t nearest = range.first, step = 0;
		bool found;

		if (kind == DEVICE_MATCH_OTHER_TIME) {
			nearest = search->now_step;
			range.first = nearest - SKEW_STEPS_MAX;
			range.last = nearest + SKEW_STEPS_MAX;
		}
		status = otp_search(
			keys->hmac[i], range, nearest, code, search->digits, &found, &step);
		if (status == 0 && found && match->kind == DEVICE_MATCH_NONE)
			*match = (struct device_match){kind, i, step};
	}
	return status;
}

int device_search(const struct device_keys *keys, const struct device_search *search,
	const char *code, struct device_match *match)
{
	int status;

	*match = (struct device_match){.kind = DEVICE_MATCH_NONE};
	status = search_all(keys, search, DEVICE_MATCH_WINDOW, code, match);
	if (status == 0 && match->kind == DEVICE_MATCH_NONE)
		status = search_all(keys, search, DEVICE_MATCH_OTHER_TIME, code, match);
	if (status != 0)
		*match = (struct device_match){.kind = DEVICE_MATCH_NONE};
	return status;
}
