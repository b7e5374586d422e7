"""What the documentation shows and names is there, compiles, and calls the library as it is."""

import ast
import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

import mage_ilum
from deploykit.cli import COMMANDS
from deploykit.cli.main import group

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
IMAGE = REPOSITORY / "images" / "mage"
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
METHODS = sorted((DOCS / "blocks").glob("*.md"))
BLOCKS = IMAGE / "project" / "custom_templates" / "blocks"
TEMPLATES = sorted(BLOCKS.glob("*/*.py"))
PROJECT = sorted((IMAGE / "project").rglob("*.py"))
IN_THE_IMAGE = (3, 10)


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def examples(page: Path, language: str = "python") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def code(page: Path) -> Iterator[str]:
    """The Python of a page's code blocks; of those with a prompt, what was typed."""
    for text in examples(page):
        typed = doctest.DocTestParser().get_examples(text)
        yield "".join(example.source for example in typed) or text


def calls(text: str) -> Iterator[tuple[str, ast.Call | None]]:
    """Each name that a program takes from mage_ilum, and each call of such a name."""
    tree = ast.parse(text, feature_version=IN_THE_IMAGE)
    ours = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "mage_ilum"
        for alias in node.names
    }
    yield from ((name, None) for name in ours.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ours:
            yield ours[node.func.id], node


def programs() -> list[tuple[str, str]]:
    shown = [(f"{name_of(page)}[{index}]", text) for page in PAGES for index, text in enumerate(code(page))]
    return shown + [(name_of(file), file.read_text(encoding="utf-8")) for file in PROJECT if file.stat().st_size]


@pytest.mark.parametrize("text", [pytest.param(text, id=where) for where, text in programs()])
def test_every_program_compiles_and_calls_the_library_as_it_is(text):
    compile(text, "example", "exec")
    for name, call in calls(text):
        assert name in mage_ilum.__all__, f"{name} is not public"
        if call is not None:
            given = {keyword.arg: None for keyword in call.keywords if keyword.arg}
            inspect.signature(getattr(mage_ilum, name)).bind(*[None] * len(call.args), **given)


@pytest.mark.parametrize("page", [page for page in PAGES if any(">>>" in text for text in examples(page))], ids=name_of)
def test_the_examples_that_need_no_server_are_true(page):
    for text in examples(page):
        test = doctest.DocTestParser().get_doctest(text, {}, name_of(page), None, 0)
        assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.parametrize("page", METHODS, ids=name_of)
def test_each_page_of_a_method_has_a_block_to_copy(page):
    assert any("kwargs):" in text for text in examples(page))
    assert f"(blocks/{page.name})" in (DOCS / "blocks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_each_template_is_shown_as_it_is_on_one_page_and_named_in_the_overview(template):
    shown = [page for page in METHODS if template.read_text(encoding="utf-8") in examples(page)]
    assert len(shown) == 1
    title = yaml.safe_load((template.parent / "metadata.yaml").read_text(encoding="utf-8"))["name"]
    [row] = [line for line in (DOCS / "blocks.md").read_text(encoding="utf-8").splitlines() if shown[0].name in line]
    assert f"*{title.removeprefix('Ilum - ')}*" in row


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_are_there(page):
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text(encoding="utf-8")):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_and_module_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:images|charts|src|docs|tests|tools)/[\w./-]+)`", text):
        assert (REPOSITORY / path).exists(), path
    for module in re.findall(r"python3? -m (mage_ilum[\w.]*)", text):
        source = IMAGE / "runtime" / module.replace(".", "/")
        assert source.with_suffix(".py").exists() or (source / "__main__.py").exists(), module
    for name in re.findall(r"`mage_ilum\.(\w+)", text):
        assert name in mage_ilum.__all__, name


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_variable_of_ours_that_a_page_names_is_read_somewhere(page):
    sources = [*(IMAGE / "runtime").rglob("*.py"), *(IMAGE / "project").rglob("*.yaml"), *(IMAGE / "stages").glob("*")]
    read = "".join(file.read_text(encoding="utf-8") for file in sources)
    for name in re.findall(r"`((?:MAGE_)?ILUM_[A-Z_]+)\b", page.read_text(encoding="utf-8")):
        assert name in read, name


def test_the_overview_names_every_example_pipeline():
    overview = (DOCS / "blocks.md").read_text(encoding="utf-8")
    for metadata in (IMAGE / "project" / "pipelines").glob("*/metadata.yaml"):
        assert f"| `{metadata.parent.name}` |" in overview


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=name_of)
def test_every_command_that_a_page_types_is_one_and_has_those_options(page):
    typed = re.findall(r"(?:^ {4}|`)(deploykit (\w+)\b[^`\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    for line, word in typed:
        assert word in COMMANDS, line
        command = group.get_command(click.Context(group), word)
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= known, line


def documents() -> list[tuple[str, object]]:
    return [
        (f"{name_of(page)}[{index}]", yaml.safe_load(text))
        for page in PAGES
        for index, text in enumerate(examples(page, "yaml"))
    ]


@pytest.mark.parametrize("shown", [pytest.param(document, id=where) for where, document in documents()])
def test_every_values_key_that_a_page_shows_is_the_charts(shown):
    values = yaml.safe_load((REPOSITORY / "charts" / "mage-ilum" / "values.yaml").read_text(encoding="utf-8"))
    for section in shown.keys() & values.keys():
        assert shown[section].keys() <= values[section].keys()


def test_troubleshooting_has_each_message_once():
    titles = re.findall(r"^### (.+)$", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(titles) > 30
    assert len(set(titles)) == len(titles)
    assert all("`" in title for title in titles)
