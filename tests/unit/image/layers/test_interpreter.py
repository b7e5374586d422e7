"""Which Python compiles for a base."""

import os
import platform
import stat
import sys
from types import SimpleNamespace

import pytest

from deploykit.image.layers import interpreter

HERE = platform.python_version()
MINOR = HERE.rpartition(".")[0]

pytestmark = pytest.mark.usefixtures("isolated")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A factory of programs; the search path holds those alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(stat.S_IRWXU)
        return str(folder / name)

    return make


def test_the_one_of_the_very_release_is_taken():
    assert interpreter.find(HERE, fetch=False) == interpreter.Interpreter(path=sys.executable, version=HERE)


def test_one_of_the_same_minor_version_is_taken_where_there_is_no_other():
    found = interpreter.find(f"{MINOR}.999", fetch=False)
    assert found is not None
    assert found.version.rpartition(".")[0] == MINOR


def test_a_program_on_the_path_that_only_looks_like_it_is_none(program):
    program("python3.2", "echo 'pyenv: python3.2: command not found' >&2; exit 127")
    assert interpreter.find("3.2.1", fetch=False) is None


def test_another_implementation_is_none(program):
    program("python3.2", "echo PyPy 3.2.1")
    assert interpreter.find("3.2.1", fetch=False) is None


def test_the_one_that_a_setting_names_comes_first(program, monkeypatch):
    monkeypatch.setenv(interpreter.SETTING, program("mine", "echo CPython 3.2.1"))
    program("python3.2", "echo CPython 3.2.1")
    assert interpreter.find("3.2.1", fetch=False).path == os.environ[interpreter.SETTING]


def test_a_program_that_answers_in_no_utf_8_is_none(program):
    program("python3.2", r"printf '\377\n'")
    assert interpreter.find("3.2.1", fetch=False) is None


@pytest.fixture
def brought():
    """A factory: this Python in a folder, as `uv` brings it there."""

    def bring(folder):
        name = f"cpython-{HERE}-{sys.platform}-{platform.machine()}-gnu"
        program = folder / name / "bin" / f"python{MINOR}"
        program.parent.mkdir(parents=True)
        program.symlink_to(os.path.realpath(sys.executable))
        return interpreter.Interpreter(path=str(program), version=HERE)

    return bring


def test_one_that_uv_has_brought_is_found(brought, tmp_path):
    settings = {"UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons")}
    there = brought(tmp_path / "pythons")
    assert interpreter._managed(HERE, settings=settings) == there
    assert interpreter._managed("3.2", settings=settings) is None


def test_one_that_was_brought_for_an_earlier_image_is_known_to_who_brings_none(
    brought, program, isolated, tmp_path, monkeypatch
):
    monkeypatch.setattr(sys, "implementation", SimpleNamespace(**{**vars(sys.implementation), "name": "another"}))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    assert interpreter.find(HERE, fetch=False) is None
    there = brought(isolated / "pythons")
    assert interpreter.find(HERE, fetch=False) == there
