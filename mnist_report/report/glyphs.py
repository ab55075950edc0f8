"""What our fonts can draw: DejaVu Sans, as matplotlib ships it, in the figures and in the PDF."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path

PLACEHOLDER = "\N{WHITE VERTICAL RECTANGLE}"
# Controls, private characters and lone surrogates mean nothing to a reader, whatever a font draws; marks that are no
# part of a letter are drawn beside it, and a PDF has no text for them.
NOT_DRAWN = {"Cc", "Cf", "Cn", "Co", "Cs", "Mc", "Me", "Mn"}
# HarfBuzz sets this one as a mark and a letter.
TAKEN_APART = "\N{LAO VOWEL SIGN AM}"
# Unlike other format characters these turn nothing around them: soft hyphen, joiners, marks of direction, word joiner.
SILENT = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060"


def font_folder() -> Path:
    """Where matplotlib keeps the DejaVu fonts."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


def drawable(text: str) -> str:
    """The text with a placeholder for each character that cannot be drawn.

    White space other than a line feed becomes a blank where the font lacks it, and variation selectors go: the font has
    one form of each sign. Letters and their marks become one character where there is one.
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", text).translate(_signs())


class _Signs(dict[int, str]):
    """What stands for each code point, found out when it is first asked for."""

    def __init__(self, drawn: Mapping[int, int]) -> None:
        super().__init__({ord("\n"): "\n"})
        self._drawn = drawn

    def __missing__(self, code: int) -> str:
        self[code] = sign = self._sign(code)
        return sign

    def _sign(self, code: int) -> str:
        sign, kind = chr(code), unicodedata.category(chr(code))
        if sign.isspace() and not (kind == "Zs" and code in self._drawn):
            return " "
        if "VARIATION SELECTOR" in unicodedata.name(sign, ""):
            return ""
        undrawn = kind in NOT_DRAWN and sign not in SILENT
        return PLACEHOLDER if undrawn or sign == TAKEN_APART or code not in self._drawn else sign


@cache
def _signs() -> _Signs:
    # A tenth of the time that fontTools takes.
    from matplotlib.ft2font import FT2Font

    return _Signs(FT2Font(str(font_folder() / "DejaVuSans.ttf")).get_charmap())
