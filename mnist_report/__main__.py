"""The entry point, kept free of imports: the model's process imports this module a second time."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from mnist_report.cli import run_cli

    sys.exit(run_cli(sys.argv[1:]))


if __name__ == "__main__":
    main()
