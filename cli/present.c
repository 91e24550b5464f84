/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "present.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/account.h"
#include "core/otpauth_uri.h"
#include "qr_render.h"
#include "terminal.h"
#include "totpgroup.h"

/* Characters of the secret between two blanks. */
#define SECRET_GROUP 4

static enum exit_status failed(int result)
{
	terminal_complain("cannot show the secret: %s", totpgroup_strerror(result));
	return STATUS_STORE_ERROR;
}

static enum exit_status print(const struct text *text)
{
	if (terminal_print(text))
		return STATUS_DONE;
	terminal_complain("cannot write to standard output: %s", strerror(errno));
	return STATUS_STORE_ERROR;
}

static void host_name(char name[HOST_NAME_MAX + 1])
{
	if (gethostname(name, HOST_NAME_MAX + 1) != 0 || name[0] == '\0')
		strcpy(name, "localhost");
	name[HOST_NAME_MAX] = '\0';
}

/* Labels made for google-authenticator may hold "issuer:" already, which the
 * URI gets in any case. */
static const char *without_issuer(const char *label, const char *issuer)
{
	size_t length = strlen(issuer);

	if (length == 0 || strncmp(label, issuer, length) != 0 || label[length] != ':' ||
		label[length + 1] == '\0')
		return label;
	return label + length + 1;
}

static int append_uri(const struct new_credential *credential, const char *account,
	const char *issuer, struct text *uri)
{
	const struct otpauth_account description = {
		.secret = credential->secret,
		.issuer = issuer,
		.account = account,
		.algorithm = credential->algorithm,
		.parameters =
			{
				.digits = credential->digits,
				.period = new_credential_period(credential),
				.totp = credential->time_based,
				.hotp_counter = credential->time_based ? 0 : 1,
			},
	};

	return otpauth_uri_append(uri, &description);
}

static int build_uri(const struct new_credential *credential,
	const struct enroll_options *options, const char *user, struct text *uri)
{
	char host[HOST_NAME_MAX + 1];
	struct text label = TEXT_INIT;
	const char *issuer;
	int result = 0;

	host_name(host);
	issuer = options->issuer != NULL ? options->issuer : host;
	if (options->label == NULL)
		result = text_append_format(&label, "%s@%s", user, host);
	else
		result = text_append_format(
			&label, "%s", without_issuer(options->label, issuer));
	if (result == 0)
		result = append_uri(credential, label.data, issuer, uri);
	text_free(&label);
	return result;
}

static int append_in_groups(struct text *text, const char *secret)
{
	int result = 0;

	for (size_t i = 0; result == 0 && secret[i] != '\0'; i++) {
		if (i > 0 && i % SECRET_GROUP == 0)
			result = text_append(text, " ", 1);
		if (result == 0)
			result = text_append(text, secret + i, 1);
	}
	return result;
}

/* What somebody has to choose in an app who types the secret. */
static int append_kind(struct text *text, const struct new_credential *credential)
{
	int result = text_append_format(text, "  (%s, %u digits",
		credential->time_based ? "by time" : "by counter", credential->digits);

	if (result == 0 && credential->algorithm != HMAC_SHA1)
		result = text_append_format(
			text, ", %s", otp_algorithm_name(credential->algorithm));
	if (result == 0 && credential->step_size != 0)
		result = text_append_format(text, ", %d seconds", credential->step_size);
	return result == 0 ? text_append(text, ")\n", 2) : result;
}

static enum exit_status print_uri(
	const struct new_credential *credential, const struct text *uri)
{
	struct text text = TEXT_INIT;
	enum exit_status status;
	int result = text_append_format(&text,
		"\nGive this to an authenticator app, by QR code or by hand.\n\n"
		"Link: %s\nSecret: ",
		uri->data);

	if (result == 0)
		result = append_in_groups(&text, credential->secret);
	if (result == 0)
		result = append_kind(&text, credential);
	status = result == 0 ? print(&text) : failed(result);
	text_free(&text);
	return status;
}

/* Whether the code fits in width, which nothing can make up for. A window that
 * is too low can be made higher while the code is on it. One line is for the
 * question that follows. */
static bool fits(const struct qr *qr, enum qr_mode mode)
{
	unsigned int columns, rows, have_columns, have_rows;

	qr_render_size(qr, mode, &columns, &rows);
	if (!terminal_size(&have_columns, &have_rows))
		return true;
	if (columns <= have_columns && rows < have_rows)
		return true;
	terminal_say(
		"The QR code needs %u columns and %u lines; this terminal has %u and %u.\n",
		columns, rows + 1, have_columns, have_rows);
	return columns <= have_columns;
}

/* Drawn in one go and undisturbed: a signal in the middle would leave the
 * terminal in the code's colours. */
static enum exit_status print_undisturbed(const struct text *text)
{
	enum exit_status status;
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	status = print(text);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

static enum exit_status draw(const struct qr *qr, enum qr_mode mode)
{
	struct text text = TEXT_INIT;
	enum exit_status status;
	int result;

	if (!fits(qr, mode))
		return STATUS_DONE;
	result = qr_render(qr, mode, &text);
	status = result == 0 ? print_undisturbed(&text) : failed(result);
	text_free(&text);
	return status;
}

static void hint(enum qr_mode mode)
{
	if (mode == QR_MODE_UTF8)
		terminal_say("The QR code is for a dark terminal; for a light one: "
			     "--qr=utf8_inverse\n");
	else if (mode == QR_MODE_ANSI)
		terminal_say("The QR code is for a dark terminal; for a light one: "
			     "--qr=ansi_inverse\n");
}

static enum exit_status print_qr(const struct text *uri, enum qr_mode wanted)
{
	struct qr_surroundings surroundings;
	enum exit_status status;
	enum qr_mode mode;
	struct qr qr;
	int result;

	qr_surroundings_look(&surroundings);
	mode = qr_mode_choose(wanted, &surroundings);
	if (mode == QR_MODE_NONE)
		return STATUS_DONE;
	result = qr_encode(&qr, uri->data);
	if (result == TOTPGROUP_EARGUMENT) {
		terminal_say("The link is too long for a QR code.\n");
		return STATUS_DONE;
	}
	if (result != 0)
		return failed(result);
	if (wanted == QR_MODE_AUTO)
		hint(mode);
	status = draw(&qr, mode);
	qr_free(&qr);
	return status;
}

enum exit_status present_secret(const struct new_credential *credential,
	const struct enroll_options *options, const char *user)
{
	struct text uri = TEXT_INIT;
	enum exit_status status;
	int result = build_uri(credential, options, user, &uri);

	if (result != 0)
		status = failed(result);
	else
		status = print_uri(credential, &uri);
	if (status == STATUS_DONE)
		status = print_qr(&uri, options->qr_mode);
	text_free(&uri);
	return status;
}

static enum exit_status print_codes(
	const struct emergency_codes *codes, const char *head, const char *indent)
{
	struct text text = TEXT_INIT;
	enum exit_status status;
	int result = text_append_format(&text, "%s", head);

	for (unsigned int i = 0; result == 0 && i < codes->count; i++)
		result = text_append_format(&text, "%s%s\n", indent, codes->code[i]);
	status = result == 0 ? print(&text) : failed(result);
	text_free(&text);
	return status;
}

enum exit_status present_emergency_codes(const struct emergency_codes *codes)
{
	if (codes->count == 0)
		return STATUS_DONE;
	return print_codes(codes,
		codes->hashed ? "\nEmergency codes, good once each, for when the app is not at "
				"hand. Write them down\n"
				"now, and not on the phone: they cannot be shown again, "
				"because the file has only\n"
				"hashes of them. Capitals and dashes do not matter.\n"
			      : "\nEmergency codes, good once each, for when the app is not at "
				"hand. Keep them\n"
				"safe, and not on the phone:\n",
		"  ");
}

enum exit_status present_bare_codes(const struct emergency_codes *codes)
{
	return print_codes(codes, "", "");
}
