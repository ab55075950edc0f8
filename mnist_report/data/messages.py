"""What other libraries say, as part of a message of one line."""

LONGEST = 200


def one_line(error: object) -> str:
    """An error's own words without line breaks and control characters, which a damaged file can put there."""
    words = " ".join(str(error).split())
    plain = "".join(letter if letter.isprintable() else "?" for letter in words)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}..."
