# SPDX-License-Identifier: LGPL-2.1-or-later

# Sets HARDEN_CPPFLAGS, HARDEN_CFLAGS and HARDEN_LDFLAGS for everything, and
# PIE_CFLAGS and PIE_LDFLAGS for programs. They stay out of the user's flags.
AC_DEFUN([TOTPGROUP_HARDENING], [
  HARDEN_CPPFLAGS=
  HARDEN_CFLAGS=
  HARDEN_LDFLAGS=
  PIE_CFLAGS=
  PIE_LDFLAGS=
  TOTPGROUP_TRY_CFLAGS([HARDEN_CFLAGS], [-fstack-protector-strong
    -fstack-clash-protection -fcf-protection -fno-delete-null-pointer-checks
    -fno-strict-overflow -ftrivial-auto-var-init=zero])
  # Zeroing all variables at their beginning is cheap with stores, and not with the
  # instruction that gcc takes for x86.
  TOTPGROUP_TRY_CFLAG([HARDEN_CFLAGS],
    [-mmemset-strategy=unrolled_loop:384:noalign,libcall:-1:noalign])
  TOTPGROUP_TRY_LDFLAGS([HARDEN_LDFLAGS], [-Wl,-z,relro -Wl,-z,now
    -Wl,-z,noexecstack -Wl,-z,defs -Wl,--as-needed])
  TOTPGROUP_TRY_CFLAG([PIE_CFLAGS], [-fPIE])
  TOTPGROUP_TRY_LDFLAG([PIE_LDFLAGS], [-pie], [-fPIE])
  TOTPGROUP_FORTIFY
  AC_SUBST([HARDEN_CPPFLAGS])
  AC_SUBST([HARDEN_CFLAGS])
  AC_SUBST([HARDEN_LDFLAGS])
  AC_SUBST([PIE_CFLAGS])
  AC_SUBST([PIE_LDFLAGS])
])

# The strongest level whose checked functions compile and link. Without
# optimisation there is none; a level that the user chose stands.
AC_DEFUN([TOTPGROUP_FORTIFY], [
  AS_CASE([" $CPPFLAGS $CFLAGS "],
    [*_FORTIFY_SOURCE*], [],
    [TOTPGROUP_TRY_FORTIFY([3])
    AS_IF([test -z "$HARDEN_CPPFLAGS"], [TOTPGROUP_TRY_FORTIFY([2])])])
])

AC_DEFUN([TOTPGROUP_TRY_FORTIFY],
  [TOTPGROUP_TRY_CFLAG([HARDEN_CPPFLAGS], [-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$1],
    [AC_LANG_PROGRAM([[
#include <string.h>
#ifndef __OPTIMIZE__
#error not optimised
#endif
      ]], [[char from[8] = "", to[8]; memcpy(to, from, strlen(from)); return to[0];]])])])
