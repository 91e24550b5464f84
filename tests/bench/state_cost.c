/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Measures what waits for the disk in a login.
 *
 * state-users: what a login does in a system store with 100,000 users, beside one with 10: the
 * state is locked, read, changed and written, and the secret is read.
 *
 * in-place: the write of a separate state beside the least that a durable replacement needs.
 * folder-sync: that replacement beside one that does not sync the folder, as
 * pam_google_authenticator's does not. ordered: a replacement that names the file before it is
 * synced, which needs the journal of ext4 to be safe, beside the same.
 */

#include "config.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/decide.h"
#include "core/state.h"
#include "store/file_store.h"
#include "tests/bench/rounds.h"

#define MANY	  100000
#define FEW	  10
#define LINKS_MAX 50000 /* ext4 lets a file have 65,000 names */
#define SLOT	  4096
#define BYTES	  200

static const char secret_text[] =
	"JBSWY3DPEHPK3PXP\n\" RATE_LIMIT 3 30\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n12345678\n";

/* One system store. */
struct users {
	struct store *store;
	struct store_place *places[FEW];
	char secret[64], state[64];
	unsigned int next;
};

struct bench {
	char top[32];
	struct passwd root;
	struct users few, many;
	int64_t now;
	int folder;
	int file; /* with two slots */
	unsigned int count;
	char bytes[SLOT];
};

static void put(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "we");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 ||
		chmod(path, 0600) != 0)
		bench_fail(path);
}

/* Fills a folder with so many names, of which the first few are files of their own. */
static void fill(const char *folder, unsigned int names, const char *text)
{
	char name[64], first[128], path[128];

	if (mkdir(folder, 0700) != 0)
		bench_fail(folder);
	for (unsigned int i = 0; i < names; i++) {
		snprintf(name, sizeof name, "user%u", i);
		if (i < FEW || i % LINKS_MAX == FEW) {
			put(folder, name, text);
			snprintf(first, sizeof first, "%s/%s", folder, name);
			continue;
		}
		snprintf(path, sizeof path, "%s/%s", folder, name);
		if (link(first, path) != 0)
			bench_fail(path);
	}
}

static void open_users(
	struct bench *bench, struct users *users, const char *name, unsigned int count)
{
	struct error error = ERROR_INIT;
	struct file_store_settings settings = {.secret = users->secret,
		.state = users->state,
		.owner = &bench->root,
		.allowed_mode = 0600};

	snprintf(users->secret, sizeof users->secret, "%s/%s-secret", bench->top, name);
	fill(users->secret, count, secret_text);
	snprintf(users->state, sizeof users->state, "%s/%s-state", bench->top, name);
	fill(users->state, count, STATE_EMPTY);
	strcat(users->secret, "/${USER}");
	strcat(users->state, "/${USER}");
	if (file_store_open(&users->store, &settings, &error) != 0)
		bench_fail(error.message);
	for (unsigned int i = 0; i < FEW; i++) {
		char user[16];

		snprintf(user, sizeof user, "user%u", i);
		if (store_locate(users->store, &(struct store_user){strdup(user), &bench->root},
			    &users->places[i], &error) != 0)
			bench_fail(error.message);
	}
}

/* A wrong code, which is counted. */
static int judge(const struct store_record *record, void *argument, struct store_change *change,
	struct error *error)
{
	struct bench *bench = argument;
	totpgroup_credential *credential = NULL;
	struct attempt attempt = ATTEMPT_INIT;
	struct decision decision;
	bool damaged;
	int status = state_apply(&record->secret, &record->state, &credential, &damaged, error);

	attempt.typed = "";
	attempt.now = bench->now += 60;
	if (status == 0)
		status = decide(credential, &attempt, &decision, error);
	if (status == 0)
		status = state_extract(
			&record->secret, &record->state, credential, &change->state, error);
	change->has_state = status == 0;
	totpgroup_credential_free(credential);
	return status;
}

static void log_in(struct bench *bench, struct users *users)
{
	struct error error = ERROR_INIT;

	if (store_transact(users->places[users->next++ % FEW], judge, bench, &error) != 0)
		bench_fail(error.message);
}

static void log_in_among_many(void *context)
{
	struct bench *bench = context;

	log_in(bench, &bench->many);
}

static void log_in_among_few(void *context)
{
	struct bench *bench = context;

	log_in(bench, &bench->few);
}

static void write_in_place(void *context)
{
	struct bench *bench = context;
	const struct iovec slot = {bench->bytes, SLOT};

	bench->bytes[0] = (char)('a' + bench->count % 26);
	if (pwritev2(bench->file, &slot, 1, bench->count++ % 2 * SLOT, RWF_DSYNC) != SLOT)
		bench_fail("pwritev2");
}

/* Replaces a file. ordered: it gets its name before it is synced. */
static void replace(struct bench *bench, bool ordered, bool with_folder)
{
	int file =
		openat(bench->folder, "name~", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (file < 0 || write(file, bench->bytes, BYTES) != BYTES ||
		(ordered ? sync_file_range(file, 0, 0,
				   SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)
			 : fsync(file)) != 0 ||
		renameat(bench->folder, "name~", bench->folder, "name") != 0 ||
		(ordered && fsync(file) != 0) || (with_folder && fsync(bench->folder) != 0) ||
		close(file) != 0)
		bench_fail("replace");
}

static void replace_durably(void *context)
{
	replace(context, false, true);
}

static void replace_without_folder(void *context)
{
	replace(context, false, false);
}

static void replace_ordered(void *context)
{
	replace(context, true, true);
}

static bool is_wanted(const char *row, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], row) == 0)
			return true;
	return argc == 1;
}

static void prepare(struct bench *bench, bool with_users)
{
	if (mkdtemp(strcpy(bench->top, "/var/tmp/state-cost.XXXXXX")) == NULL)
		bench_fail("/var/tmp");
	memset(bench->bytes, 'a', sizeof bench->bytes);
	bench->folder = open(bench->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bench->file = openat(bench->folder, "slots", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (bench->file < 0 || pwrite(bench->file, bench->bytes, SLOT, 0) != SLOT ||
		pwrite(bench->file, bench->bytes, SLOT, SLOT) != SLOT ||
		fsync(bench->file) != 0)
		bench_fail(bench->top);
	if (with_users) {
		open_users(bench, &bench->few, "few", FEW);
		open_users(bench, &bench->many, "many", MANY);
		/* The first logins make slots of their states. */
		for (unsigned int i = 0; i < 2 * FEW; i++) {
			log_in(bench, &bench->few);
			log_in(bench, &bench->many);
		}
		if (syncfs(bench->folder) != 0)
			bench_fail(bench->top);
	}
}

static void tidy_up(const struct bench *bench)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", bench->top);
	if (system(command) != 0)
		bench_fail(command);
}

int main(int argc, char **argv)
{
	static const struct bench_row rows[] = {
		{"state-users", log_in_among_many, log_in_among_few, 1, NULL},
		{"in-place", write_in_place, replace_durably, 1, NULL},
		{"folder-sync", replace_durably, replace_without_folder, 1, NULL},
		{"ordered", replace_ordered, replace_without_folder, 1, NULL},
	};
	static struct bench bench = {.now = 1700000000};
	int status;

	bench.root.pw_uid = geteuid();
	prepare(&bench, is_wanted("state-users", argc, argv));
	status = bench_main(rows, sizeof rows / sizeof rows[0], &bench, argc, argv);
	tidy_up(&bench);
	return status;
}
