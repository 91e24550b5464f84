/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Times the daemon, and the work on files that it cannot avoid:
 *
 *     verify_cost load SOCKET CALLERS FILE
 *
 * sends a call of Verify for each line `USER CODE` of a file, on CALLERS connections
 * that each wait for the reply. Prints the seconds in all, the number of accepted
 * codes, and the median and the 99th percentile of a call in microseconds.
 *
 *     verify_cost replace FOLDER CALLERS COUNT BYTES
 *
 * replaces COUNT files of the folder durably: writes a new file, syncs it, renames it
 * over the old one and syncs the folder. Prints the seconds.
 *
 *     verify_cost drain SOCKET
 *
 * takes in what is sent to a system log, until it is killed. It prints a line when it is ready.
 */

#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CALLERS_MAX 256
#define LINES_MAX   200000
#define NAME_SIZE   40

/* One call, and how long it took. */
struct call {
	char user[NAME_SIZE];
	char code[NAME_SIZE];
	double seconds;
};

/* Shared by all callers. */
struct bench {
	const char *socket;
	struct call *calls;
	size_t count;
	size_t bytes;
	atomic_size_t next;
	atomic_size_t accepted;
	int folder;
};

static double seconds(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		abort();
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (descriptor < 0 ||
		connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0)
		fail(path);
	return descriptor;
}

static void ask(int descriptor, const struct call *call, struct bench *bench)
{
	char text[512];
	size_t length = 0;
	int written = snprintf(text, sizeof text,
		"{\"method\":\"org.totpgroup.Verify.Verify\",\"parameters\":{\"user\":\"%s\","
		"\"code\":\"%s\"}}",
		call->user, call->code);

	if (send(descriptor, text, (size_t)written + 1, MSG_NOSIGNAL) != written + 1)
		fail("send");
	do {
		ssize_t count = recv(descriptor, text + length, sizeof text - length, 0);

		if (count <= 0)
			fail("recv");
		length += (size_t)count;
	} while (text[length - 1] != '\0');
	bench->accepted += strstr(text, "\"accepted\"") != NULL;
}

static void *call_all(void *argument)
{
	struct bench *bench = argument;
	int descriptor = connect_to(bench->socket);
	size_t i;

	while ((i = bench->next++) < bench->count) {
		double begun = seconds();

		ask(descriptor, &bench->calls[i], bench);
		bench->calls[i].seconds = seconds() - begun;
	}
	close(descriptor);
	return NULL;
}

static void replace(const struct bench *bench, size_t i, const char *bytes)
{
	char name[NAME_SIZE], temporary[NAME_SIZE + 8];
	int file;

	snprintf(name, sizeof name, "user%zu", 1 + i);
	snprintf(temporary, sizeof temporary, "%s~bare", name);
	file = openat(bench->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 || write(file, bytes, bench->bytes) != (ssize_t)bench->bytes ||
		fsync(file) != 0 || close(file) != 0 ||
		renameat(bench->folder, temporary, bench->folder, name) != 0 ||
		fsync(bench->folder) != 0)
		fail(temporary);
}

static void *replace_all(void *argument)
{
	struct bench *bench = argument;
	char *bytes = malloc(bench->bytes);
	size_t i;

	if (bytes == NULL)
		fail("malloc");
	memset(bytes, 'A', bench->bytes);
	while ((i = bench->next++) < bench->count)
		replace(bench, i, bytes);
	free(bytes);
	return NULL;
}

static double run(struct bench *bench, size_t callers, void *(*work)(void *))
{
	pthread_t threads[CALLERS_MAX];
	double begun = seconds();

	for (size_t i = 0; i < callers; i++)
		if (pthread_create(&threads[i], NULL, work, bench) != 0)
			fail("pthread_create");
	for (size_t i = 0; i < callers; i++)
		pthread_join(threads[i], NULL);
	return seconds() - begun;
}

static void drain(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char line[2048];

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (descriptor < 0 ||
		bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0)
		fail(path);
	puts("ready");
	fflush(stdout);
	while (recv(descriptor, line, sizeof line, 0) >= 0)
		;
}

static int compare_calls(const void *a, const void *b)
{
	double first = ((const struct call *)a)->seconds;
	double second = ((const struct call *)b)->seconds;

	return (first > second) - (first < second);
}

static void read_calls(struct bench *bench, const char *path)
{
	FILE *file = fopen(path, "re");

	bench->calls = calloc(LINES_MAX, sizeof *bench->calls);
	if (file == NULL || bench->calls == NULL)
		fail(path);
	while (bench->count < LINES_MAX &&
		fscanf(file, "%39s %39s", bench->calls[bench->count].user,
			bench->calls[bench->count].code) == 2)
		bench->count++;
	fclose(file);
}

static void load(size_t callers, char **argv)
{
	struct bench bench = {.socket = argv[2]};
	double took;

	read_calls(&bench, argv[4]);
	took = run(&bench, callers, call_all);
	qsort(bench.calls, bench.count, sizeof *bench.calls, compare_calls);
	printf("%.6f %zu %.0f %.0f\n", took, (size_t)bench.accepted,
		bench.calls[bench.count / 2].seconds * 1e6,
		bench.calls[bench.count * 99 / 100].seconds * 1e6);
	free(bench.calls);
}

static void replace_files(size_t callers, char **argv)
{
	struct bench bench = {.count = strtoul(argv[4], NULL, 10),
		.bytes = strtoul(argv[5], NULL, 10),
		.folder = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	if (bench.folder < 0)
		fail(argv[2]);
	printf("%.6f\n", run(&bench, callers, replace_all));
	close(bench.folder);
}

int main(int argc, char **argv)
{
	size_t callers = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

	if (callers > 0 && callers <= CALLERS_MAX && argc == 5 && strcmp(argv[1], "load") == 0)
		load(callers, argv);
	else if (callers > 0 && callers <= CALLERS_MAX && argc == 6 &&
		 strcmp(argv[1], "replace") == 0)
		replace_files(callers, argv);
	else if (argc == 3 && strcmp(argv[1], "drain") == 0)
		drain(argv[2]);
	else
		return 2;
	return 0;
}
