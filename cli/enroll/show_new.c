/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "cli/enroll/show_new.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base32.h"
#include "base/host_name.h"
#include "base/qr_render.h"
#include "base/wipe.h"
#include "cli/ui/terminal.h"
#include "exchange/otpauth_uri.h"
#include "message/handover.h"
#include "totpgroup.h"

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

/* What stands in the app. */
static int build_label(const struct enroll_options *options, const char *user, const char *host,
	struct text *label, const char **issuer)
{
	*issuer = options->issuer != NULL ? options->issuer : host;
	if (options->label == NULL)
		return text_append_format(label, "%s@%s", user, host);
	return text_append_format(label, "%s", without_issuer(options->label, *issuer));
}

static int build_uri(const struct new_credential *credential,
	const struct enroll_options *options, const char *user, struct text *uri)
{
	char host[HOST_NAME_MAX + 1];
	struct text label = TEXT_INIT;
	const char *issuer;
	int result;

	host_name(host);
	result = build_label(options, user, host, &label, &issuer);
	if (result == 0)
		result = handover_append_uri(credential, label.data, issuer, uri);
	text_free(&label);
	return result;
}

int present_append_uri(struct otp_key *key, const struct enroll_options *options,
	const char *user, struct text *uri)
{
	char host[HOST_NAME_MAX + 1];
	struct error error = ERROR_INIT;
	struct text label = TEXT_INIT;
	const char *issuer;
	int result;

	host_name(host);
	result = build_label(options, user, host, &label, &issuer);
	if (result == 0)
		result = otp_key_set_name(key, label.data, label.length, &error);
	if (result == 0)
		result = otp_key_set_issuer(key, issuer, strlen(issuer), &error);
	if (result == 0)
		result = otpauth_uri_append_key(uri, key);
	text_free(&label);
	return result;
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

	if (result == 0 && credential->secret[0] == '\0')
		result = text_append_format(&text, "as in the link, too long to type");
	else if (result == 0)
		result = handover_append_secret(credential, &text);
	if (result == 0)
		result = text_append(&text, "\n", 1);
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

/* The mode that suits standard output, the locale and the environment. */
static enum qr_mode choose_mode(void)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	bool has_escapes = term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
	bool has_color = has_escapes && (no_color == NULL || no_color[0] == '\0');

	if (isatty(STDOUT_FILENO) != 1)
		return QR_MODE_NONE;
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return has_color ? QR_MODE_ANSI256 : QR_MODE_UTF8;
	if (!has_escapes)
		return QR_MODE_NONE;
	return has_color ? QR_MODE_ANSI_GREY : QR_MODE_ANSI;
}

static enum exit_status print_qr(const struct text *uri, enum qr_mode wanted)
{
	enum qr_mode mode = wanted == QR_MODE_AUTO ? choose_mode() : wanted;
	enum exit_status status;
	struct qr qr;
	int result;

	if (mode == QR_MODE_NONE)
		return STATUS_DONE;
	result = qr_encode(&qr, uri->data);
	if (result == TOTPGROUP_EARGUMENT || result == TOTPGROUP_ENOTFOUND) {
		terminal_say(result == TOTPGROUP_EARGUMENT
				     ? "The link is too long for a QR code.\n"
				     : "There is no QR code, because " QR_LIBRARY
				       " is not installed.\n");
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

/* What is printed of it beside the link. */
static void describe_key(const struct otp_key *key, struct new_credential *credential)
{
	*credential = (struct new_credential)NEW_CREDENTIAL_DEFAULT;
	credential->algorithm = key->algorithm;
	credential->digits = key->digits;
	credential->time_based = !key->hotp;
	if (key->period != NEW_CREDENTIAL_PERIOD)
		credential->step_size = (int)key->period;
	if (key->secret_length <= NEW_CREDENTIAL_KEY_MAX)
		base32_encode(key->secret, key->secret_length, credential->secret);
}

enum exit_status present_account(
	struct otp_key *key, const struct enroll_options *options, const char *user)
{
	struct new_credential credential;
	struct text uri = TEXT_INIT;
	enum exit_status status;
	int result = present_append_uri(key, options, user, &uri);

	describe_key(key, &credential);
	if (result != 0)
		status = failed(result);
	else
		status = print_uri(&credential, &uri);
	if (status == STATUS_DONE)
		status = print_qr(&uri, options->qr_mode);
	WIPE_OBJECT(&credential);
	text_free(&uri);
	return status;
}

enum exit_status present_emergency_codes(const struct emergency_codes *codes)
{
	struct text text = TEXT_INIT;
	enum exit_status status;
	int result;

	if (codes->count == 0)
		return STATUS_DONE;
	result = text_append(&text, "\n", 1);
	if (result == 0)
		result = handover_append_emergency_codes(codes, &text);
	status = result == 0 ? print(&text) : failed(result);
	text_free(&text);
	return status;
}

enum exit_status present_codes_of(
	const struct emergency_codes *codes, const char *user, bool bare)
{
	struct text text = TEXT_INIT;
	enum exit_status status;
	int result = bare ? 0 : text_append_format(&text, "%s:\n", user);

	for (unsigned int i = 0; result == 0 && i < codes->count; i++)
		result =
			text_append_format(&text, "%s %s\n", bare ? user : " ", codes->code[i]);
	status = result == 0 ? print(&text) : failed(result);
	text_free(&text);
	return status;
}

enum exit_status present_bare_codes(const struct emergency_codes *codes)
{
	struct text text = TEXT_INIT;
	enum exit_status status;
	int result = 0;

	for (unsigned int i = 0; result == 0 && i < codes->count; i++)
		result = text_append_format(&text, "%s\n", codes->code[i]);
	status = result == 0 ? print(&text) : failed(result);
	text_free(&text);
	return status;
}
