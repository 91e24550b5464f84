# SPDX-License-Identifier: LGPL-2.1-or-later

# TOTPGROUP_LINKS_INTL(LIBRARY, THEN, ELSE)
AC_DEFUN([TOTPGROUP_LINKS_INTL], [
  saved_LIBS=$LIBS
  LIBS="$1 $LIBS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <libintl.h>]],
    [[return *dgettext(bindtextdomain("", ""), "");]])], [LIBS=$saved_LIBS; $2], [LIBS=$saved_LIBS; $3])
])

# Unless --disable-nls is given: defines ENABLE_NLS, and sets MSGFMT, and INTL_LIBS
# where gettext's functions are not in the C library.
AC_DEFUN([TOTPGROUP_NLS], [
  INTL_LIBS=
  AS_IF([test "$enable_nls" = yes], [
    AC_PATH_PROG([MSGFMT], [msgfmt])
    AS_IF([test -z "$MSGFMT"],
      [TOTPGROUP_NOT_FOUND([msgfmt], [gettext], [gettext], [ or configure with --disable-nls])])
    AC_MSG_CHECKING([where dgettext is])
    TOTPGROUP_LINKS_INTL([], [AC_MSG_RESULT([libc])],
      [TOTPGROUP_LINKS_INTL([-lintl], [AC_MSG_RESULT([-lintl]); INTL_LIBS=-lintl],
        [AC_MSG_RESULT([nowhere])
        TOTPGROUP_NOT_FOUND([libintl], [libc6-dev], [glibc-devel],
          [, or libintl, or configure with --disable-nls])])])
    AC_DEFINE([ENABLE_NLS], [1], [Whether people are told things in their language.])
  ])
  AC_SUBST([INTL_LIBS])
  AM_CONDITIONAL([ENABLE_NLS], [test "$enable_nls" = yes])
])
