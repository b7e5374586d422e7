"""Prints the files of the tests that failed last, for a second try: a test may need those before it in its file.

Exits with 1 where pytest remembers no failure, as when it could not begin.
"""

import json
import sys
from pathlib import Path

LAST_FAILED = Path(__file__).parents[1] / ".pytest_cache" / "v" / "cache" / "lastfailed"


def main() -> int:
    found = json.loads(LAST_FAILED.read_text(encoding="utf-8")) if LAST_FAILED.exists() else {}
    files = sorted({name.partition("::")[0] for name in found})
    print(*files)
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main())
