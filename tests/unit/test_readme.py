"""What README.md tells people to type exists, and its tables say what the code says."""

import re
import shlex
from pathlib import Path

import click
import pytest

from deploykit import errors
from deploykit.cli import COMMANDS
from deploykit.cli.main import group
from deploykit.request import Profile

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def typed_commands() -> list[list[str]]:
    """Each `deploykit …` of the code blocks and of the text, as words."""
    pieces = re.findall(r"(?<![\w/.-])deploykit [a-z][^\n`)|]*", README)
    return [shlex.split(piece, comments=True) for piece in pieces if piece.split()[1] in COMMANDS]


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables under a heading, without their header lines."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line] for line in lines if set(line[0].strip()) != {"-"}]


def command(name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def test_the_readme_shows_the_main_job():
    assert {words[1] for words in typed_commands()} >= {"detect", "plan", "image", "values", "render"}


@pytest.mark.parametrize("words", typed_commands(), ids=" ".join)
def test_every_option_that_the_readme_types_exists(words):
    known = {name for option in command(words[1]).params for name in (*option.opts, *option.secondary_opts)}
    for word in words[2:]:
        if word.startswith("-"):
            assert word.split("=")[0] in known


def test_every_option_of_the_network_table_exists():
    known = {name for option in command("image").params for name in option.opts}
    named = set(re.findall(r"(--[a-z-]+)", " ".join(cell for row in rows("In a company network") for cell in row)))
    assert named
    assert named <= known


def test_the_table_of_commands_is_complete():
    assert [re.match(r"`deploykit (\w+)", row[0])[1] for row in rows("Commands") if "deploykit " in row[0]] == list(
        COMMANDS
    )


def test_the_table_of_exit_codes_is_that_of_the_errors():
    documented = {int(row[0]) for row in rows("Commands") if row[0].isdigit()}
    raised = {
        error.exit_code for error in vars(errors).values() if isinstance(error, type) and issubclass(error, Exception)
    }
    assert raised <= documented


def test_the_table_of_profiles_is_complete():
    assert {row[0].split("`")[1] for row in rows("Profiles") if "--profile" not in row[0]} == set(Profile)


def test_every_make_target_that_a_page_names_exists():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)) <= targets, page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists()
