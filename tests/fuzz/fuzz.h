/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Targets of fuzzing: each reads bytes as an attacker could write them, and checks what is true
 * of every result. One program has all of them; FUZZ_TARGET in the environment names the one
 * that runs. tests/fuzz/run builds it for libFuzzer and AFL++, and replay.c runs the seeds.
 */
#ifndef TOTPGROUP_TESTS_FUZZ_H
#define TOTPGROUP_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/* The time of every target, in seconds since 1970. */
#define FUZZ_NOW INT64_C(1800000000)

/* What is left of the input. */
struct fuzz_input {
	const char *data;
	size_t length;
};

typedef void fuzz_function(struct fuzz_input input);

struct fuzz_target {
	const char *name;
	fuzz_function *run;
};

/* Ended by a row whose name is NULL. */
extern const struct fuzz_target fuzz_targets[];

/* Finds the target of FUZZ_TARGET; ends the program where there is none. */
const struct fuzz_target *fuzz_target_chosen(void);

/* Takes the first line off the input: up to size - 1 bytes of it are copied as a string. */
void fuzz_take_line(struct fuzz_input *input, char *line, size_t size);

/* Takes everything before the separator, a line of its own, and the separator. */
struct fuzz_input fuzz_take_part(struct fuzz_input *input, const char *separator);

/* Takes one byte, or gives 0. */
unsigned int fuzz_take_byte(struct fuzz_input *input);

/* An exact copy on the heap, so that a sanitizer sees a byte read behind it. */
char *fuzz_copy(struct fuzz_input input);
void fuzz_copy_free(char *copy);

/* A failed function must have said why, in one line that a terminal can show. */
void fuzz_check_error(const struct error *error);

/* The folder for targets that read files, made at first use and removed at the end. */
int fuzz_folder(void);
const char *fuzz_folder_path(void);
void fuzz_put_file(const char *name, struct fuzz_input content);

/* Whom sockets are connected to, until the end: a daemon of root's that answers each call with the
 * next line. Without a line there is none. */
void fuzz_daemon_begin(struct fuzz_input replies);
void fuzz_daemon_end(void);

__attribute__((noreturn)) void fuzz_fail(const char *condition, const char *file, int line);

#define FUZZ_CHECK(condition)                                                                  \
	((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

fuzz_function fuzz_credential, fuzz_state, fuzz_state_slots;
fuzz_function fuzz_options, fuzz_configuration, fuzz_gate;
fuzz_function fuzz_uri, fuzz_migration, fuzz_users_file, fuzz_csv, fuzz_token_csv, fuzz_vault,
	fuzz_pskc;
fuzz_function fuzz_letter;
fuzz_function fuzz_pam_file, fuzz_sshd_settings, fuzz_sshd_files;
fuzz_function fuzz_frame, fuzz_reply, fuzz_json;
fuzz_function fuzz_sealed, fuzz_seal_keys;
fuzz_function fuzz_login;

#endif
