/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Measures PAM transactions of two services in turns, each in a new process that has libgcrypt
 * loaded already, as a process of sshd's has; but those of rows whose names end in -again in one
 * process, which made some before. login_cost.py says of what:
 *
 *     login_cost ROW FOLDER OURS PEER USER CODE [COPY FILE]...
 *
 * FOLDER has the files of the services. CODE is `right` or `wrong`: a right one has to be let
 * in. Before each transaction each FILE is put in place as a copy of COPY, with its mode and
 * owner; only the transaction itself is measured: its seconds, or for the rows login-mapped and
 * login-resident by how many KiB the process grows until the answer.
 */

#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <liboath/oath.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/rounds.h"

#define KEY	   "Hello!\xde\xad\xbe\xefHello!\xde\xad\xbe\xef" /* JBSWY3DPEHPK3PXP, twice */
#define STEPS	   1600 /* to either side that a module may look at */
#define ROUNDS_MIN 11

struct bench {
	const char *folder;
	const char *user;
	bool is_right;
	bool is_again;
	int memory; /* 0: seconds; 1: all that is mapped; 2: what is resident */
	char *const *copies;
	char code[16];
};

static int answer(int count, const struct pam_message **messages,
	struct pam_response **responses, void *code)
{
	*responses = calloc((size_t)count, sizeof **responses);
	if (*responses == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			(*responses)[i].resp = strdup(code);
	return PAM_SUCCESS;
}

static void copy(const char *from, const char *to)
{
	char bytes[65536];
	struct stat status;
	int source = open(from, O_RDONLY | O_CLOEXEC), target;
	ssize_t length = read(source, bytes, sizeof bytes);

	if (source < 0 || length < 0 || fstat(source, &status) != 0)
		bench_fail(from);
	(void)unlink(to);
	target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (target < 0 || write(target, bytes, (size_t)length) != length ||
		fchown(target, status.st_uid, status.st_gid) != 0 ||
		fchmod(target, status.st_mode) != 0 || fsync(target) != 0)
		bench_fail(to);
	close(target);
	close(source);
}

/* Whether a module could find the code near the time. */
static bool is_near(const char *code, time_t now)
{
	char other[16];

	for (int i = -STEPS; i <= STEPS; i++)
		if (oath_totp_generate(KEY, strlen(KEY), now + 30 * i, 30, 0, 6, other) != 0 ||
			strcmp(code, other) == 0)
			return true;
	return false;
}

static void make_code(struct bench *bench)
{
	time_t now = time(NULL);
	unsigned int number = 0;

	if (bench->is_right)
		oath_totp_generate(KEY, strlen(KEY), now, 30, 0, 6, bench->code);
	else if (*bench->code == '\0')
		do
			snprintf(bench->code, sizeof bench->code, "%06u", number++);
		while (is_near(bench->code, now));
}

/* KiB of this process. */
static double read_memory(int field)
{
	unsigned long pages[2] = {0, 0};
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL || fscanf(file, "%lu %lu", &pages[0], &pages[1]) != 2)
		bench_fail("/proc/self/statm");
	fclose(file);
	return (double)pages[field - 1] * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double log_in(struct bench *bench, const char *service)
{
	struct pam_conv conversation = {answer, bench->code};
	pam_handle_t *pamh = NULL;
	double before = bench->memory != 0 ? read_memory(bench->memory) : 0;
	double begun = bench_seconds(), took;
	int status =
		pam_start_confdir(service, bench->user, &conversation, bench->folder, &pamh);

	if (status == PAM_SUCCESS)
		status = pam_authenticate(pamh, 0);
	if (bench->memory != 0)
		before = read_memory(bench->memory) - before;
	pam_end(pamh, status);
	took = bench->memory != 0 ? before : bench_seconds() - begun;
	if ((status == PAM_SUCCESS) != bench->is_right) {
		fprintf(stderr, "login_cost: %s: %s\n", service, pam_strerror(pamh, status));
		_exit(1);
	}
	return took;
}

static double measure(struct bench *bench, const char *service)
{
	double took = 0;
	int ends[2], status;
	pid_t child;

	for (char *const *name = bench->copies; name[0] != NULL; name += 2)
		copy(name[0], name[1]);
	make_code(bench);
	if (bench->is_again)
		return log_in(bench, service);
	if (pipe(ends) != 0 || (child = fork()) < 0)
		bench_fail("no new process");
	if (child == 0) {
		took = log_in(bench, service);
		_exit(write(ends[1], &took, sizeof took) == (ssize_t)sizeof took ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], &took, sizeof took) != (ssize_t)sizeof took ||
		waitpid(child, &status, 0) != child || status != 0)
		bench_fail("a login failed");
	close(ends[0]);
	return took;
}

int main(int argc, char **argv)
{
	struct bench bench = {.copies = argv + 7};
	double end = bench_seconds() + bench_limit();

	if (argc < 7 || argc % 2 == 0) {
		fprintf(stderr, "usage: login_cost ROW FOLDER OURS PEER USER CODE "
				"[COPY FILE]...\n");
		return 2;
	}
	if (dlopen("libgcrypt.so.20", RTLD_NOW | RTLD_GLOBAL) == NULL)
		bench_fail(dlerror());
	bench.folder = argv[2];
	bench.user = argv[5];
	bench.is_right = strcmp(argv[6], "right") == 0;
	bench.is_again = strstr(argv[1], "-again") != NULL;
	if (strcmp(argv[1], "login-mapped") == 0)
		bench.memory = 1;
	else if (strcmp(argv[1], "login-resident") == 0)
		bench.memory = 2;
	for (int i = 0; i < ROUNDS_MIN || bench_seconds() < end; i++) {
		double took[2];

		for (int turn = 0; turn < 2; turn++) {
			int which = (i + turn) % 2;

			took[which] = measure(&bench, argv[3 + which]);
		}
		printf("%s %.9f %.9f\n", argv[1], took[0], took[1]);
	}
	return 0;
}
