"""`make` hands its variables on as data; whatever a person or a CI job puts into them, none of it runs."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.needs import missing

from deploykit.cli import image, plan, render

REPOSITORY = Path(__file__).parents[2]

# A `deploykit` that says what it was given.
RECORDER = """#!{python}
import json, os, sys
given = {{name: value for name, value in os.environ.items() if name.startswith("DEPLOYKIT_")}}
print(json.dumps([sys.argv[1:], given]))
"""


@pytest.fixture
def checkout(tmp_path):
    """The Makefile beside a set-up that is ready, with the recorder as `deploykit`."""
    if shutil.which("make") is None:
        missing("make", "install GNU Make")
    folder = tmp_path / "with a space"
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    shutil.copy(REPOSITORY / "Makefile", folder)
    recorder = binaries / "deploykit"
    recorder.write_text(RECORDER.format(python=sys.executable), encoding="utf-8")
    recorder.chmod(0o755)
    for name in (".ready", ".helm"):
        (folder / ".venv" / name).touch()
    return folder


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # `-o`: as if what the set-up depends on were old.
    ready = ["--old-file", ".venv/.ready", "--old-file", ".venv/.helm"]
    return subprocess.run(
        ["make", *ready, *arguments],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def given(folder: Path, *arguments: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    """The arguments and the `DEPLOYKIT_…` variables that deploykit gets."""
    finished = make(folder, *arguments, **environment)
    assert finished.returncode == 0, finished.stderr
    called, variables = json.loads(finished.stdout)
    return called, variables


@pytest.mark.parametrize(
    "value",
    [
        "4.1.1; touch run",
        "$(touch run)",
        "`touch run`",
        "$(shell touch run)",
        "${shell touch run}",
        "$(eval X := $(shell touch run))",
        "4.1.1\n\ttouch run",
        '\'"$$HOME" | touch run & #',
        "$(info x)),$(shell touch run)",
    ],
)
@pytest.mark.parametrize("target", ["image", "plan", "render"])
def test_a_variable_is_data_and_never_code(checkout, target, value):
    called, variables = given(checkout, target, f"SPARK={value}")
    assert called[0] == target
    assert variables == {"DEPLOYKIT_SPARK": value}
    assert not (checkout / "run").exists()


def variables_of_make() -> list[str]:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    listed = re.search(r"^VARIABLES := (.*)$", makefile, re.MULTILINE)
    assert listed is not None
    return listed[1].split()


def test_every_variable_arrives_under_its_own_name(checkout):
    names = variables_of_make()
    _, variables = given(checkout, "image", *(f"{name}=value of {name}" for name in names))
    assert variables == {f"DEPLOYKIT_{name}": f"value of {name}" for name in names}


def test_what_was_not_typed_is_not_set(checkout):
    _, variables = given(checkout, "image", "SPARK=4.1.1")
    assert variables == {"DEPLOYKIT_SPARK": "4.1.1"}


def test_a_like_named_variable_of_the_environment_is_not_taken(checkout):
    _, variables = given(checkout, "image", "SPARK=4.1.1", PROFILE="work", SERVER="build-7")
    assert variables == {"DEPLOYKIT_SPARK": "4.1.1"}


def test_deploykits_own_variables_pass_through(checkout):
    _, variables = given(checkout, "image", "MAGE=0.9.80", DEPLOYKIT_SPARK="$(shell touch run)")
    assert variables == {"DEPLOYKIT_SPARK": "$(shell touch run)", "DEPLOYKIT_MAGE": "0.9.80"}
    assert not (checkout / "run").exists()


def test_make_alone_lists_every_target(checkout):
    finished = make(checkout)
    assert finished.returncode == 0
    for target in ("demo", "test", "image", "plan", "render", "bench", "lint", "lock"):
        assert f"make {target} " in finished.stdout


def test_a_python_that_is_too_old_is_said_in_one_sentence(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2' && exit\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    finished = subprocess.run(
        [REPOSITORY / "tools" / "setup.sh"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert finished.returncode == 1
    assert finished.stderr == (
        f"deploykit needs Python 3.11 or newer; {old} is Python 3.9.2. "
        "Install one, or name one: make PYTHON=python3.12\n"
    )


def test_its_variables_are_those_that_the_commands_read():
    read = {option.envvar for command in (image, plan, render) for option in command.command.params if option.envvar}
    assert {f"DEPLOYKIT_{name}" for name in variables_of_make()} == read


@pytest.mark.parametrize("name", ["ENGIN", "spark", "DEPLOYKIT_SPARK"])
def test_any_other_variable_is_refused_by_name_and_not_expanded(checkout, name):
    finished = make(checkout, "image", "SPARK=4.1.1", f"{name}=$(shell touch run)")
    assert finished.returncode == 2
    assert f"{name}: no such variable." in finished.stderr
    assert finished.stdout == ""
    assert not (checkout / "run").exists()


def test_the_set_up_needs_nothing_but_the_standard_library():
    """Else it breaks on a fresh machine, and nowhere else: `-S` and `-I` leave all that is installed out."""
    finished = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SETUP_ONLY, str(REPOSITORY / "tools")],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "SSL_CERT_FILE": str(REPOSITORY / "LICENSE")},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert finished.returncode == 0, finished.stderr


SETUP_ONLY = (
    "import sys; sys.path.insert(0, sys.argv[1]); import setup; "
    "setup.index_settings.environment(None); setup.locked('uv')"
)
