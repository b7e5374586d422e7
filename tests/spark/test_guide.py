"""The guide's own block on a server that is not there, with the hook that every Python of the image has."""

import json
import re
from pathlib import Path

import pytest
from tests.needs import SHARED, free_port, missing
from tests.spark.clients import run_inside

GUIDE = SHARED / "facts" / "guide-snippets.md"
LINES = ["3.5.7", "4.1.1", "4.2.0"]


@pytest.fixture(scope="session", params=LINES)
def version(request):
    """One Spark after the other: pytest runs together what needs the same server."""
    return request.param


def block(folder: Path, number: int, url: str) -> str:
    """One of the guide's Python examples in a file, with the address filled in."""
    if not GUIDE.is_file():
        missing("the guide's examples", "put facts/guide-snippets.md at ../shared, or set DEPLOYKIT_SHARED")
    code = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)[number]
    filled, places = re.subn(r'"sc://[^"]*"', f'"{url}"', code)
    assert places == 1
    path = folder / f"block{number}.py"
    path.write_text(filled, encoding="utf-8")
    return str(path)


def results(done) -> list[dict[str, object]]:
    """What `guide.py` printed, without what the blocks print."""
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("version", ["3.5.7", "4.1.1"], indirect=True, scope="session")
def test_a_server_that_is_not_there_is_told_in_seconds(client, version, tmp_path):
    path = block(tmp_path, 0, f"sc://127.0.0.1:{free_port()}")
    done = run_inside(client(version), "guide.py", "1", path, url="")
    [result] = results(done)
    assert result["error"] == "ConnectionProblem", done.stderr
    assert result["seconds"] < 5 + 5  # the import of PySpark is part of it
