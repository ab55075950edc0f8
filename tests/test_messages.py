"""Tests of `mnist_report.data.messages`."""

from mnist_report.data.messages import one_line


def test_an_error_of_many_lines_is_one_line():
    """Nothing reaches the terminal but printable characters, and not too many."""
    assert one_line(ValueError("bad\n  header\x1b[31m \u202e")) == "bad header?[31m ?"
    assert len(one_line("x" * 1000)) == 203
