/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <langinfo.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base32.h"
#include "base/host_name.h"
#include "base/wipe.h"
#include "cli/enroll/enroll.h"
#include "cli/ui/qr_option.h"
#include "cli/ui/terminal.h"
#include "exchange/otpauth_uri.h"
#include "message/enrollment_text.h"
#include "message/translate.h"
#include "totpgroup.h"

static enum exit_status cannot_show(int result)
{
	return terminal_fail(
		STATUS_STORE_ERROR, "cannot show the secret: %s", totpgroup_strerror(result));
}

/* Labels for google-authenticator may begin with "issuer:", which the URI gets anyway. */
static const char *without_issuer(const char *label, const char *issuer)
{
	size_t length = strlen(issuer);

	if (length == 0 || strncmp(label, issuer, length) != 0 || label[length] != ':' ||
		label[length + 1] == '\0')
		return label;
	return label + length + 1;
}

/* Appends the account name that the app shows. Returns the issuer, which may lie in
 * host. */
static const char *append_label(struct text *label, const struct enroll_options *options,
	const char *user, char host[HOST_NAME_MAX + 1])
{
	const char *issuer = options->issuer != NULL ? options->issuer : host;

	host_name(host);
	if (options->label != NULL)
		text_append_string(label, without_issuer(options->label, issuer));
	else
		text_append_format(label, "%s@%s", user, host);
	return issuer;
}

static int append_credential_uri(const struct new_credential *credential,
	const struct enroll_options *options, const char *user, struct text *uri)
{
	char host[HOST_NAME_MAX + 1];
	struct text label = TEXT_INIT;
	const char *issuer = append_label(&label, options, user, host);
	int result = label.status;

	if (result == 0)
		result = enrollment_append_uri(credential, label.data, issuer, uri);
	text_free(&label);
	return result;
}

int append_key_uri(struct otp_key *key, const struct enroll_options *options, const char *user,
	struct text *uri)
{
	char host[HOST_NAME_MAX + 1];
	struct error error = ERROR_INIT;
	struct text label = TEXT_INIT;
	const char *issuer = append_label(&label, options, user, host);
	int result = label.status;

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

	text_append_format(&text,
		translate("\nGive this to an authenticator app, by QR code or by hand.\n\n"
			  "Link:\n%s\nSecret: "),
		uri->data);
	if (credential->secret[0] == '\0')
		text_append_string(&text, translate("as in the link, too long to type"));
	else
		enrollment_append_secret(credential, &text);
	text_append_string(&text, "\n");
	status = terminal_write_words(&text);
	text_free(&text);
	return status;
}

static void say_other_ways(void)
{
	terminal_say("Other ways to the QR code: --qr=utf8, where the terminal can show it, "
		     "or a picture, --qr=FILE.png or --qr=FILE.svg.\n");
}

/* Whether the code fits into the width of the terminal, which nothing can replace. A
 * window that is too low can still be made higher. One line is for the next question. */
static bool fits(const struct qr *qr, enum qr_mode mode)
{
	unsigned int columns, rows, have_columns, have_rows;

	qr_render_size(qr, mode, &columns, &rows);
	if (!terminal_size(STDOUT_FILENO, &have_columns, &have_rows))
		return true;
	if (columns <= have_columns && rows < have_rows)
		return true;
	terminal_say(
		"The QR code needs %u columns and %u lines; this terminal has %u and %u.\n",
		columns, rows + 1, have_columns, have_rows);
	if (columns <= have_columns)
		return true;
	say_other_ways();
	return false;
}

/* Draws the code at once and with signals blocked: a signal in the middle would leave the
 * terminal in the colors of the code. */
static enum exit_status draw_qr(const struct qr *qr, enum qr_mode mode)
{
	struct text text = TEXT_INIT;
	enum exit_status status;
	sigset_t all, before;
	int result = qr_render(qr, mode, &text);

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	status = result == 0 ? terminal_write(&text) : cannot_show(result);
	sigprocmask(SIG_SETMASK, &before, NULL);
	text_free(&text);
	return status;
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

static void say_other_mode(enum qr_mode mode)
{
	if (mode == QR_MODE_UTF8)
		terminal_say("The QR code is for a dark terminal; for a light one: "
			     "--qr=utf8_inverse\n");
	else if (mode == QR_MODE_ANSI)
		terminal_say("The QR code is for a dark terminal; for a light one: "
			     "--qr=ansi_inverse\n");
}

/* Draws the code on the terminal, if there is one. wanted is what was asked for, mode what
 * suits. */
static enum exit_status print_qr(const struct text *uri, enum qr_mode wanted, enum qr_mode mode)
{
	enum exit_status status = STATUS_DONE;
	struct qr qr;
	int result = qr_encode(&qr, uri->data);

	if (result == TOTPGROUP_EARGUMENT || result == TOTPGROUP_ENOTFOUND) {
		if (result == TOTPGROUP_EARGUMENT)
			terminal_say("The link is too long for a QR code.\n");
		else
			terminal_say("There is no QR code, because %s is not installed.\n",
				QR_LIBRARY);
		return STATUS_DONE;
	}
	if (result != 0)
		return cannot_show(result);
	if (wanted == QR_MODE_AUTO)
		say_other_mode(mode);
	if (fits(&qr, mode))
		status = draw_qr(&qr, mode);
	qr_free(&qr);
	return status;
}

static enum exit_status draw_picture(const char *file, const struct text *uri)
{
	enum exit_status status = qr_option_draw(file, uri->data);

	if (status == STATUS_DONE)
		terminal_say("The QR code is in %s. Remove that file once the app has it: a "
			     "person who reads it can make the codes.\n",
			file);
	return status;
}

static enum exit_status show_qr(const struct text *uri, const struct enroll_options *options)
{
	enum qr_mode mode = options->qr_mode;

	if (options->qr_file != NULL)
		return draw_picture(options->qr_file, uri);
	if (mode == QR_MODE_AUTO)
		mode = choose_mode();
	if (mode != QR_MODE_NONE)
		return print_qr(uri, options->qr_mode, mode);
	if (options->qr_mode == QR_MODE_AUTO && isatty(STDOUT_FILENO) == 1)
		say_other_ways();
	return STATUS_DONE;
}

enum exit_status show_secret(const struct new_credential *credential,
	const struct enroll_options *options, const char *user)
{
	struct text uri = TEXT_INIT;
	int result = append_credential_uri(credential, options, user, &uri);
	enum exit_status status =
		result == 0 ? print_uri(credential, &uri) : cannot_show(result);

	if (status == STATUS_DONE)
		status = show_qr(&uri, options);
	text_free(&uri);
	return status;
}

/* Describes a key as print_uri() needs it. */
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

enum exit_status show_key(
	struct otp_key *key, const struct enroll_options *options, const char *user)
{
	struct new_credential credential;
	struct text uri = TEXT_INIT;
	int result = append_key_uri(key, options, user, &uri);
	enum exit_status status;

	describe_key(key, &credential);
	status = result == 0 ? print_uri(&credential, &uri) : cannot_show(result);
	if (status == STATUS_DONE)
		status = show_qr(&uri, options);
	WIPE_OBJECT(&credential);
	text_free(&uri);
	return status;
}

enum exit_status show_emergency_codes(const struct emergency_codes *codes)
{
	struct text text = TEXT_INIT;
	enum exit_status status;

	if (codes->count == 0)
		return STATUS_DONE;
	text_append_string(&text, "\n");
	enrollment_append_emergency_codes(codes, &text);
	status = terminal_write_words(&text);
	text_free(&text);
	return status;
}

enum exit_status list_emergency_codes(
	const struct emergency_codes *codes, const char *user, bool bare)
{
	struct text text = TEXT_INIT;
	enum exit_status status;

	if (!bare)
		text_append_format(&text, "%s:\n", user);
	for (unsigned int i = 0; i < codes->count; i++)
		if (user == NULL)
			text_append_format(&text, "%s\n", codes->code[i]);
		else
			text_append_format(&text, "%s %s\n", bare ? user : " ", codes->code[i]);
	status = terminal_write(&text);
	text_free(&text);
	return status;
}
