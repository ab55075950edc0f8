"""Text from outside, made harmless for a line of output."""

import re

# Control characters, and those that turn the direction of text or are invisible.
STRANGE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(text: str) -> str:
    """One line without control characters: each stands as its escape."""
    return STRANGE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def harmless(words: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{words}" if words.startswith(FORMULA) else words
