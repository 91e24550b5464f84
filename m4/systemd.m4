# SPDX-License-Identifier: LGPL-2.1-or-later

# TOTPGROUP_SYSTEMD_FOLDER(NAME, WHAT, FOLDER, EXAMPLES)
# Adds the option --with-NAME and substitutes NAME: where WHAT is installed. Without the option
# that is PREFIX/lib/FOLDER where systemd is and reads that folder, else DOCDIR/examples/EXAMPLES.
AC_DEFUN([TOTPGROUP_SYSTEMD_FOLDER], [
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--with-$1=DIR],
      [install $2 here @<:@PREFIX/lib/$3 where systemd is and PREFIX is /usr or /usr/local, else
       DOCDIR/examples/$4, where they do nothing@:>@])],
    [], [TOTPGROUP_IF_SYSTEMD_READS_PREFIX([with_$1='${prefix}/lib/$3'],
      [with_$1='${docdir}/examples/$4'])])
  AS_CASE([$with_$1],
    [/*|'$'*], [],
    [AC_MSG_ERROR([--with-$1 needs an absolute path, not $with_$1])])
  AC_SUBST([$1], [$with_$1])
])

# systemd reads lib/systemd/system and the like below /usr and /usr/local alone.
AC_DEFUN([TOTPGROUP_IF_SYSTEMD_READS_PREFIX], [
  AS_CASE([$prefix],
    [NONE|/usr|/usr/local],
    [AS_IF([command -v systemctl >/dev/null 2>&1 || $PKG_CONFIG --exists systemd], [$1], [$2])],
    [$2])
])
