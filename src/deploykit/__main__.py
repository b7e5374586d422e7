"""The one door of the command line: fast answers first, then click; errors leave through here."""

import os
import sys

_HELP: tuple[list[str], ...] = ([], ["--help"], ["-h"], ["help"])
_GONE = 141
"""What a shell calls the end of a program that wrote to a pipe which nobody reads."""


def main() -> int:
    """Run `deploykit`; returns the exit code."""
    try:
        code = _run(sys.argv[1:])
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # click makes the one of the other, and of nothing else
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left goes there when Python ends
        return _GONE
    return code


def _run(arguments: list[str]) -> int:
    if arguments in _HELP:
        from deploykit.cli import help_text

        sys.stdout.write(help_text())
        return 0
    if arguments == ["--version"]:
        from importlib.metadata import version

        sys.stdout.write(f"deploykit {version('deploykit')}\n")
        return 0
    from deploykit.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
