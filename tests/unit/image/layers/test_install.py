"""`stages/install.py` lays out a wheel file by file as pip does."""

import base64
import hashlib
import subprocess
import sys
import sysconfig
import zipfile

import pytest

from deploykit import assets

PROGRAM = assets.image() / "stages" / "install.py"
SITE = sysconfig.get_path("purelib")
FILES = {
    "tool/__init__.py": (b"def main():\n    return 0\n", 0o644),
    "tool/data, with a comma.txt": (b"x\n", 0o644),
    "tool/run.sh": (b"#!/bin/sh\n", 0o755),
    "tool-1.0+local.data/scripts/tool.py": (b"#!python -u\nprint(1)\n", 0o644),
    "tool-1.0+local.data/scripts/binary": (b"\x7fELF", 0o755),
    "tool-1.0+local.data/data/share/tool/settings.ini": (b"[a]\n", 0o644),
    "tool-1.0+local.data/purelib/tool/pure.py": (b"A = 1\n", 0o644),
    "tool-1.0+local.dist-info/METADATA": (b"Metadata-Version: 2.1\nName: tool\nVersion: 1.0+local\n", 0o644),
    "tool-1.0+local.dist-info/WHEEL": (b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n", 0o644),
    "tool-1.0+local.dist-info/entry_points.txt": (
        b"[console_scripts]\ntool-made = tool:main\nTool.Other = tool:main [extra]\n",
        0o644,
    ),
}  # fmt: skip


@pytest.fixture
def wheels(tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    rows = []
    with zipfile.ZipFile(folder / "tool-1.0+local-py3-none-any.whl", "w") as archive:
        for name, (content, mode) in FILES.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            rows.append(f'"{name}",sha256={digest},{len(content)}')
        archive.writestr("tool-1.0+local.dist-info/RECORD", "\n".join([*rows, "tool-1.0+local.dist-info/RECORD,,\n"]))
    return folder


def run(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, umask=0o022)
    assert done.returncode == 0, done.stderr


def tree(root):
    return {
        str(path.relative_to(root)): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in root.rglob("*")
    }


def test_every_file_its_mode_and_content_are_those_of_pip(wheels, tmp_path):
    run(sys.executable, "-S", str(PROGRAM), str(tmp_path / "ours"), SITE, sys.executable, str(wheels))
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile",
        "--ignore-installed", "--disable-pip-version-check", "--root-user-action=ignore", "--find-links", str(wheels),
        "--root", str(tmp_path / "pip"), "tool==1.0+local",
    )  # fmt: skip
    ours, theirs = tree(tmp_path / "ours"), tree(tmp_path / "pip")
    assert ours.keys() == theirs.keys()
    assert {path: (ours[path], theirs[path]) for path in ours if ours[path] != theirs[path]} == {}


def test_a_wheel_that_reaches_outside_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad-1-py3-none-any.whl", "w") as archive:
        archive.writestr("bad-1.dist-info/METADATA", "")
        archive.writestr("../../../../../../../../etc/passwd", "x")
    command = [sys.executable, "-S", str(PROGRAM), str(tmp_path / "layer"), SITE, sys.executable, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "outside" in done.stderr
    assert not (tmp_path / "etc").exists()
