# SPDX-License-Identifier: LGPL-2.1-or-later

# Sets WARN_CFLAGS for all code and STRICT_CFLAGS for what is installed. They
# stay out of CFLAGS, which is the user's.
AC_DEFUN([TOTPGROUP_WARNINGS], [
  WARN_CFLAGS=
  STRICT_CFLAGS=
  TOTPGROUP_TRY_CFLAGS([WARN_CFLAGS], [-std=gnu11 -Wall -Wextra -Wshadow
    -Wcast-qual -Wwrite-strings -Wmissing-prototypes -Wstrict-prototypes
    -Wpointer-arith -Wformat=2 -Wundef -Wvla])
  TOTPGROUP_TRY_CFLAGS([STRICT_CFLAGS], [-Wconversion -Wsign-conversion
    -Wframe-larger-than=2047])
  AS_IF([test "$enable_werror" = yes], [AS_VAR_APPEND([WARN_CFLAGS], [" -Werror"])])
  AC_SUBST([WARN_CFLAGS])
  AC_SUBST([STRICT_CFLAGS])
])
