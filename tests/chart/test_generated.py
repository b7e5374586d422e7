"""`values.yaml` is the one source of the chart's schema and of the page that lists its values."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.needs import REPOSITORY

VALUES = "charts/mage-ilum/values.yaml"
SCHEMA = "charts/mage-ilum/values.schema.json"
PAGE = "docs/values.md"
ANNOTATIONS = {"$schema", "$comment", "$defs", "title", "description"}


def generate(*arguments, root=REPOSITORY):
    command = [sys.executable, root / "tools" / "chart" / "chart.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def checkout(tmp_path):
    """A copy of the generator and of what it writes; its values may be changed."""
    for name in (VALUES, SCHEMA, PAGE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    shutil.copytree(REPOSITORY / "tools" / "chart", tmp_path / "tools" / "chart")
    return tmp_path


def append(checkout, text):
    values = checkout / VALUES
    values.write_text(values.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_schema_and_page_are_those_of_the_values():
    checked = generate("--check")
    assert checked.returncode == 0, checked.stderr


def test_a_changed_default_or_comment_is_noticed_and_written(checkout):
    append(checkout, "\n# What it is for.\n# @ {pattern: '^a'}\nadded: abc\n")
    checked = generate("--check", root=checkout)
    assert checked.returncode == 1
    assert checked.stderr == f"{SCHEMA} is stale: run `make chart`.\n{PAGE} is stale: run `make chart`.\n"

    assert generate(root=checkout).returncode == 0
    assert generate("--check", root=checkout).returncode == 0
    schema = json.loads((checkout / SCHEMA).read_text(encoding="utf-8"))
    assert schema["properties"]["added"] == {"description": "What it is for.", "type": "string", "pattern": "^a"}
    assert "| `added` | `abc` | What it is for. |" in (checkout / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("# @ {minimum: 1}\n\nadded: 1\n", "this hint is above no key of a section"),
        ("  # @ {minimum: 1}\nadded: 1\n", "this hint is above no key of a section"),
        ("# @ {$ref: labels}\nadded:\n  # @ {minimum: 1}\n  inside: 1\n", "this hint is above no key of a section"),
        ("# @ {minimum: 1\nadded: 1\n", "this hint is no YAML: {minimum: 1"),
        ("# @ minimum\nadded: 1\n", "this hint is no mapping: minimum"),
        ("# @ {$ref: nothing}\nadded: 1\n", "there is no definition `nothing`"),
        ("added: null\n", "the default of added shows no type: a hint has to say it"),
        ("# @extra more: {type: string}\nadded: 1\n", "added is no section, so it has no `@extra` keys"),
    ],
    ids=["above-nothing", "indented", "inside-a-value", "no-yaml", "no-mapping", "unknown", "null", "extra"],
)
def test_a_hint_that_says_nothing_is_refused_with_its_line(checkout, text, why):
    before = (checkout / VALUES).read_text(encoding="utf-8").count("\n")
    append(checkout, text)
    written = generate(root=checkout)
    assert written.returncode == 1
    found = re.fullmatch(r"Nothing was written\. values\.yaml:(\d+): (.*)\n", written.stderr)
    assert found is not None, written.stderr
    assert found[2] == why
    assert int(found[1]) > before
    assert (checkout / SCHEMA).read_bytes() == (REPOSITORY / SCHEMA).read_bytes()


def test_a_definition_that_nothing_refers_to_is_refused(checkout):
    definitions = checkout / "tools" / "chart" / "definitions.yaml"
    definitions.write_text(definitions.read_text(encoding="utf-8") + "\nleft: {type: string}\n", encoding="utf-8")
    assert "no hint refers to the definition `left`" in generate(root=checkout).stderr


def schemas(schema):
    """A schema and those inside it."""
    yield schema
    inside = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("allOf", ())]
    inside += [schema[name] for name in ("items", "additionalProperties") if isinstance(schema.get(name), dict)]
    for each in inside:
        yield from schemas(each)


def test_the_schema_has_no_misspelt_keyword():
    """An unknown one is no error of JSON Schema, and checks nothing."""
    schema = json.loads((REPOSITORY / SCHEMA).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    keywords = {keyword for each in schemas(schema) for keyword in each}
    assert keywords <= Draft202012Validator.VALIDATORS.keys() | ANNOTATIONS


def test_the_defaults_fit_the_schema():
    values = yaml.safe_load((REPOSITORY / VALUES).read_text(encoding="utf-8"))
    Draft202012Validator(json.loads((REPOSITORY / SCHEMA).read_text(encoding="utf-8"))).validate(values)


def test_the_page_has_a_row_for_every_key_that_helm_accepts():
    def leaves(schema, path=()):
        if "properties" not in schema:
            yield ".".join(path)
        for name, inside in schema.get("properties", {}).items():
            yield from leaves(inside, (*path, name))

    accepted = set(leaves(json.loads((REPOSITORY / SCHEMA).read_text(encoding="utf-8"))))
    rows = re.findall(r"^\| `([\w.]+)` \|", (REPOSITORY / PAGE).read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert accepted <= set(rows)
