/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The least that a module with codes of libgcrypt's can do: it looks the user up, reads the secret
 * once with the user's rights, asks for the code, compares it with three, or with so many, and writes a
 * line to the log.
 * It judges no file, counts nothing and spends nothing, and must never guard anything.
 *
 *     auth required bare_module.so FILE [CODES]
 */

#include "config.h"

#include <fcntl.h>
#include <gcrypt.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define STEP	 30
#define KEY_SIZE 20

/* Reads the secret of the first line: 32 letters of base32. */
static bool read_key(const char *path, unsigned char key[KEY_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	char text[4096] = "";
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file >= 0 ? read(file, text, sizeof text) : -1;
	uint64_t bits = 0;

	if (file >= 0)
		close(file);
	for (size_t i = 0; length >= 32 && i < 32; i++) {
		const char *letter = memchr(letters, text[i], 32);

		if (letter == NULL)
			return false;
		bits = bits << 5 | (uint64_t)(letter - letters);
		for (size_t j = 0; i % 8 == 7 && j < 5; j++)
			key[i / 8 * 5 + j] = (unsigned char)(bits >> (32 - 8 * j));
	}
	return length >= 32;
}

static bool find_key(const char *user, const char *path, unsigned char key[KEY_SIZE])
{
	struct passwd entry, *found = NULL;
	char strings[1024];
	bool is_read;

	if (getpwnam_r(user, &entry, strings, sizeof strings, &found) != 0 || found == NULL)
		return false;
	setfsgid(entry.pw_gid);
	setfsuid(entry.pw_uid);
	is_read = read_key(path, key);
	setfsuid(0);
	setfsgid(0);
	return is_read;
}

static void make_code(gcry_md_hd_t hmac, int64_t counter, char code[16])
{
	unsigned char message[8];
	const unsigned char *digest;
	uint32_t number = 0;

	for (int i = 0; i < 8; i++)
		message[i] = (unsigned char)(counter >> (56 - 8 * i));
	gcry_md_reset(hmac);
	gcry_md_write(hmac, message, sizeof message);
	digest = gcry_md_read(hmac, GCRY_MD_SHA1);
	for (int i = 0; i < 4; i++)
		number = number << 8 | digest[(digest[KEY_SIZE - 1] & 15) + i];
	snprintf(code, 16, "%06u", (number & INT32_MAX) % 1000000);
}

static bool is_right(const unsigned char key[KEY_SIZE], const char *typed, int codes)
{
	gcry_md_hd_t hmac;
	bool found = false;
	char code[16];

	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) == 0) {
		gcry_check_version(NULL);
		gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
		gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	}
	if (gcry_md_open(&hmac, GCRY_MD_SHA1, GCRY_MD_FLAG_HMAC) != 0)
		return false;
	if (gcry_md_setkey(hmac, key, KEY_SIZE) == 0)
		for (int i = 0; i < codes; i++) {
			make_code(hmac, (int64_t)time(NULL) / STEP + i - codes / 2, code);
			found |= strcmp(code, typed) == 0;
		}
	gcry_md_close(hmac);
	return found;
}

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	unsigned char key[KEY_SIZE];
	const char *user, *code = NULL;
	bool accepted;

	(void)flags;
	if (argc < 1 || argc > 2 || pam_get_user(pamh, &user, NULL) != PAM_SUCCESS ||
		!find_key(user, argv[0], key) ||
		pam_get_authtok(pamh, PAM_AUTHTOK, &code, "Code: ") != PAM_SUCCESS)
		return PAM_AUTH_ERR;
	accepted = is_right(key, code, argc == 2 ? atoi(argv[1]) : 3);
	explicit_bzero(key, sizeof key);
	pam_syslog(pamh, LOG_INFO, "code of %s %s", user, accepted ? "accepted" : "refused");
	return accepted ? PAM_SUCCESS : PAM_AUTH_ERR;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
