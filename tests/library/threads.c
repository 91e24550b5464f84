/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * threads FOLDER: runs threads, each with a handle and a user of its own. Another user is
 * shared by all, and each code of that user lets in one of them. Then the process forks.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <totpgroup.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS	25
#define CODES	(ROUNDS + 2)
#define SECRET	"JBSWY3DPEHPK3PXP"
#define SHARED	"shared"

static const char *folder;
static char conf[512];
static pthread_barrier_t together;
static atomic_uint accepted;

#define CHECK(condition)                                                                       \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
			exit(1);                                                               \
		}                                                                              \
	} while (0)

/* As root, each user has a uid, and the threads take on that user's rights. */
static uid_t uid_of(const char *user)
{
	return geteuid() != 0 ? geteuid()
			      : 30000 + (uid_t)(unsigned char)user[strlen(user) - 1];
}

/* Replaces the function of the C library: the users exist only in this program. */
int getpwnam_r(const char *name, struct passwd *entry, char *strings, size_t size,
	struct passwd **found)
{
	(void)snprintf(strings, size, "%s/%s", folder, name);
	*entry = (struct passwd){.pw_name = (char *)(uintptr_t)name,
		.pw_uid = uid_of(name),
		.pw_gid = 30000,
		.pw_dir = strings};
	*found = entry;
	return 0;
}

static void code_of_round(unsigned int round, char code[16])
{
	(void)snprintf(code, 16, "%08u", 10000000 + round);
}

/* Makes a home with a secret and an emergency code for each round. */
static void make_user(const char *user)
{
	char path[512], code[16];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", folder, user);
	CHECK(mkdir(path, 0700) == 0);
	CHECK(chown(path, uid_of(user), (gid_t)-1) == 0);
	(void)snprintf(path, sizeof path, "%s/%s/.google_authenticator", folder, user);
	file = fopen(path, "we");
	CHECK(file != NULL);
	fprintf(file, SECRET "\n");
	for (unsigned int i = 0; i < CODES; i++) {
		code_of_round(i, code);
		fprintf(file, "%s\n", code);
	}
	CHECK(fclose(file) == 0);
	CHECK(chmod(path, 0600) == 0);
	CHECK(chown(path, uid_of(user), (gid_t)-1) == 0);
}

static bool is_right(totpgroup_handle *handle, const char *user, const char *code)
{
	struct totpgroup_request request = TOTPGROUP_REQUEST_INIT;
	struct totpgroup_result result = TOTPGROUP_RESULT_INIT;
	int status;

	request.user = user;
	request.code = code;
	status = totpgroup_verify(handle, &request, &result);
	if (status != 0)
		fprintf(stderr, "%s: %s\n", user, totpgroup_message(handle));
	CHECK(status == 0);
	return result.verdict == TOTPGROUP_ACCEPTED;
}

/* Other functions of the library, which share nothing between threads. */
static void call_other_functions(totpgroup_handle *handle, const char *user)
{
	struct totpgroup_enrollment_options options = TOTPGROUP_ENROLLMENT_OPTIONS_INIT;
	struct totpgroup_status status = TOTPGROUP_STATUS_INIT;
	totpgroup_enrollment *enrollment;
	totpgroup_qr *qr;
	int code;

	CHECK(totpgroup_status(handle, user, &status) == 0);
	CHECK(status.method == TOTPGROUP_METHOD_EMERGENCY);
	options.user = user;
	CHECK(totpgroup_enrollment_begin(&enrollment, handle, &options) == 0);
	CHECK(totpgroup_enrollment_store_unconfirmed(enrollment, handle, 2000000000) ==
		TOTPGROUP_ECONFLICT);
	code = totpgroup_qr_encode(&qr, totpgroup_enrollment_uri(enrollment));
	CHECK(code == 0 || code == TOTPGROUP_EMISSING);
	totpgroup_qr_free(qr);
	totpgroup_enrollment_free(enrollment);
}

/* All threads read the configuration many times, at the same time. */
static void open_often(void)
{
	totpgroup_handle *handle;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		CHECK(totpgroup_open(&handle, conf) == 0);
		totpgroup_close(handle);
	}
}

static void *work(void *argument)
{
	const char *user = argument;
	totpgroup_handle *handle;
	char code[16];

	pthread_barrier_wait(&together);
	open_often();
	CHECK(totpgroup_open(&handle, conf) == 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		code_of_round(i, code);
		pthread_barrier_wait(&together);
		if (is_right(handle, SHARED, code))
			atomic_fetch_add(&accepted, 1);
		CHECK(is_right(handle, user, code));
		CHECK(!is_right(handle, user, code));
	}
	call_other_functions(handle, user);
	totpgroup_close(handle);
	return NULL;
}

static void run_pool(void)
{
	static char users[THREADS][16];
	pthread_t threads[THREADS];

	CHECK(pthread_barrier_init(&together, NULL, THREADS) == 0);
	make_user(SHARED);
	for (unsigned int i = 0; i < THREADS; i++) {
		(void)snprintf(users[i], sizeof users[i], "user%u", i);
		make_user(users[i]);
	}
	for (unsigned int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, work, users[i]) == 0);
	for (unsigned int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	printf("%s in %u rounds one of %u threads was let in: %u times\n",
		accepted == ROUNDS ? "ok" : "not ok", ROUNDS, THREADS, accepted);
}

/* The child uses a handle from before the fork and one from after it; the parent goes on
 * with the one from before. */
static void fork_once(void)
{
	totpgroup_handle *before, *after;
	char first[16], second[16];
	pid_t child;
	int status;

	code_of_round(ROUNDS, first);
	code_of_round(ROUNDS + 1, second);
	CHECK(totpgroup_open(&before, conf) == 0);
	CHECK(!is_right(before, SHARED, "87654321"));
	fflush(NULL);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK(is_right(before, SHARED, first));
		CHECK(totpgroup_open(&after, conf) == 0);
		CHECK(!is_right(after, SHARED, first));
		CHECK(is_right(after, SHARED, second));
		totpgroup_close(after);
		totpgroup_close(before);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(status == 0);
	CHECK(!is_right(before, SHARED, second));
	totpgroup_close(before);
	printf("ok parent and child go on after fork\n");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	folder = argv[1];
	(void)snprintf(conf, sizeof conf, "%s/totpgroup.conf", folder);
	/* Keeps the library loaded. Otherwise the threads would load and unload it under a lock
	 * of the loader, which ThreadSanitizer does not see. */
	(void)dlopen("libqrencode.so.4", RTLD_NOW);
	run_pool();
	fork_once();
	return accepted == ROUNDS ? 0 : 1;
}
