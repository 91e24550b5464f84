/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What each call of the module can fail with: the errors of its manual page in section 2 or 3, and of
 * POSIX, but those of an argument that is wrong in the program itself, such as EFAULT. A function that
 * gives its error in another way, or none, has one row of one error.
 */
#ifndef TOTPGROUP_TESTS_CALL_ERRORS_H
#define TOTPGROUP_TESTS_CALL_ERRORS_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "../unit/test_support.h"

#define CALL_ERRORS_MAX 24

struct call_errors {
	const char *names; /* with blanks around each */
	int errors[CALL_ERRORS_MAX];
};

/* A name that is looked up; its folders may be anybody's. */
#define PATH_ERRORS EACCES, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR
/* A name that is made or replaced. */
#define ENTRY_ERRORS PATH_ERRORS, EDQUOT, EEXIST, EMLINK, ENOSPC, EPERM, EROFS
#define USER_ERRORS  EIO, EINTR, EMFILE, ENFILE, ENOMEM, ERANGE

static const struct call_errors call_errors[] = {
	{" openat __openat_2 open ",
		{PATH_ERRORS, EBUSY, EDQUOT, EEXIST, EFBIG, EINTR, EISDIR, EMFILE, ENFILE,
			ENODEV, ENOSPC, ENXIO, EOVERFLOW, EPERM, EROFS, ETXTBSY, EWOULDBLOCK}},
	{" fopen opendir ", {PATH_ERRORS, EINTR, EMFILE, ENFILE}},
	{" stat fstatat faccessat ", {PATH_ERRORS, EOVERFLOW, EROFS}},
	{" fstat ", {EIO, ENOMEM, EOVERFLOW}},
	{" readlinkat __readlinkat_chk ", {PATH_ERRORS, EINVAL}},
	{" flock ", {EINTR, ENOLCK, EWOULDBLOCK}},
	{" read __read_chk __getdelim ", {EAGAIN, EINTR, EIO, EISDIR, ENOMEM}},
	{" write ", {EAGAIN, EDQUOT, EFBIG, EINTR, EIO, ENOSPC, EPERM, EPIPE}},
	{" pwritev2 ",
		{EAGAIN, EDQUOT, EFBIG, EINTR, EINVAL, EIO, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM}},
	{" fsync syncfs ", {EDQUOT, EINTR, EINVAL, EIO, ENOSPC, EROFS}},
	{" fchmod chmod ", {EACCES, EIO, ENOENT, EPERM, EROFS}},
	{" fgetxattr fsetxattr ", {EDQUOT, ENODATA, ENOSPC, EOPNOTSUPP, EPERM, ERANGE}},
	{" renameat renameat2 linkat ",
		{ENTRY_ERRORS, EBUSY, EINVAL, EISDIR, ENOTEMPTY, EXDEV}},
	{" unlinkat ", {PATH_ERRORS, EBUSY, EISDIR, ENOTEMPTY, EPERM, EROFS}},
	{" mkdir ", {ENTRY_ERRORS}},
	{" fdopendir ", {EMFILE, ENOMEM, ENOTDIR}},
	{" readdir getdents64 ", {EIO, ENOENT, ENOTDIR, EOVERFLOW}},
	{" getrandom ", {EAGAIN, EINTR, ENOSYS}},
	{" getpwnam_r getpwuid_r getgrnam_r getgrgid_r fgetpwent_r fgetgrent_r ",
		{USER_ERRORS, ENOENT, ESRCH, EBADF, EPERM, EAGAIN}},
	{" getgroups __getgroups_chk getgrouplist ", {EINVAL, ENOMEM}},
	{" gethostname ", {ENAMETOOLONG, EPERM}},
	{" getrlimit setrlimit prctl syscall ", {EAGAIN, EINVAL, ENOMEM, ENOSYS, EPERM}},
	{" nanosleep ", {EINTR}},
	{" socket ", {EACCES, EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS, ENOMEM}},
	{" connect ", {PATH_ERRORS, EAGAIN, ECONNREFUSED, ECONNRESET, EINPROGRESS, EINTR, EPERM,
			      EPROTOTYPE, ETIMEDOUT}},
	{" setsockopt getsockopt ", {EDOM, ENOBUFS, ENOMEM, ENOPROTOOPT}},
	{" poll ", {EAGAIN, EINTR, EINVAL, ENOMEM}},
	{" send ", {EAGAIN, ECONNRESET, EINTR, EMSGSIZE, ENOBUFS, ENOMEM, ENOTCONN, EPIPE}},
	{" recv ", {EAGAIN, ECONNREFUSED, ECONNRESET, EINTR, EIO, ENOMEM, ENOTCONN}},
	{" clock_gettime clock_gettime_since_boot time ", {EINVAL, EOVERFLOW, EPERM}},
	{" malloc calloc realloc reallocarray strdup strndup ", {ENOMEM}},
	{" dlopen dlsym ", {ENOENT}},
	{" gmtime_r ", {EOVERFLOW}},
	{" pthread_setcancelstate pthread_sigmask ", {EINVAL}},
	{" pam_get_item pam_set_item pam_get_user pam_getenv pam_prompt pam_modutil_drop_priv"
	 " pam_modutil_regain_priv ",
		{ENOMEM}},
	{" gcry_check_version gcry_kdf_derive gcry_md_hash_buffers gcry_mac_open "
	 "gcry_mac_setkey"
	 " gcry_mac_write gcry_mac_read gcry_mac_ctl gcry_cipher_open gcry_cipher_setkey"
	 " gcry_cipher_setiv gcry_cipher_authenticate gcry_cipher_encrypt gcry_cipher_decrypt"
	 " gcry_cipher_gettag gcry_cipher_checktag ",
		{ENOMEM}},
};

/* The errors of that call, and their number. Fails the test where the table has none. */
static inline const int *errors_of(const char *name, unsigned int *count)
{
	char word[64];

	snprintf(word, sizeof word, " %s ", name);
	for (size_t i = 0; i < COUNT(call_errors); i++) {
		const int *errors = call_errors[i].errors;

		if (strstr(call_errors[i].names, word) == NULL)
			continue;
		for (*count = 0; *count < CALL_ERRORS_MAX && errors[*count] != 0;)
			++*count;
		return errors;
	}
	fail_msg("tests/fault/call_errors.h has no errors of %s", name);
	return NULL;
}

#endif
