"""The catalogue is whole: whatever the code says, it explains, and docs/codes.md says the same."""

import ast
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from deploykit import errors
from deploykit.check import codes, document
from deploykit.check.model import failed, skipped
from deploykit.cli import COMMANDS, check_view
from deploykit.cli.main import group
from deploykit.deploy.policies import Code, Note
from mage_ilum.connect import problems
from mage_ilum.connect.steps import LAYERS

NOTES = import_module("deploykit.deploy.policies.notes")  # the package has a function of that name
REPOSITORY = Path(__file__).parents[3]
RUNTIME = REPOSITORY / "images" / "mage" / "runtime" / "mage_ilum"
SOURCES = [*sorted((RUNTIME / "connect").glob("*.py")), RUNTIME / "check.py"]
OURS = sorted((REPOSITORY / "src" / "deploykit" / "check").rglob("*.py"))

# Which argument of a call is a code.
POSITIONS = {
    "_bad": 2, "problem": 0, "failed": 0, "skipped": 1, "_skipped": 1, "warned": 1, "denial": 0, "_one": 0,
}  # fmt: skip


def named(path: Path) -> Iterator[str]:
    """The codes that a file writes out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from (word.value.value for word in node.keywords if word.arg == "code" and constant(word.value))
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            given = node.args[POSITIONS[name]] if len(node.args) > POSITIONS.get(name, 99) else None
            if given is not None and constant(given):
                yield given.value


def constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("path", [*SOURCES, *OURS], ids=lambda path: path.stem)
def test_every_code_that_a_source_names_is_in_the_catalogue(path):
    assert set(named(path)) <= codes.load().keys()


@pytest.mark.parametrize("code", [*Code, *(note.code for note in vars(NOTES).values() if isinstance(note, Note))])
def test_what_is_said_of_policies_is_explained(code):
    assert code in codes.load()


@pytest.mark.parametrize("note", [note for note in vars(NOTES).values() if isinstance(note, Note)])
def test_a_note_is_explained_in_its_own_words(note):
    assert codes.load()[note.code].title == note.sentence


@pytest.mark.parametrize("code", [*Code, "policy-unread"])
def test_what_each_finding_says_of_its_own_is_explained_without_names_of_values(code):
    row = codes.load()[code]
    told = check_view.explanation(row)
    assert told.startswith(f"{row.code}: {row.heading}")
    assert not {"ABOUT", "SENTENCE", "FIX"} & set(re.findall(r"\w+", told))


def test_the_search_for_codes_finds_them():
    found = {code for path in SOURCES for code in named(path)}
    assert {"no-address", "no-scheme", "path-prefix", "newer-client", "not-reached", "query-silent"} <= found


@pytest.mark.parametrize("code", problems.PROBLEMS)
def test_every_problem_of_the_image_has_its_step_and_its_long_text(code):
    row = codes.load()[code]
    assert row.exit == 4
    assert row.layer == problems.LAYERS[code] in LAYERS
    assert row.long
    assert row.next


@pytest.mark.parametrize("code", codes.load())
def test_every_row_is_whole(code):
    row = codes.load()[code]
    known = {error.exit_code for error in vars(errors).values() if isinstance(error, type)} | {0, 5}
    assert row.exit in known - {1, 6}
    assert row.title
    assert not row.exit or row.fix({}) or row.next
    assert set(row.one_of) <= codes.load().keys()
    assert len(set(row.causes)) == len(row.causes)


@pytest.mark.parametrize("code", [code for code, row in codes.load().items() if row.next])
def test_every_deploykit_command_that_comes_next_exists(code):
    for line in codes.load()[code].next:
        _, found, rest = f" {line}".partition(" deploykit ")
        if not found:
            continue
        name, *words = shlex.split(rest)
        assert name in COMMANDS, line
        command = group.get_command(click.Context(group), name)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("-")} <= known, line


def test_a_step_has_the_words_of_the_catalogue_and_the_values_of_the_failure():
    step = failed("refused", host="spark", port="15002")
    assert (step.name, step.outcome, step.exit_code) == ("tcp", "failed", 4)
    assert step.sentence == "spark refused the connection to port 15002."
    assert failed("refused").sentence == "HOST refused the connection to port PORT."
    assert skipped("query", "no-pyspark").exit_code == 0


def test_the_page_is_that_of_the_catalogue():
    page = (REPOSITORY / "docs" / "codes.md").read_text(encoding="utf-8")
    assert page == document.page(), "write it anew: python tools/codes.py"
    assert set(re.findall(r"^## `(.+)`$", page, re.MULTILINE)) == codes.load().keys()
