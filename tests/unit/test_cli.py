"""The command line's outside: answers that cost nothing, exit codes, and one sentence for each mistake."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import deploykit.cli
from deploykit.cli import COMMANDS

FILES_THAT_ARE_NO_COMMAND = {"__init__", "main", "output"}


def deploykit_command(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploykit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, cwd=cwd)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], [], ["--version"]])
def test_help_and_version_import_no_third_party_module(arguments):
    code = (
        "import json, sys; before = set(sys.modules); sys.argv = ['deploykit', *json.loads(sys.argv[1])]\n"
        "from deploykit.__main__ import main; code = main()\n"
        "site = [name for name in sys.modules.keys() - before if 'site-packages' in "
        "(getattr(sys.modules[name], '__file__', None) or '')]\n"
        "print(json.dumps([code, site]), file=sys.stderr)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments)], capture_output=True, text=True, check=True, timeout=30
    )
    assert json.loads(finished.stderr) == [0, []]


def test_help_names_every_command_and_every_exit_code():
    text = deploykit_command("--help").stdout
    for name, summary in COMMANDS.items():
        assert f"  {name} " in text
        assert summary in text
    for code in (0, 1, 2, 3, 4, 5, 6):
        assert f"{code} " in text.rsplit("Exit codes:", 1)[1]


def test_version_is_that_of_the_distribution():
    assert deploykit_command("--version").stdout == f"deploykit {version('deploykit')}\n"


def test_every_command_has_a_file_and_every_file_is_a_command():
    folder = Path(deploykit.cli.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")} - FILES_THAT_ARE_NO_COMMAND
    assert files >= set(COMMANDS)
    for name in files - set(COMMANDS):
        assert "command" not in vars(__import__(f"deploykit.cli.{name}", fromlist=["command"]))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    finished = deploykit_command(name, "--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"Usage: deploykit {name}")
    assert "--output" in finished.stdout


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["plan", "--nonsense"], ["--nonsense"], ["plan", "--output", "xml"]],
    ids=" ".join,
)
def test_wrong_usage_exits_2_with_one_sentence_and_no_traceback(arguments):
    finished = deploykit_command(*arguments)
    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr.startswith("Error: ")
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--explain", "refused"], ["plan", "--help"]], ids=" ".join)
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_that_has_gone_is_no_bug_of_ours(arguments, buffered):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "deploykit", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": buffered}
    with os.fdopen(writer, "wb") as stdout:
        finished = subprocess.run(
            command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, timeout=30, env=environment
        )
    assert (finished.returncode, finished.stderr) == (141, "")


def test_a_broken_settings_file_is_wrong_usage(tmp_path):
    (tmp_path / "deploykit.toml").write_text("spark = ", encoding="utf-8")
    finished = deploykit_command("plan", cwd=tmp_path)
    assert finished.returncode == 2
    assert "deploykit.toml is not valid TOML" in finished.stderr
