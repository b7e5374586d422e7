"""`deploykit render DIR` without wheels, engine and cluster."""

import hashlib
from pathlib import Path

import pytest

from deploykit.cli.main import run

pytestmark = pytest.mark.usefixtures("isolated")

SECRET = "s3cr3t-t0ken"


def render(folder: str, *arguments: str) -> int:
    return run(["render", folder, "--spark", "4.1.1", "--no-wheels", *arguments])


def hashes(folder: str) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def test_the_context_and_the_values_are_written_and_their_paths_are_the_answer(capsys):
    assert render("out") == 0
    written = capsys.readouterr().out.splitlines()
    assert written[:2] == [str(Path("out/image").resolve()), str(Path("out/values.yaml").resolve())]
    assert all(Path(name).exists() for name in written)
    assert Path("out/image/Dockerfile").read_text().startswith("# Spark 4.1.1 client for Mage 0.9.80, profile connect.")


def test_the_same_request_gives_the_same_bytes_and_an_earlier_folder_is_replaced():
    render("a")
    render("b", "--profile", "slim")
    assert hashes("a") != hashes("b")
    render("b")
    assert hashes("a") == hashes("b")


def test_nothing_but_the_folder_is_left_beside_it():
    render("out")
    assert [path.name for path in Path().iterdir()] == ["out"]


def test_a_folder_with_other_files_is_refused_and_left_alone(capsys):
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work")
    assert render("mine") == 2
    assert "mine holds other files: thesis.txt." in capsys.readouterr().err
    assert hashes("mine").keys() == {"thesis.txt"}


@pytest.mark.parametrize("name", ["values.yaml", "image/Dockerfile", "network-policies.yaml"])
def test_a_persons_own_files_with_the_names_of_ours_are_refused_and_left_alone(name, capsys):
    Path("mine", name).parent.mkdir(parents=True)
    Path("mine", name).write_text("years of work")
    assert render("mine") == 2
    assert "mine holds other files: " in capsys.readouterr().err
    assert hashes("mine").keys() == {name}


def test_values_that_were_changed_since_are_refused_and_left_alone(capsys):
    render("out")
    values = Path("out/values.yaml")
    values.write_text(values.read_text() + "mageai: {resources: {}}\n")
    before = hashes("out")
    assert render("out", "--profile", "slim") == 2
    assert "values.yaml was changed since deploykit wrote it." in capsys.readouterr().err
    assert hashes("out") == before


def test_a_folder_that_is_a_file_is_wrong_usage():
    Path("file").touch()
    assert render("file") == 2


def test_a_plan_that_fits_nothing_writes_nothing():
    assert run(["render", "out", "--spark", "4.3.0", "--no-wheels"]) == 3
    assert list(Path().iterdir()) == []


def test_wheels_that_cannot_be_fetched_leave_nothing_behind(capsys):
    assert run(["render", "out", "--spark", "4.1.1"]) == 4
    assert hashes(".") == {}
    assert "package index could not be asked" in capsys.readouterr().err
