"""Text from outside, made harmless for a line of output."""

import re

# Control characters, and those that turn the direction of text or are invisible.
STRANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """One line without control characters: each stands as its escape."""
    return STRANGE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
