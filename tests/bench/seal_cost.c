/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Measures the parts of a sealed login, each beside the least that it needs: seal_cost [ROW]...
 *
 * The file of keys is read and judged beside the system calls alone. A secret is opened, and
 * sealed, beside the key's derivation and AES-256-GCM by libgcrypt alone.
 */

#include "config.h"

#include <fcntl.h>
#include <gcrypt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"
#include "core/seal.h"
#include "store/sealing.h"
#include "tests/bench/rounds.h"

/* What totp-enroll writes with five emergency codes, which is padded to 256 bytes. */
#define SECRET_LENGTH 150
#define PADDED_LENGTH 256
#define ABOUT_LENGTH  32

struct bench {
	char folder[64], path[80];
	struct seal_keys keys;
	struct text sealed;
};

static const struct seal_subject subject = {SEAL_SECRET, "nobody", 0};

static void check(bool is_right, const char *message)
{
	if (!is_right)
		bench_fail(message);
}

static void read_keys(void *context)
{
	const struct bench *bench = context;
	struct error error = ERROR_INIT;
	struct seal_keys keys;

	memset(&keys, 0, sizeof keys);
	check(sealing_read_keys(bench->path, &keys, &error) == 0, error.message);
	seal_keys_wipe(&keys);
}

static void read_bare(void *context)
{
	const struct bench *bench = context;
	struct stat status;
	char text[128];
	int folder = open(bench->folder, O_PATH | O_DIRECTORY | O_CLOEXEC), file;

	check(fstat(folder, &status) == 0, bench->folder);
	file = openat(folder, "keys", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	check(fstat(file, &status) == 0 && read(file, text, sizeof text) == status.st_size,
		bench->path);
	close(file);
	close(folder);
	WIPE_ARRAY(text);
}

static void open_sealed(void *context)
{
	const struct bench *bench = context;
	struct error error = ERROR_INIT;
	struct text text = TEXT_INIT;

	check(seal_open(&bench->keys, &subject, bench->sealed.data, bench->sealed.length, &text,
		      &error) == 0,
		error.message);
	text_free(&text);
}

static void seal(void *context)
{
	const struct bench *bench = context;
	static const char secret[SECRET_LENGTH];
	struct text sealed = TEXT_INIT;

	check(seal_close(&bench->keys, &subject, secret, sizeof secret, &sealed) == 0,
		"not sealed");
	text_free(&sealed);
}

static void compute_bare(void *context)
{
	const struct bench *bench = context;
	unsigned char bytes[PADDED_LENGTH] = {0}, key[32], tag[16];
	size_t length = sizeof key;
	gcry_mac_hd_t mac;
	gcry_cipher_hd_t cipher;

	check(gcry_mac_open(&mac, GCRY_MAC_HMAC_SHA256, 0, NULL) == 0 &&
			gcry_mac_setkey(mac, bench->keys.keys[0].master, SEAL_MASTER_SIZE) ==
				0 &&
			gcry_mac_write(mac, bytes, ABOUT_LENGTH) == 0 &&
			gcry_mac_read(mac, key, &length) == 0,
		"no key");
	check(gcry_cipher_open(&cipher, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 0) == 0 &&
			gcry_cipher_setkey(cipher, key, sizeof key) == 0 &&
			gcry_cipher_setiv(cipher, bytes, AEAD_NONCE_SIZE) == 0 &&
			gcry_cipher_authenticate(cipher, bytes, ABOUT_LENGTH) == 0 &&
			gcry_cipher_encrypt(cipher, bytes, sizeof bytes, NULL, 0) == 0 &&
			gcry_cipher_gettag(cipher, tag, sizeof tag) == 0,
		"not encrypted");
	gcry_cipher_close(cipher);
	gcry_mac_close(mac);
}

/* In memory, as the folder of a credential of systemd's is. */
static void prepare(struct bench *bench)
{
	struct error error = ERROR_INIT;
	static const char secret[SECRET_LENGTH];

	strcpy(bench->folder, "/dev/shm/seal-cost.XXXXXX");
	check(mkdtemp(bench->folder) != NULL, "/dev/shm");
	snprintf(bench->path, sizeof bench->path, "%s/keys", bench->folder);
	check(sealing_add_key(bench->path, "1", &error) == 0 &&
			sealing_read_keys(bench->path, &bench->keys, &error) == 0,
		error.message);
	check(seal_close(&bench->keys, &subject, secret, sizeof secret, &bench->sealed) == 0,
		"not sealed");
}

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{"seal-keys", read_keys, read_bare, 0, NULL},
		{"seal-open", open_sealed, compute_bare, 0, NULL},
		{"seal-close", seal, compute_bare, 0, NULL},
	};
	struct bench bench;
	int status;

	memset(&bench, 0, sizeof bench);
	prepare(&bench);
	status = bench_main(rows, sizeof rows / sizeof rows[0], &bench, argc, argv);
	text_free(&bench.sealed);
	seal_keys_wipe(&bench.keys);
	(void)unlink(bench.path);
	(void)rmdir(bench.folder);
	return status;
}
