/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "pam/enrollment.h"

#include <time.h>

#include "base/ascii.h"
#include "base/host_name.h"
#include "base/qr.h"
#include "base/text.h"
#include "base/wipe.h"
#include "config/enroll_defaults.h"
#include "core/confirmation.h"
#include "message/enrollment_text.h"
#include "message/translate.h"
#include "pam/conversation.h"
#include "pam/log.h"

#define OFFERS_MAX 3

/* One offer on its way. Holds secrets. */
struct offer {
	pam_handle_t *pamh;
	const struct enroll_defaults *defaults;
	struct login *login;
	bool optional;
	struct new_credential credential;
	struct text text; /* what is shown with each prompt */
	struct confirmation confirmation;
	unsigned int wrong; /* codes so far */
};

static enum enrollment refuse(struct offer *offer, enum totpgroup_reason reason)
{
	struct totpgroup_result *result = &offer->login->decision.result;

	result->verdict = TOTPGROUP_REFUSED;
	result->reason = reason;
	if (reason != TOTPGROUP_REASON_WRONG_CODE)
		result->offset_known = false;
	return ENROLLMENT_REFUSED;
}

static int append_uri(const struct offer *offer, struct text *uri)
{
	const char *issuer = offer->defaults->issuer;
	char host[HOST_NAME_MAX + 1];
	struct text label = TEXT_INIT;
	int status;

	host_name(host);
	status = text_append_format(&label, "%s@%s", offer->login->user, host);
	if (status == 0)
		status = enrollment_append_uri(
			&offer->credential, label.data, issuer != NULL ? issuer : host, uri);
	text_free(&label);
	return status;
}

/* Half blocks without colours, because ssh shows escape sequences as text. */
static enum qr_mode choose_qr_mode(const char *word)
{
	if (ascii_is_word("none", 4, word))
		return QR_MODE_NONE;
	if (ascii_is_word("utf8_inverse", 12, word) || ascii_is_word("ansi_inverse", 12, word))
		return QR_MODE_UTF8_INVERSE;
	return QR_MODE_UTF8;
}

/* The code comes last, so that it is whole on an ordinary terminal when the prompt
 * stands below it. */
static int append_qr(struct offer *offer, const struct text *uri)
{
	enum qr_mode mode = choose_qr_mode(offer->defaults->qr);
	struct qr qr;
	int status;

	if (mode == QR_MODE_NONE)
		return 0;
	status = qr_encode(&qr, uri->data);
	if (status == TOTPGROUP_ENOTFOUND || status == TOTPGROUP_EARGUMENT) {
		log_without_qr(offer->pamh, offer->login,
			status == TOTPGROUP_ENOTFOUND ? QR_LIBRARY " cannot be loaded"
						      : "the names are too long for one");
		return 0;
	}
	if (status == 0)
		status = text_append(&offer->text, "\n", 1);
	if (status == 0)
		status = qr_render(&qr, mode, &offer->text);
	qr_free(&qr);
	return status;
}

static int append_introduction(const struct offer *offer, struct text *text)
{
	int status = text_append_format(text, "%s",
		translate("From now on you need a code from an app to log in.\n"
			  "Give this to an authenticator app, by QR code or by hand, and type\n"
			  "the code that it shows."));

	if (status == 0 && offer->optional)
		status = text_append_format(text, " %s",
			translate("To log in without a code this time, press Enter only."));
	return status == 0 ? text_append(text, "\n\n", 2) : status;
}

static int append_app_support(const struct new_credential *credential, struct text *text)
{
	size_t before = text->length;
	int status = enrollment_append_app_support(credential, text);

	return status == 0 && text->length > before ? text_append(text, "\n", 1) : status;
}

static int append_head(struct offer *offer, const struct text *uri)
{
	int status = append_introduction(offer, &offer->text);

	if (status == 0)
		status = text_append_format(
			&offer->text, translate("Link: %s\nSecret: "), uri->data);
	if (status == 0)
		status = enrollment_append_secret(&offer->credential, &offer->text);
	if (status == 0)
		status = text_append(&offer->text, "\n", 1);
	return status == 0 ? append_app_support(&offer->credential, &offer->text) : status;
}

static int write_text(struct offer *offer)
{
	struct text uri = TEXT_INIT;
	int status = append_uri(offer, &uri);

	if (status == 0)
		status = append_head(offer, &uri);
	if (status == 0)
		status = append_qr(offer, &uri);
	text_free(&uri);
	if (status == 0)
		return 0;
	return error_set(&offer->login->error, status, "cannot show a new secret: %s",
		totpgroup_strerror(status));
}

static int prepare(struct offer *offer)
{
	int status = default_credential_draw(
		offer->defaults, &offer->credential, &offer->login->error);

	return status == 0 ? write_text(offer) : status;
}

/* The remark on the code before stands next to the prompt, where it is seen.
 * Applications end a message with a newline themselves. */
static bool show(struct offer *offer)
{
	struct text text = TEXT_INIT;
	int status = text_append(&text, offer->text.data, offer->text.length);
	bool shown = false;

	if (status == 0 && offer->wrong > 0)
		status = enrollment_append_wrong_code(
			&offer->credential, &offer->confirmation, &text);
	if (status == 0) {
		text.data[text.length - 1] = '\0';
		shown = conversation_show(offer->pamh, text.data);
	}
	text_free(&text);
	return shown;
}

static int create_file(const struct offer *offer)
{
	struct text text = TEXT_INIT;
	int status = new_credential_append(&offer->credential, &text, &offer->login->error);

	if (status == 0 && options_socket(&offer->login->options) != NULL)
		status = login_create_by_daemon(offer->login, &text);
	else if (status == 0)
		status = user_credential_create(
			&offer->login->credential, &text, &offer->login->error);
	text_free(&text);
	return status;
}

static void count_wrong_codes(const struct offer *offer, struct error *error)
{
	if (offer->wrong > 0)
		error_set(error, TOTPGROUP_EARGUMENT, "after %u wrong code%s", offer->wrong,
			offer->wrong == 1 ? "" : "s");
}

/* Codes that nobody saw are of no use, but the login that failed for them
 * can be begun anew: the app works. */
static enum enrollment show_emergency_codes(struct offer *offer)
{
	const struct emergency_codes *codes = &offer->credential.emergency_codes;
	struct text text = TEXT_INIT;
	bool shown = false;

	if (text_append_format(&text, "%s\n\n",
		    translate("The app works: your next login asks for a code.")) == 0 &&
		enrollment_append_emergency_codes(codes, &text) == 0)
		shown = conversation_show(offer->pamh, text.data);
	text_free(&text);
	if (shown || codes->count == 0)
		return ENROLLMENT_STORED;
	error_set(&offer->login->error, TOTPGROUP_ESYSTEM,
		"enrolled, but the emergency codes could not be shown; "
		"totp-enroll codes makes new ones");
	return refuse(offer, TOTPGROUP_REASON_CONVERSATION);
}

/* After some failures the file may stand all the same. */
static void complain(const struct offer *offer, int status)
{
	if (status == TOTPGROUP_ESYSTEM)
		conversation_complain(offer->pamh,
			translate("The secret may not have been stored. Keep it in the app, "
				  "and ask the administrator."));
	else
		conversation_complain(offer->pamh,
			translate("The secret could not be stored. Remove it from the app, "
				  "and ask the administrator."));
}

static enum enrollment store(struct offer *offer)
{
	struct error remark = ERROR_INIT;
	int status;

	offer->credential.spent_step = offer->confirmation.step;
	status = create_file(offer);
	if (status != 0) {
		complain(offer, status);
		return refuse(offer, status == TOTPGROUP_EUNSAFE
					     ? TOTPGROUP_REASON_BAD_FILE
					     : TOTPGROUP_REASON_STORE_ERROR);
	}
	count_wrong_codes(offer, &remark);
	log_enrolled(offer->pamh, offer->login, &remark);
	offer->login->decision.result.method = TOTPGROUP_METHOD_TOTP;
	offer->login->decision.result.step = offer->confirmation.step;
	return show_emergency_codes(offer);
}

/* Judges one answer: true where that settles it. */
static bool judge(struct offer *offer, const char *typed, enum enrollment *outcome)
{
	*outcome = ENROLLMENT_REFUSED;
	if (offer->optional && *typed == '\0') {
		*outcome = ENROLLMENT_DECLINED;
		return true;
	}
	if (confirmation_judge(&offer->credential, typed, (int64_t)time(NULL),
		    &offer->confirmation, &offer->login->error) != 0) {
		refuse(offer, TOTPGROUP_REASON_STORE_ERROR);
		return true;
	}
	offer->login->decision.result.offset = offer->confirmation.offset;
	offer->login->decision.result.offset_known =
		offer->confirmation.verdict == CONFIRMATION_RIGHT ||
		offer->confirmation.verdict == CONFIRMATION_OTHER_TIME;
	if (offer->confirmation.verdict != CONFIRMATION_RIGHT) {
		offer->wrong++;
		return false;
	}
	*outcome = store(offer);
	return true;
}

/* Shows and asks once: true where that settles it. */
static bool ask(struct offer *offer, enum enrollment *outcome)
{
	char *typed = NULL;
	bool settled = true;

	*outcome = ENROLLMENT_REFUSED;
	if (show(offer))
		typed = conversation_ask_code(offer->pamh, &offer->login->options);
	if (typed != NULL)
		settled = judge(offer, typed, outcome);
	else
		refuse(offer, TOTPGROUP_REASON_CONVERSATION);
	wipe_free_string(typed);
	return settled;
}

static enum enrollment ask_until_right(struct offer *offer)
{
	enum enrollment outcome = ENROLLMENT_REFUSED;

	while (offer->wrong < OFFERS_MAX)
		if (ask(offer, &outcome))
			return outcome;
	error_set(&offer->login->error, TOTPGROUP_EARGUMENT,
		"enrollment was offered; %u wrong codes, and nothing stored", offer->wrong);
	conversation_complain(offer->pamh,
		translate("Nothing was stored. Remove the secret from the app: the next login "
			  "shows another."));
	return refuse(offer, TOTPGROUP_REASON_WRONG_CODE);
}

enum enrollment enrollment_offer(pam_handle_t *pamh, struct login *login, bool optional)
{
	struct offer offer = {
		.pamh = pamh,
		.defaults = &login->configuration.enroll,
		.login = login,
		.optional = optional,
		.text = TEXT_INIT,
	};
	enum enrollment outcome;

	login->decision = (struct decision)DECISION_INIT;
	login->error = (struct error)ERROR_INIT;
	if (prepare(&offer) == 0)
		outcome = ask_until_right(&offer);
	else
		outcome = refuse(&offer, TOTPGROUP_REASON_STORE_ERROR);
	if (outcome == ENROLLMENT_STORED)
		login->decision.result.verdict = TOTPGROUP_ACCEPTED;
	text_free(&offer.text);
	WIPE_OBJECT(&offer);
	return outcome;
}
