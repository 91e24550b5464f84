/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Counts the calls that the module makes, and lets some of them fail. The program comes
 * before all libraries when the module's symbols are resolved, so the module as it was
 * built calls the functions defined here. Calls of other callers are passed on. Link with
 * -rdynamic.
 */
#ifndef TOTPGROUP_TESTS_MODULE_CALLS_H
#define TOTPGROUP_TESTS_MODULE_CALLS_H

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "call_errors.h"

/*
 * With the address sanitizer of clang, malloc() is the sanitizer's. These functions are called
 * before it is initialized, so they must not be instrumented. The loader's failed dlopen() leaks.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#pragma clang attribute push(__attribute__((no_sanitize("address"))), apply_to = function)
#define WITH_SANITIZER
#define REAL(name) __interceptor_##name
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif
#endif
#ifndef REAL
#define REAL(name) __libc_##name
#endif

#define LIVE_MAX  1024
#define CALLS_MAX 1024
/* A call that was interrupted may be repeated, and is interrupted so often at most. */
#define INTERRUPTIONS_MAX 1000
#ifndef HMAC_CALLS_MAX
#define HMAC_CALLS_MAX 12
#endif

static struct {
	bool armed;
	unsigned int count; /* calls of the module since it was armed */
	unsigned int hmac_count;
	unsigned int fail_at;  /* the call that fails, from 1; 0 for none */
	unsigned int fail_for; /* how many fail from there on */
	int error;	       /* errno of the failure, where it has one */
	const char *failed;    /* the first call that failed */
	/* The calls of the last run in which none failed. */
	const char *names[CALLS_MAX];
	/* Memory of the module that is not freed yet. */
	void *live[LIVE_MAX];
	unsigned int live_count;
} calls;

static bool is_module(void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
	       strstr(info.dli_fname, "pam_totpgroup.so") != NULL;
}

static bool call_fails(void *caller, const char *name)
{
	if (!calls.armed || !is_module(caller))
		return false;
	/* A search through thousands of codes repeats the same call. */
	if (strncmp(name, "gcry_mac_", 9) == 0 && ++calls.hmac_count > HMAC_CALLS_MAX)
		return false;
	if (calls.fail_at == 0 && calls.count < CALLS_MAX)
		calls.names[calls.count] = name;
	calls.count++;
	if (calls.fail_at == 0 || calls.count < calls.fail_at ||
		calls.count - calls.fail_at >= calls.fail_for ||
		(calls.error == EINTR && calls.count - calls.fail_at >= INTERRUPTIONS_MAX))
		return false;
	if (calls.failed == NULL)
		calls.failed = name;
	errno = calls.error;
	return true;
}

static void *next_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (function == NULL)
		abort();
	return function;
}

#define INTERPOSE(type, name, parameters, arguments, failure)                                  \
	type name parameters                                                                   \
	{                                                                                      \
		static type(*real) parameters;                                                 \
		bool fails = call_fails(__builtin_return_address(0), #name);                   \
		if (real == NULL)                                                              \
			*(void **)&real = next_function(#name);                                \
		return fails ? (failure) : real arguments;                                     \
	}

/* The functions that _FORTIFY_SOURCE calls. */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __readlinkat_chk(int fd, const char *path, char *target, size_t size, size_t room);
int __openat_2(int fd, const char *path, int flags);
int __getgroups_chk(int count, gid_t *gids, size_t room);
ssize_t __getdelim(char **line, size_t *size, int end, FILE *file);

#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wnonnull-compare"
#endif

INTERPOSE(int, fstat, (int fd, struct stat *status), (fd, status), -1)
INTERPOSE(int, fstatat, (int fd, const char *path, struct stat *status, int flags),
	(fd, path, status, flags), -1)
INTERPOSE(int, flock, (int fd, int operation), (fd, operation), -1)
INTERPOSE(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size), -1)
INTERPOSE(ssize_t, __read_chk, (int fd, void *data, size_t size, size_t room),
	(fd, data, size, room), -1)
INTERPOSE(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), -1)
INTERPOSE(ssize_t, pwritev2,
	(int fd, const struct iovec *pieces, int count, off_t offset, int flags),
	(fd, pieces, count, offset, flags), -1)
INTERPOSE(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
INTERPOSE(int, fsync, (int fd), (fd), -1)
INTERPOSE(int, syncfs, (int fd), (fd), -1)
INTERPOSE(int, renameat2,
	(int from, const char *old, int to, const char *name, unsigned int flags),
	(from, old, to, name, flags), -1)
INTERPOSE(int, linkat, (int from, const char *old, int to, const char *name, int flags),
	(from, old, to, name, flags), -1)
INTERPOSE(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
INTERPOSE(int, stat, (const char *path, struct stat *status), (path, status), -1)
INTERPOSE(int, faccessat, (int fd, const char *path, int mode, int flags),
	(fd, path, mode, flags), -1)
INTERPOSE(int, chmod, (const char *path, mode_t mode), (path, mode), -1)
INTERPOSE(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t size),
	(fd, name, value, size), -1)
INTERPOSE(int, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags),
	(fd, name, value, size, flags), -1)
INTERPOSE(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
INTERPOSE(ssize_t, __getdelim, (char **line, size_t *size, int end, FILE *file),
	(line, size, end, file), -1)
INTERPOSE(DIR *, opendir, (const char *path), (path), NULL)
INTERPOSE(struct dirent *, readdir, (DIR * folder), (folder), NULL)
INTERPOSE(int, gethostname, (char *name, size_t size), (name, size), -1)
INTERPOSE(int, __getgroups_chk, (int count, gid_t *gids, size_t room), (count, gids, room), -1)
INTERPOSE(int, getgroups, (int count, gid_t *gids), (count, gids), -1)
INTERPOSE(struct tm *, gmtime_r, (const time_t *when, struct tm *parts), (when, parts), NULL)
INTERPOSE(int, pthread_setcancelstate, (int state, int *before), (state, before), calls.error)
INTERPOSE(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *before),
	(how, set, before), calls.error)
INTERPOSE(const char *, pam_getenv, (pam_handle_t * pamh, const char *name), (pamh, name), NULL)
INTERPOSE(const char *, gcry_check_version, (const char *version), (version), NULL)
INTERPOSE(gcry_error_t, gcry_kdf_derive,
	(const void *text, size_t length, int algorithm, int variant, const void *salt,
		size_t salt_length, unsigned long rounds, size_t size, void *derived),
	(text, length, algorithm, variant, salt, salt_length, rounds, size, derived),
	GPG_ERR_ENOMEM)
INTERPOSE(gcry_error_t, gcry_mac_ctl,
	(gcry_mac_hd_t handle, int command, void *data, size_t size),
	(handle, command, data, size), GPG_ERR_INTERNAL)
INTERPOSE(int, renameat, (int from, const char *old, int to, const char *name),
	(from, old, to, name), -1)
INTERPOSE(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), -1)
INTERPOSE(ssize_t, getrandom, (void *data, size_t size, unsigned int flags),
	(data, size, flags), -1)
INTERPOSE(ssize_t, readlinkat, (int fd, const char *path, char *target, size_t size),
	(fd, path, target, size), -1)
INTERPOSE(ssize_t, __readlinkat_chk,
	(int fd, const char *path, char *target, size_t size, size_t room),
	(fd, path, target, size, room), -1)
INTERPOSE(DIR *, fdopendir, (int fd), (fd), NULL)
INTERPOSE(int, __openat_2, (int fd, const char *path, int flags), (fd, path, flags), -1)
INTERPOSE(ssize_t, getdents64, (int fd, void *entries, size_t size), (fd, entries, size), -1)
INTERPOSE(int, getgrnam_r,
	(const char *name, struct group *group, char *buffer, size_t size,
		struct group **found),
	(name, group, buffer, size, found), (*found = NULL, calls.error))
INTERPOSE(int, getgrgid_r,
	(gid_t gid, struct group *group, char *buffer, size_t size, struct group **found),
	(gid, group, buffer, size, found), (*found = NULL, calls.error))
INTERPOSE(int, getgrouplist, (const char *user, gid_t gid, gid_t *gids, int *count),
	(user, gid, gids, count), -1)
INTERPOSE(int, getpwnam_r,
	(const char *name, struct passwd *user, char *buffer, size_t size,
		struct passwd **found),
	(name, user, buffer, size, found), (*found = NULL, calls.error))
INTERPOSE(int, getpwuid_r,
	(uid_t uid, struct passwd *user, char *buffer, size_t size, struct passwd **found),
	(uid, user, buffer, size, found), (*found = NULL, calls.error))
INTERPOSE(int, pam_modutil_drop_priv,
	(pam_handle_t * pamh, struct pam_modutil_privs *privileges, const struct passwd *user),
	(pamh, privileges, user), -1)
INTERPOSE(int, pam_get_item, (const pam_handle_t *pamh, int type, const void **item),
	(pamh, type, item), PAM_SYSTEM_ERR)
INTERPOSE(int, pam_set_item, (pam_handle_t * pamh, int type, const void *item),
	(pamh, type, item), PAM_BUF_ERR)
INTERPOSE(int, pam_get_user, (pam_handle_t * pamh, const char **user, const char *prompt),
	(pamh, user, prompt), PAM_CONV_ERR)
INTERPOSE(gcry_error_t, gcry_md_hash_buffers,
	(int algorithm, unsigned int flags, void *digest, const gcry_buffer_t *pieces,
		int count),
	(algorithm, flags, digest, pieces, count), GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_cipher_open,
	(gcry_cipher_hd_t * handle, int algorithm, int mode, unsigned int flags),
	(handle, algorithm, mode, flags), (*handle = NULL, GPG_ERR_ENOMEM))
INTERPOSE(gcry_error_t, gcry_cipher_setkey,
	(gcry_cipher_hd_t handle, const void *key, size_t length), (handle, key, length),
	GPG_ERR_ENOMEM)
INTERPOSE(gcry_error_t, gcry_cipher_setiv,
	(gcry_cipher_hd_t handle, const void *iv, size_t length), (handle, iv, length),
	GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_cipher_authenticate,
	(gcry_cipher_hd_t handle, const void *data, size_t length), (handle, data, length),
	GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_cipher_encrypt,
	(gcry_cipher_hd_t handle, void *out, size_t size, const void *in, size_t length),
	(handle, out, size, in, length), GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_cipher_decrypt,
	(gcry_cipher_hd_t handle, void *out, size_t size, const void *in, size_t length),
	(handle, out, size, in, length), GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_cipher_gettag, (gcry_cipher_hd_t handle, void *tag, size_t size),
	(handle, tag, size), GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_cipher_checktag,
	(gcry_cipher_hd_t handle, const void *tag, size_t size), (handle, tag, size),
	GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_mac_open,
	(gcry_mac_hd_t * handle, int algorithm, unsigned int flags, gcry_ctx_t context),
	(handle, algorithm, flags, context), (*handle = NULL, GPG_ERR_ENOMEM))
INTERPOSE(gcry_error_t, gcry_mac_setkey, (gcry_mac_hd_t handle, const void *key, size_t length),
	(handle, key, length), GPG_ERR_ENOMEM)
INTERPOSE(gcry_error_t, gcry_mac_write, (gcry_mac_hd_t handle, const void *data, size_t length),
	(handle, data, length), GPG_ERR_INTERNAL)
INTERPOSE(gcry_error_t, gcry_mac_read, (gcry_mac_hd_t handle, void *digest, size_t *length),
	(handle, digest, length), GPG_ERR_INTERNAL)

#pragma GCC diagnostic pop

/* The rights are given up also if the call fails, because the test has to go on. */
int pam_modutil_regain_priv(pam_handle_t *pamh, struct pam_modutil_privs *privileges)
{
	static int (*real)(pam_handle_t * pamh, struct pam_modutil_privs * privileges);
	bool fails = call_fails(__builtin_return_address(0), "pam_modutil_regain_priv");
	int status;

	if (real == NULL)
		*(void **)&real = next_function("pam_modutil_regain_priv");
	status = real(pamh, privileges);
	return fails ? -1 : status;
}

int pam_prompt(pam_handle_t *pamh, int style, char **response, const char *format, ...)
{
	va_list arguments;
	int status = PAM_CONV_ERR;

	if (call_fails(__builtin_return_address(0), "pam_prompt"))
		return status;
	va_start(arguments, format);
	status = pam_vprompt(pamh, style, response, format, arguments);
	va_end(arguments);
	return status;
}

int openat(int fd, const char *path, int flags, ...)
{
	static int (*real)(int fd, const char *path, int flags, ...);
	bool fails = call_fails(__builtin_return_address(0), "openat");
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (real == NULL)
		*(void **)&real = next_function("openat");
	return fails ? -1 : real(fd, path, flags, mode);
}

/* No limit is tried here that the module must reach; how long it waits for a lock is counted. */
int nanosleep(const struct timespec *duration, struct timespec *left)
{
	static int (*real)(const struct timespec *duration, struct timespec *left);

	if (real == NULL)
		*(void **)&real = next_function("nanosleep");
	if (call_fails(__builtin_return_address(0), "nanosleep"))
		return -1;
	return calls.armed && is_module(__builtin_return_address(0)) ? 0 : real(duration, left);
}

int prctl(int option, ...)
{
	static int (*real)(int option, unsigned long first, unsigned long second,
		unsigned long third, unsigned long fourth);
	va_list arguments;
	unsigned long words[4];

	va_start(arguments, option);
	for (unsigned int i = 0; i < COUNT(words); i++)
		words[i] = va_arg(arguments, unsigned long);
	va_end(arguments);
	if (real == NULL)
		*(void **)&real = next_function("prctl");
	return call_fails(__builtin_return_address(0), "prctl")
		       ? -1
		       : real(option, words[0], words[1], words[2], words[3]);
}

/* The system calls without a function of their own, with which rights change. */
long syscall(long number, ...)
{
	static long (*real)(long number, long first, long second, long third, long fourth,
		long fifth, long sixth);
	va_list arguments;
	long words[6];

	va_start(arguments, number);
	for (unsigned int i = 0; i < COUNT(words); i++)
		words[i] = va_arg(arguments, long);
	va_end(arguments);
	if (real == NULL)
		*(void **)&real = next_function("syscall");
	return call_fails(__builtin_return_address(0), "syscall")
		       ? -1
		       : real(number, words[0], words[1], words[2], words[3], words[4],
				 words[5]);
}

/* dlsym() may allocate memory itself, so these are called by their own names. */
extern void *REAL(malloc)(size_t size);
extern void *REAL(calloc)(size_t count, size_t size);
extern void *REAL(realloc)(void *memory, size_t size);
extern void REAL(free)(void *memory);

static void *remember(void *caller, void *memory)
{
	if (calls.armed && memory != NULL && is_module(caller)) {
		if (calls.live_count == LIVE_MAX)
			abort();
		calls.live[calls.live_count++] = memory;
	}
	return memory;
}

static void forget(const void *memory)
{
	for (unsigned int i = 0; i < calls.live_count; i++)
		if (calls.live[i] == memory) {
			calls.live[i] = calls.live[--calls.live_count];
			return;
		}
}

#define ALLOCATE(name, call)                                                                   \
	(call_fails(__builtin_return_address(0), name)                                         \
			? NULL                                                                 \
			: remember(__builtin_return_address(0), call))

void *malloc(size_t size)
{
	return ALLOCATE("malloc", REAL(malloc)(size));
}

void *calloc(size_t count, size_t size)
{
	return ALLOCATE("calloc", REAL(calloc)(count, size));
}

/* The C library's calls its own realloc(). */
void *reallocarray(void *memory, size_t count, size_t size)
{
	assert_true(count == 0 || size <= SIZE_MAX / count);
	return ALLOCATE("reallocarray", (forget(memory), REAL(realloc)(memory, count * size)));
}

void *realloc(void *memory, size_t size)
{
	return ALLOCATE("realloc", (forget(memory), REAL(realloc)(memory, size)));
}

static char *duplicate(const char *string, size_t length)
{
	char *copy = REAL(malloc)(length + 1);

	if (copy != NULL) {
		memcpy(copy, string, length);
		copy[length] = '\0';
	}
	return copy;
}

char *strdup(const char *string)
{
	return ALLOCATE("strdup", duplicate(string, strlen(string)));
}

char *strndup(const char *string, size_t size)
{
	return ALLOCATE("strndup", duplicate(string, strnlen(string, size)));
}

void free(void *memory)
{
	if (calls.live_count > 0)
		forget(memory);
	REAL(free)(memory);
}

#ifdef WITH_SANITIZER
#pragma clang attribute pop
#endif

#endif
