# SPDX-License-Identifier: LGPL-2.1-or-later

# TOTPGROUP_TRY_CFLAG(VARIABLE, FLAG, [PROGRAM])
# Appends FLAG to VARIABLE when a program compiles with it and its object links
# with it, both without a warning.
AC_DEFUN([TOTPGROUP_TRY_CFLAG], [
  AS_VAR_PUSHDEF([cache], [totpgroup_cv_cflag_$2])
  AC_CACHE_CHECK([whether $CC compiles with $2], [cache], [
    saved_flags=$CFLAGS
    CFLAGS="$CFLAGS -Werror $2"
    AS_VAR_SET([cache], [no])
    AC_COMPILE_IFELSE([m4_default([$3], [AC_LANG_PROGRAM()])],
      [AS_IF([$CC $CFLAGS $LDFLAGS conftest.$ac_objext -o conftest$ac_exeext >&AS_MESSAGE_LOG_FD 2>&1],
        [AS_VAR_SET([cache], [yes])])])
    rm -f conftest$ac_exeext
    CFLAGS=$saved_flags
  ])
  AS_VAR_IF([cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
  AS_VAR_POPDEF([cache])
])

# TOTPGROUP_TRY_LDFLAG(VARIABLE, FLAG, [CFLAGS])
# Appends FLAG to VARIABLE when a program compiled with CFLAGS links with it.
AC_DEFUN([TOTPGROUP_TRY_LDFLAG], [
  AS_VAR_PUSHDEF([cache], [totpgroup_cv_ldflag_$2])
  AC_CACHE_CHECK([whether $CC links with $2], [cache], [
    saved_flags=$LDFLAGS
    LDFLAGS="$LDFLAGS -Werror $3 $2"
    AC_LINK_IFELSE([AC_LANG_PROGRAM()], [AS_VAR_SET([cache], [yes])],
      [AS_VAR_SET([cache], [no])])
    LDFLAGS=$saved_flags
  ])
  AS_VAR_IF([cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
  AS_VAR_POPDEF([cache])
])

# TOTPGROUP_TRY_CFLAGS(VARIABLE, FLAGS), TOTPGROUP_TRY_LDFLAGS(VARIABLE, FLAGS)
AC_DEFUN([TOTPGROUP_TRY_CFLAGS],
  [m4_foreach_w([flag], [$2], [TOTPGROUP_TRY_CFLAG([$1], m4_defn([flag]))])])
AC_DEFUN([TOTPGROUP_TRY_LDFLAGS],
  [m4_foreach_w([flag], [$2], [TOTPGROUP_TRY_LDFLAG([$1], m4_defn([flag]))])])
