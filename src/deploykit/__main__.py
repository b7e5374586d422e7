"""The one door of the command line: fast answers first, then click; errors leave through here."""

import sys

_HELP: tuple[list[str], ...] = ([], ["--help"], ["-h"], ["help"])


def main() -> int:
    """Run `deploykit`; returns the exit code."""
    arguments = sys.argv[1:]
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
