"""The entry point, kept free of imports: the model's process imports this module a second time."""

import io
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from mnist_report.cli import run_cli

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path may hold bytes that are not text
    sys.exit(run_cli(sys.argv[1:]))


if __name__ == "__main__":
    main()
