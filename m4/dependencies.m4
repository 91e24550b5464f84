# SPDX-License-Identifier: LGPL-2.1-or-later

m4_ifndef([PKG_PROG_PKG_CONFIG],
  [m4_fatal([pkg.m4 was not found: install pkg-config (Debian) or pkgconf (Fedora)])])

AC_DEFUN([TOTPGROUP_REQUIRE_PKG_CONFIG], [
  PKG_PROG_PKG_CONFIG
  AS_IF([test -z "$PKG_CONFIG"],
    [AC_MSG_ERROR([pkg-config was not found: install pkg-config (Debian) or pkgconf (Fedora)])])
])

# TOTPGROUP_NOT_FOUND(WHAT, DEBIAN PACKAGE, FEDORA PACKAGE, [ANOTHER WAY OUT])
AC_DEFUN([TOTPGROUP_NOT_FOUND],
  [AC_MSG_ERROR([$1 was not found: install $2 (Debian) or $3 (Fedora)$4])])

# TOTPGROUP_REQUIRE(PREFIX, MODULE, DEBIAN PACKAGE, FEDORA PACKAGE, [ANOTHER WAY OUT])
# Sets PREFIX_CFLAGS and PREFIX_LIBS, or ends with the packages' names.
AC_DEFUN([TOTPGROUP_REQUIRE], [
  PKG_CHECK_MODULES([$1], [$2], [], [TOTPGROUP_NOT_FOUND([$2], [$3], [$4], [$5])])
])

# Sets PAM_CFLAGS, PAM_LIBS, and pam_libdir where pam.pc tells it. Older Linux-PAM comes without
# pam.pc. That of Debian 13 requires audit.pc, which the packages of PAM do not bring: pkg-config
# tells the folder all the same.
AC_DEFUN([TOTPGROUP_REQUIRE_PAM], [
  PKG_CHECK_MODULES([PAM], [pam], [],
    [AC_CHECK_HEADER([security/pam_modules.h], [],
      [TOTPGROUP_NOT_FOUND([Linux-PAM], [libpam0g-dev], [pam-devel])])
    AC_CHECK_LIB([pam], [pam_syslog], [PAM_LIBS=-lpam],
      [TOTPGROUP_NOT_FOUND([Linux-PAM], [libpam0g-dev], [pam-devel])])])
  pam_libdir=`$PKG_CONFIG --variable=libdir pam 2>/dev/null`
])
