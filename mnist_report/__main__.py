"""The entry point, kept free of imports: the model's process imports this module a second time."""

import gc
import io
import signal
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from mnist_report.cli import run_cli

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path may hold bytes that are not text
    # A command lives for seconds, and hardly drops a cycle: to look for them takes a sixth of a run, and at its end,
    # where everything is dropped, another half second. What may live for long collects by itself, see `several`.
    gc.disable()
    status = run_cli(sys.argv[1:])
    gc.freeze()
    # Whatever comes from here on comes too late, and would only be heard of as a traceback.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    sys.exit(status)


if __name__ == "__main__":
    main()
