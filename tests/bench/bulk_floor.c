/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The least that enrolling many users with a letter for each takes:
 *
 *     bulk_floor FOLDER USERS
 *
 * draws the matrix of a QR code for each user, writes a file with a secret and one with a letter, and
 * gives each its name, half of them in a second process. It waits for the disk once for every 512
 * users. Nothing is drawn, judged or locked, and the texts are always the same.
 */

#include "config.h"

#include <fcntl.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH	     512
#define SECRET_BYTES 140
#define LETTER_BYTES 7000 /* of an SVG picture */
#define NAME_SIZE    40

static const char uri[] = "otpauth://totp/host:user10000@host?secret="
			  "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=host";

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void write_file(int folder, const char *kind, size_t number, size_t length)
{
	static const char bytes[LETTER_BYTES] = {'x'};
	char name[NAME_SIZE], temporary[NAME_SIZE + 1];
	int file;

	snprintf(name, sizeof name, "%s/user%zu", kind, number);
	snprintf(temporary, sizeof temporary, "%s~", name);
	file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 || write(file, bytes, length) != (ssize_t)length || close(file) != 0 ||
		renameat(folder, temporary, folder, name) != 0)
		fail(temporary);
}

static void make(int folder, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++) {
		QRcode *code = QRcode_encodeString8bit(uri, 0, QR_ECLEVEL_L);

		if (code == NULL)
			fail("QRcode_encodeString8bit");
		QRcode_free(code);
		write_file(folder, "secrets", i, SECRET_BYTES);
		write_file(folder, "letters", i, LETTER_BYTES);
	}
}

static void enroll(int folder, size_t first, size_t count)
{
	size_t half = count / 2;
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0) {
		make(folder, first, half);
		_exit(0);
	}
	make(folder, first + half, count - half);
	if (waitpid(child, NULL, 0) != child || syncfs(folder) != 0)
		fail("syncfs");
}

int main(int argc, char **argv)
{
	size_t users = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int folder = argc == 3 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (folder < 0 || users == 0)
		return 2;
	if (mkdirat(folder, "letters", 0700) != 0)
		fail("letters");
	for (size_t i = 0; i < users; i += BATCH)
		enroll(folder, i, users - i < BATCH ? users - i : BATCH);
	close(folder);
	return 0;
}
