"""`stages/bytecode.py`: the same sources give the same bytes, whatever else the interpreter did before."""

import importlib.util
import marshal
import subprocess
import sys
from pathlib import Path

import pytest

from deploykit import assets

PROGRAM = assets.image() / "stages" / "bytecode.py"
SOURCE = '''
"""Names that other modules use too, sets, long numbers, texts of one character."""
import asyncio, json
LONG = 123456789012345678901234567890
def chosen(value, *, default={"a": 1.5, "b": -2j}):
    if value in {"x", ",", None, 1, 2.5, ("y", "z"), b"bytes"}:
        return f"{value!r:>10}, {LONG}"
    class Inner(dict):
        async def get(self, key):
            return [await part async for part in self.parts if part not in {"{", "}", "é", "name"}]
    return Inner, default, ..., "ünïcode " * 3, slice(1, 2)
'''
BUSY = """
import asyncio, argparse, email.message, http.client, logging, sys, unittest
for number in range(256): sys.intern(chr(number))
kept = [sys.intern(name) for name in ("chosen", "value", "Inner", "parts", "default")]
"""


def compiled(root, *, python=sys.executable, before="", seed="0"):
    """The bytecode files under a folder, made in a process of their own."""
    run = f"import runpy, sys; sys.argv = ['', {str(root)!r}]; runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    program = f"{before}\n{run}"
    for path in root.rglob("*.pyc"):
        path.unlink()
    environment = {"PYTHONHASHSEED": seed}
    done = subprocess.run([python, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in root.rglob("*.pyc")}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt" / "module.py").write_text(SOURCE)
    return tmp_path


def test_what_is_in_memory_and_the_order_of_hashes_change_nothing(root):
    assert compiled(root, before=BUSY, seed="7") == compiled(root, seed="3")


def test_python_s_own_bytes_would_differ(root):
    """Else there would be no need for this program."""
    own = f"import marshal; print(marshal.dumps(compile({SOURCE!r}, 'x', 'exec')).hex())"
    dumped = [
        subprocess.run([sys.executable, "-c", before + own], capture_output=True, text=True, check=True).stdout
        for before in ("", BUSY)
    ]
    assert dumped[0] != dumped[1]


def test_it_means_the_same_as_what_python_writes(root):
    (data,) = compiled(root).values()
    assert marshal.loads(data[16:]) == compile(SOURCE, "/opt/module.py", "exec", dont_inherit=True)
    assert data[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(data[4:8], "little") == 1, "an unchecked hash"
    assert data[8:16] == importlib.util.source_hash(SOURCE.encode())


def test_modules_of_the_standard_library_mean_the_same(root):
    library = Path(importlib.util.__file__).parents[1]
    sources = [path for folder in ("json", "email", "asyncio", ".") for path in sorted((library / folder).glob("*.py"))]
    for number, source in enumerate(sources[::4]):
        (root / f"module{number}.py").write_bytes(source.read_bytes())
    for name, data in compiled(root).items():
        source = root / f"{name.partition('.')[0]}.py"
        if source.exists():
            assert marshal.loads(data[16:]) == compile(
                source.read_bytes(), f"/{source.name}", "exec", dont_inherit=True
            )


def test_python_imports_it_without_looking_at_the_source(root):
    compiled(root)
    (root / "opt" / "module.py").write_text("raise SystemExit('the source was compiled')")
    command = [sys.executable, "-c", "import module; print(module.chosen(1))"]
    done = subprocess.run(command, cwd=root / "opt", capture_output=True, text=True, check=False)
    assert done.stdout == "         1, 123456789012345678901234567890\n", done.stderr


def test_a_file_that_is_no_python_is_left_out(root):
    (root / "template.py").write_text("{% if x %}")
    assert [name.partition(".")[0] for name in compiled(root)] == ["module"]
