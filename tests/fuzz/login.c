/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The module from its entry point, with a PAM that says what the input says:
 *
 *     user
 *     service
 *     PAM_RHOST
 *     SSH_CONNECTION
 *     SSH_AUTH_INFO_0, with ; for a line's end
 *     the call that fails, counted from 1, and its errno; or nothing
 *     the password of an earlier module, if any
 *     answers to prompts with ; between them; = is the code of now
 *     options, one on a line; sealed is no option, but the secret is sealed then
 *     %%
 *     the secret file
 *     %%
 *     the state that is kept apart, if any
 *     %%
 *     what the daemon answers, a reply on each line, where store=socket
 */

#include "config.h"

#include "fuzz.h"

#include <ctype.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/credential.h"
#include "core/otp.h"
#include "core/seal.h"
#include "fault/system_calls.h"

#define SEPARATOR     "%%\n"
#define USER	      "alice"
#define KEYS	      "seal.keys"
#define ARGUMENTS_MAX 24
#define LINE_SIZE     256

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv);
int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv);

static struct {
	char user[LINE_SIZE], service[LINE_SIZE], host[LINE_SIZE], connection[LINE_SIZE];
	char methods[LINE_SIZE], failure[LINE_SIZE], password[LINE_SIZE], answers[LINE_SIZE];
	char options[ARGUMENTS_MAX][LINE_SIZE];
	const char *arguments[ARGUMENTS_MAX];
	int count;
	const char *next_answer;
	char right_code[OTP_DIGITS_MAX + 1];
	bool shows_code; /* as part of another line, such as an option */
	unsigned int prompts;
	char *authtok;
} given;

/* These take the place of libpam's and of the C library's functions. */

time_t time(time_t *result)
{
	if (result != NULL)
		*result = FUZZ_NOW;
	return FUZZ_NOW;
}

int getpwnam_r(
	const char *name, struct passwd *user, char *buffer, size_t size, struct passwd **found)
{
	static char login_name[] = USER, hidden[] = "x", empty[] = "", shell[] = "/bin/sh";
	int length = snprintf(buffer, size, "%s", fuzz_folder_path());

	*found = NULL;
	if (length < 0 || (size_t)length >= size)
		return ERANGE;
	if (strcmp(name, USER) != 0)
		return 0;
	*user = (struct passwd){.pw_name = login_name,
		.pw_passwd = hidden,
		.pw_gecos = empty,
		.pw_uid = geteuid(),
		.pw_gid = getegid(),
		.pw_dir = buffer,
		.pw_shell = shell};
	*found = user;
	return 0;
}

static int converse(int count, const struct pam_message **messages,
	struct pam_response **response, void *data)
{
	(void)count;
	(void)messages;
	(void)data;
	*response = NULL;
	return PAM_SUCCESS;
}

int pam_get_item(const pam_handle_t *pamh, int type, const void **item)
{
	static const struct pam_conv conversation = {converse, NULL};

	(void)pamh;
	*item = NULL;
	if (type == PAM_CONV)
		*item = &conversation;
	if (type == PAM_USER && given.user[0] != '\0')
		*item = given.user;
	if (type == PAM_SERVICE)
		*item = given.service;
	if (type == PAM_RHOST && given.host[0] != '\0')
		*item = given.host;
	if (type == PAM_AUTHTOK)
		*item = given.authtok;
	return PAM_SUCCESS;
}

int pam_set_item(pam_handle_t *pamh, int type, const void *item)
{
	(void)pamh;
	if (type != PAM_AUTHTOK)
		return PAM_SUCCESS;
	__real_free(given.authtok);
	given.authtok = item != NULL ? __real_strdup(item) : NULL;
	return PAM_SUCCESS;
}

int pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
	(void)pamh;
	(void)prompt;
	*user = given.user;
	return PAM_SUCCESS;
}

const char *pam_getenv(pam_handle_t *pamh, const char *name)
{
	const char *value = strcmp(name, "SSH_CONNECTION") == 0	   ? given.connection
			    : strcmp(name, "SSH_AUTH_INFO_0") == 0 ? given.methods
								   : "";

	(void)pamh;
	return *value != '\0' ? value : NULL;
}

/* The answers in turn; the conversation fails at their end. */
int pam_prompt(pam_handle_t *pamh, int style, char **response, const char *format, ...)
{
	size_t length = strcspn(given.next_answer, ";");
	bool right = length == 1 && *given.next_answer == '=';

	(void)pamh;
	(void)format;
	if (response != NULL)
		*response = NULL;
	if (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON)
		return PAM_SUCCESS;
	given.prompts++;
	if (length == 0 && given.next_answer[0] == '\0')
		return PAM_CONV_ERR;
	*response = right ? __real_strdup(given.right_code)
			  : __real_strndup(given.next_answer, length);
	given.next_answer += length + (given.next_answer[length] == ';');
	return PAM_SUCCESS;
}

/* A line of the log is one line. */
void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
	char line[4096];
	va_list arguments;

	(void)pamh;
	(void)priority;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	for (const char *at = line; *at != '\0'; at++)
		FUZZ_CHECK((unsigned char)*at >= ' ' && *at != '\x7f');
	FUZZ_CHECK(given.right_code[0] == '\0' || given.shows_code ||
		   strstr(line, given.right_code) == NULL);
}

/* Options that name a file or another user could reach what is not the test's. */
static bool is_harmless(const char *option)
{
	static const char *const names[] = {
		"secret", "state", "conf", "first_seen", "seal_key", "store", "user"};

	if (strcmp(option, "store=socket") == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strncmp(option, names[i], strlen(names[i])) == 0)
			return false;
	return true;
}

__attribute__((format(printf, 1, 2))) static void add_option(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(given.options[given.count], LINE_SIZE, format, arguments);
	va_end(arguments);
	given.arguments[given.count] = given.options[given.count];
	given.count++;
}

/* Returns whether the secret is to be sealed. */
static bool take_options(struct fuzz_input part, bool apart)
{
	bool sealed = false;

	given.count = 0;
	add_option("conf=%s/none.conf", fuzz_folder_path());
	add_option("secret=%s/secret-${USER}", fuzz_folder_path());
	add_option("first_seen=%s/first-seen-${USER}", fuzz_folder_path());
	if (apart)
		add_option("state=%s/state-${USER}", fuzz_folder_path());
	while (part.length > 0 && given.count < ARGUMENTS_MAX) {
		char line[LINE_SIZE];

		fuzz_take_line(&part, line, sizeof line);
		if (strcmp(line, "sealed") == 0) {
			sealed = true;
			add_option("seal_key=%s/" KEYS, fuzz_folder_path());
		} else if (is_harmless(line)) {
			add_option("%s", line);
		}
	}
	return sealed;
}

static void put_sealed(const char *name, struct fuzz_input content)
{
	static const struct seal_subject subject = {SEAL_SECRET, USER, 0};
	static const char file[] = "key one MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n";
	struct seal_keys keys = {.count = 0};
	struct error error = ERROR_INIT;
	struct text sealed = TEXT_INIT;

	fuzz_put_file(KEYS, (struct fuzz_input){file, strlen(file)});
	FUZZ_CHECK(seal_keys_read(&keys, file, strlen(file), &error) == 0);
	FUZZ_CHECK(seal_close(&keys, &subject, content.data, content.length, &sealed) == 0);
	fuzz_put_file(name, (struct fuzz_input){sealed.data, sealed.length});
	text_free(&sealed);
	seal_keys_wipe(&keys);
}

/* Puts a file where there is a part for it, and removes what the last login left. */
static void put_or_remove(const char *name, struct fuzz_input content)
{
	if (content.length > 0)
		fuzz_put_file(name, content);
	else
		(void)unlinkat(fuzz_folder(), name, 0);
}

static void compute_right_code(struct fuzz_input secret)
{
	struct credential_parameters parameters;
	struct error error = ERROR_INIT;
	totpgroup_credential *credential;
	struct hmac *hmac;

	given.right_code[0] = '\0';
	if (credential_load(&credential, secret.data, secret.length, &error) != 0)
		return;
	if (credential_parameters(credential, &parameters, &error) == 0 &&
		credential_first_hmac(credential, &hmac, &error) == 0)
		(void)otp_generate(hmac,
			parameters.totp ? (uint64_t)otp_time_step(FUZZ_NOW, parameters.period)
					: (uint64_t)parameters.hotp_counter,
			parameters.digits, given.right_code);
	totpgroup_credential_free(credential);
}

static int log_in(unsigned int fail_at, int error, bool session)
{
	/* No function here looks into a handle. */
	pam_handle_t *const pamh = (pam_handle_t *)&given;
	int lowest = dup(STDERR_FILENO), after, result;

	close(lowest);
	given.next_answer = given.answers;
	given.prompts = 0;
	(void)pam_set_item(pamh, PAM_AUTHTOK, *given.password != '\0' ? given.password : NULL);
	calls_reset();
	calls_arm(fail_at, error);
	result = session ? pam_sm_open_session(pamh, 0, given.count, given.arguments)
			 : pam_sm_authenticate(pamh, 0, given.count, given.arguments);
	calls_disarm();
	fuzz_daemon_end();
	after = dup(STDERR_FILENO);
	close(after);
	FUZZ_CHECK(after == lowest);
	(void)pam_set_item(pamh, PAM_AUTHTOK, NULL);
	return result;
}

/* Whether an answer, or the earlier password, could have a code: the shortest has six letters or
 * digits. */
static bool could_be_right(void)
{
	unsigned int count = 0;

	for (const char *at = given.answers; *at != '\0'; at++)
		count += isalnum((unsigned char)*at) != 0;
	for (const char *at = given.password; *at != '\0'; at++)
		count += isalnum((unsigned char)*at) != 0;
	return count >= 6 || strchr(given.answers, '=') != NULL;
}

static bool has_option(const char *name)
{
	for (int i = 0; i < given.count; i++)
		if (strncmp(given.options[i], name, strlen(name)) == 0)
			return true;
	return false;
}

static void check_result(int result, bool session)
{
	switch (result) {
	case PAM_SUCCESS:
		FUZZ_CHECK(session || could_be_right() || has_option("grace_period") ||
			   has_option("store="));
		break;
	case PAM_IGNORE:
		FUZZ_CHECK(session || has_option("nullok") || has_option("group") ||
			   has_option("skip_") || has_option("services") ||
			   has_option("store="));
		break;
	case PAM_AUTH_ERR:
	case PAM_SERVICE_ERR:
	case PAM_AUTHINFO_UNAVAIL:
	case PAM_SESSION_ERR:
		break;
	default:
		FUZZ_CHECK(!"a result that no login has");
	}
}

void fuzz_login(struct fuzz_input input)
{
	char *const lines[] = {given.user, given.service, given.host, given.connection,
		given.methods, given.failure, given.password, given.answers};
	const struct fuzz_input whole = input;
	struct fuzz_input options, secret, state;
	bool sealed;
	unsigned int fail_at = 0;
	int error = EIO, result;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		fuzz_take_line(&input, lines[i], LINE_SIZE);
	for (char *at = given.methods; (at = strchr(at, ';')) != NULL;)
		*at = '\n';
	(void)sscanf(given.failure, "%u %d", &fail_at, &error);
	options = fuzz_take_part(&input, SEPARATOR);
	secret = fuzz_take_part(&input, SEPARATOR);
	state = fuzz_take_part(&input, SEPARATOR);
	sealed = take_options(options, state.length > 0);
	compute_right_code(secret);
	given.shows_code = memmem(whole.data, whole.length, given.right_code,
				   strlen(given.right_code)) != NULL;
	put_or_remove("secret-" USER, secret);
	put_or_remove("state-" USER, state);
	put_or_remove("first-seen-" USER, (struct fuzz_input){"", 0});
	fuzz_put_file("none.conf", (struct fuzz_input){"", 0});
	if (sealed && secret.length > 0 && secret.length < SEAL_TEXT_MAX)
		put_sealed("secret-" USER, secret);
	fuzz_daemon_begin(input);
	result = log_in(fail_at, error, false);
	check_result(result, false);
	/* The same again, now without a failure: a code counts once where that is demanded. */
	if (result == PAM_SUCCESS && has_option("disallow_reuse") &&
		!has_option("grace_period") && !has_option("store=") &&
		strchr(given.answers, ';') == NULL && given.password[0] == '\0' &&
		strchr(given.answers, '=') != NULL)
		FUZZ_CHECK(log_in(0, 0, false) != PAM_SUCCESS);
	check_result(log_in(0, 0, true), true);
	fuzz_daemon_end();
}
