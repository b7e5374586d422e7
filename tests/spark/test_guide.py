"""The guide's own two blocks, unchanged but for the address, with the hook that every Python of the image has."""

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


@pytest.fixture(scope="session")
def tables(server, client):
    """A factory: the server of this version, with the tables that the examples read."""
    ready: dict[str, str] = {}

    def make(version: str) -> str:
        url = server(version)
        if url not in ready:
            done = run_inside(client(version), "guide_tables.py", url=url)
            assert done.returncode == 0, done.stderr
            ready[url] = version
        return url

    return make


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


def test_both_run_twice_in_one_process_and_in_another(tables, client, version, tmp_path):
    url = tables(version)
    blocks = [block(tmp_path, number, url) for number in (0, 1)]
    found = []
    for times in ("2", "1"):
        done = run_inside(client(version), "guide.py", times, *blocks, url="")
        assert done.returncode == 0, done.stderr
        found += [result.get("rows", result) for result in results(done)]
    assert len(found) == 6
    assert found[0] > 1000  # of amounts, above a limit
    assert found == [found[0], 1000] * 3


@pytest.mark.parametrize("version", ["3.5.7", "4.1.1"], indirect=True, scope="session")
def test_a_server_that_is_not_there_is_told_in_seconds(client, version, tmp_path):
    path = block(tmp_path, 0, f"sc://127.0.0.1:{free_port()}")
    done = run_inside(client(version), "guide.py", "1", path, url="")
    [result] = results(done)
    assert result["error"] == "ConnectionProblem", done.stderr
    assert result["seconds"] < 5 + 5  # the import of PySpark is part of it
