# SPDX-License-Identifier: LGPL-2.1-or-later
"""QR codes as SVG, made by libtotpgroup."""

import ctypes

LIBRARY = "libtotpgroup.so.0"
MARGIN = 4


class _Code(ctypes.Structure):
    """totpgroup_qr, which is opaque."""


_Handle = ctypes.POINTER(_Code)


def _load():
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    library.totpgroup_qr_encode.argtypes = [ctypes.POINTER(_Handle), ctypes.c_char_p]
    library.totpgroup_qr_size.argtypes = [_Handle]
    library.totpgroup_qr_size.restype = ctypes.c_uint
    library.totpgroup_qr_is_dark.argtypes = [_Handle, ctypes.c_int, ctypes.c_int]
    library.totpgroup_qr_is_dark.restype = ctypes.c_bool
    library.totpgroup_qr_free.argtypes = [_Handle]
    library.totpgroup_qr_free.restype = None
    return library


_LIBRARY = _load()


def svg(text, label):
    """Returns the code of a text as an SVG element with that label, which is HTML. None where it
    cannot be made: there are the link and the secret, then."""
    code = _Handle()
    if _LIBRARY is None or _LIBRARY.totpgroup_qr_encode(ctypes.byref(code), text.encode()) != 0:
        return None
    try:
        size = _LIBRARY.totpgroup_qr_size(code)
        dark = "".join(f"M{column + MARGIN} {row + MARGIN}h1v1h-1z"
                       for row in range(size) for column in range(size)
                       if _LIBRARY.totpgroup_qr_is_dark(code, column, row))
    finally:
        _LIBRARY.totpgroup_qr_free(code)
    side = size + 2 * MARGIN
    return (f'<svg class="qr" role="img" aria-label="{label}" viewBox="0 0 {side} {side}" '
            f'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
            f'<path fill="#000" d="{dark}"/></svg>')
