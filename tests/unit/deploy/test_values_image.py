"""`mageai.image` of a values file: what it says is read, and what is written there touches nothing else."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploykit.deploy import values, values_file
from deploykit.deploy.values import Deployment
from deploykit.deploy.values_image import image, read, with_image
from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference

FILE = Path("values.yaml")
NEW = ImageReference("registry.example:5000/team/mage", "0.9.80-spark4.1.1-slim-0a1b2c3d", "sha256:" + "a" * 64)
NAMES = {"repository": NEW.repository, "tag": NEW.tag, "digest": NEW.digest}


def changed(text: str) -> str:
    """The text with the image in it, which is read back, and which a second time stays as it is."""
    after = with_image(text, NEW, where=FILE)
    assert image(after, where=FILE) == NEW
    assert with_image(after, NEW, where=FILE) == after
    return after


def test_a_file_that_is_not_there_becomes_an_overlay_with_the_image_alone():
    text = with_image(None, NEW, where=FILE)
    assert yaml.safe_load(text) == {"mageai": {"image": NAMES}}
    assert text.startswith("# ")
    assert changed(text) == text


def test_only_the_three_texts_change_and_quotes_comments_and_order_are_kept():
    before = (
        "# ours\n"
        "mageai:   # Mage\n"
        "    image:\n"
        "        pullPolicy: Always\n"
        "        digest: 'sha256:00'   # CI writes this\n"
        '        tag: "1.0"\n'
        "        repository: old/mage # where\n"
        "    resources: {limits: {cpu: 2}}\n"
        "\n\n"
        "list:\n"
        "- a   # first\n"
    )
    assert changed(before) == (
        before.replace("'sha256:00'", f"'{NEW.digest}'")
        .replace('"1.0"', f'"{NEW.tag}"')
        .replace("old/mage", NEW.repository)
    )


BELOW = f"repository: {NEW.repository}\n{{0}}tag: {NEW.tag}\n{{0}}digest: {NEW.digest}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "mageai:\n  image:\n    " + BELOW.format("    ")),
        ("# nothing yet\n", "# nothing yet\nmageai:\n  image:\n    " + BELOW.format("    ")),
        ("a: 1\n", "a: 1\nmageai:\n  image:\n    " + BELOW.format("    ")),
        ("a: 1", "a: 1\nmageai:\n  image:\n    " + BELOW.format("    ").rstrip("\n")),
        ("a:\n    b: 1\n", "a:\n    b: 1\nmageai:\n    image:\n        " + BELOW.format("        ")),
        ("---\na: 1\n...\n", "---\na: 1\nmageai:\n  image:\n    " + BELOW.format("    ") + "...\n"),
        ("mageai:\nb: 1\n", "mageai:\n  image:\n    " + BELOW.format("    ") + "b: 1\n"),
        ("mageai: {}\n", "mageai: {image: {" + ", ".join(f"{key}: {text}" for key, text in NAMES.items()) + "}}\n"),
        ("mageai:\n  image: {}\n", "mageai:\n  image: {" + ", ".join(f"{k}: {v}" for k, v in NAMES.items()) + "}\n"),
        ("mageai:\n  image: # ours\n  b: 1\n", "mageai:\n  image: # ours\n    " + BELOW.format("    ") + "  b: 1\n"),
        ("mageai:\n  image: ~ # x\n", "mageai:\n  image:  # x\n    " + BELOW.format("    ")),
        ("mageai: # x\n  # y\n  b: 1\n", "mageai: # x\n  image:\n    " + BELOW.format("    ") + "  # y\n  b: 1\n"),
        (
            "mageai:\n  image:\n    repository: a # x\n    pullPolicy: Always\n",
            f"mageai:\n  image:\n    repository: {NEW.repository} # x\n    tag: {NEW.tag}\n    digest: {NEW.digest}\n"
            "    pullPolicy: Always\n",
        ),
        ("mageai: {image: {tag: x}} # y\n", f"mageai: {{image: {{tag: {NEW.tag}, repository: {NEW.repository}, "
         f"digest: {NEW.digest}}}}} # y\n"),
        ("mageai:\n  image:\n    tag:\n", f"mageai:\n  image:\n    tag: {NEW.tag}\n    repository: {NEW.repository}\n"
         f"    digest: {NEW.digest}\n"),
        ("a: &x {tag: 1}\nmageai:\n  image:\n    <<: *x\n    repository: a\n    tag: b\n    digest: c\n",
         "a: &x {tag: 1}\nmageai:\n  image:\n    <<: *x\n    " + BELOW.format("    ")),
    ],
)  # fmt: skip
def test_what_is_missing_is_put_where_it_belongs(before, after):
    assert changed(before) == after


def test_json_stays_json():
    assert yaml.safe_load(changed('{"mageai": {"image": {"tag": "x"}}, "b": 1}')) == {
        "mageai": {"image": NAMES},
        "b": 1,
    }
    assert '"digest": "sha256:' in changed('{"mageai": {"image": {"tag": "x"}}, "b": 1}')


def test_windows_line_ends_and_a_byte_order_mark_are_kept():
    before = "\ufeffmageai:\r\n  image:\r\n    tag: 1\r\n# end\r\n"
    after = changed(before)
    assert after.replace("\r\n", "").count("\n") == 0
    assert after.startswith("\ufeffmageai:\r\n")


def test_a_tag_that_would_be_a_number_is_quoted():
    after = with_image("mageai:\n  image:\n    tag: x\n", ImageReference("mage", "1.10", NEW.digest), where=FILE)
    assert yaml.safe_load(after)["mageai"]["image"]["tag"] == "1.10"


@pytest.mark.parametrize(
    "text",
    [
        "mageai:\n  image: registry.example/mage:1\n",
        "mageai: [1]\n",
        "- a\n",
        "mageai:\n  image: &x\n    tag: a\nother: *x\n",
        "x: &x\n  tag: a\nmageai:\n  image: *x\n",
        "x: &x\n  tag: a\nmageai:\n  image:\n    <<: *x\n",
        "mageai:\n  image:\n    tag: &t a\nother: *t\n",
        "mageai:\n  image:\n    tag: !!str a\n",
        "mageai:\n  image:\n    tag: |\n      a\n",
        "mageai: {image: }\n",
        "mageai:\n  image:\n    tag: a\n    tag: b\n",
        "mageai:\n  image:\n    tag: a\nmageai: {}\n",
        "? mageai\n:   image:\n      - a\n",
    ],
)
def test_what_cannot_be_changed_alone_is_refused_with_a_way_out(text):
    with pytest.raises(UsageError, match=r"mageai\.image of values\.yaml cannot be changed") as refused:
        with_image(text, NEW, where=FILE)
    assert refused.value.why
    assert "--values" in refused.value.fix


@pytest.mark.parametrize("text", ["a: b: c\n", "mageai:\n\timage: x\n", "a: 1\n---\nb: 2\n", "{{ .Values.x }}: [\n"])
def test_what_is_no_single_yaml_document_is_refused(text):
    with pytest.raises(UsageError, match=r"values\.yaml is not a YAML file"):
        image(text, where=FILE)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "values.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        read(tmp_path / "values.yaml")
    assert read(tmp_path / "nothing.yaml") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("mageai: 1\n", None),
        ("mageai:\n  image: {pullPolicy: Always}\n", None),
        ("mageai:\n  image: {tag: ~, digest: null}\n", None),
        ("mageai:\n  image: {tag: 1.10}\n", ImageReference("", "1.10", "")),
        ("mageai:\n  image: {repository: a, digest: 'sha256:00'}\n", ImageReference("a", "", "")),
    ],
)
def test_the_image_is_read_as_it_is_written(text, found):
    assert image(text, where=FILE) == found


def test_a_file_of_deploykit_values_keeps_all_it_holds_and_is_sealed_again(tmp_path):
    """So that `deploykit values` may still write it again."""
    old = ImageReference("registry.example/mage", "old", "sha256:" + "0" * 64)
    text = values.to_yaml(Deployment(image=old, host="spark.ilum.svc"))
    after = changed(text)
    assert after == values.to_yaml(Deployment(image=NEW, host="spark.ilum.svc"))
    (tmp_path / "values.yaml").write_text(after, encoding="utf-8")
    values_file.refuse_foreign(tmp_path / "values.yaml", values.SIGNATURE)


def test_a_file_that_a_person_changed_after_deploykit_wrote_it_gets_no_new_seal(tmp_path):
    old = ImageReference("registry.example/mage", "old", "sha256:" + "0" * 64)
    text = values.to_yaml(Deployment(image=old, host="spark.ilum.svc")) + "mine: 1\n"
    (tmp_path / "values.yaml").write_text(changed(text), encoding="utf-8")
    with pytest.raises(UsageError, match="was changed since deploykit wrote it"):
        values_file.refuse_foreign(tmp_path / "values.yaml", values.SIGNATURE)


@pytest.mark.parametrize("seed", range(60))
def test_in_any_file_nothing_but_the_image_changes(seed):
    """Files as people write them; what is refused stays as it is, and what is not keeps every line that is not ours."""
    text = "".join(_file(random.Random(seed)))
    before = yaml.safe_load(text) or {}
    after = changed(text)
    now = yaml.safe_load(after)
    assert now["mageai"]["image"] | NAMES == now["mageai"]["image"]
    assert _without(now) == _without(before)
    kept = iter(after.splitlines(keepends=True))
    for line in text.splitlines(keepends=True):
        if "#ours" not in line and "{" not in line:
            assert line.rstrip("\r\n") in (other.rstrip("\r\n") for other in kept), line


def _without(document: dict[str, object]) -> object:
    mageai = dict(document.get("mageai") or {})
    found = {key: value for key, value in (mageai.pop("image", None) or {}).items() if key not in NAMES}
    rest = {key: value for key, value in document.items() if key != "mageai"}
    return rest, mageai, found


def _file(chance: random.Random) -> Iterator[str]:
    """Lines of a values file; those that hold one of the three keys are marked `#ours`."""
    end = chance.choice(["\n", "\n", "\r\n"])
    step = chance.choice([2, 2, 3, 4])
    sections = [*_other(chance, step), _mageai(chance, step), *_other(chance, step)]
    if chance.random() < 0.3:
        yield f"---{end}"
    for section in sections:
        for line in section:
            yield line + end
            if chance.random() < 0.1 and (line == section[-1] or "mageai:" in section[0]):
                yield chance.choice(["", "# a comment: [with, what] {could} be: YAML", "    # deep"]) + end


def _other(chance: random.Random, step: int) -> list[list[str]]:
    pieces = [
        ["a: 1  # one", f"b:{chance.choice([' ', '    '])}'two'"],
        ["text: |", " " * step + "mageai:", " " * step + "  image: not this"],
        ["list:", "- x: 1", "  y: [1, 2]", "-   z"],
        ["long: >-", f"{' ' * step}{'word ' * 40}"],
        ["anchor: &x", f"{' ' * step}k: v", "alias: *x"],
    ]
    chosen = chance.sample(pieces, chance.randrange(3))
    number = chance.randrange(10**6)
    return [
        [line if line[0] in " -" else f"k{number}{line}" for line in piece]
        for piece in chosen
        if piece[0] != "anchor: &x"
    ]


def _mageai(chance: random.Random, step: int) -> list[str]:
    if chance.random() < 0.15:
        return []
    deep, deeper = " " * step, " " * 2 * step
    image = [
        f"{deeper}{key}:{' ' * chance.choice([1, 1, 5])}{text}{chance.choice([' #ours', '   # why #ours'])}"
        for key, text in (
            ("repository", chance.choice(["old", "'old/mage'", '"o:5000/x"'])),
            ("tag", chance.choice(["1.0", "'1'", "latest"])),
            ("digest", chance.choice(['""', "sha256:00"])),
        )
        if chance.random() < 0.7
    ]
    others = [f"{deeper}pullPolicy: Always  # keep", f"{deeper}pullSecrets:", f"{deeper}- name: x"]
    body = [*image, *others] if chance.random() < 0.5 else [*others, *image]
    head = chance.choice([f"{deep}image:", f"{deep}image:   # set by CI"])
    rest = [f"{deep}replicas: 1 # keep", f"{deep}resources:", f"{deeper}limits: [1]"]
    if chance.random() < 0.2:
        return [chance.choice(["mageai:", "mageai: # Mage"]), *rest]
    return ["mageai:", *rest, head, *body] if chance.random() < 0.5 else ["mageai:", head, *body, *rest]


@pytest.mark.parametrize("digest", ["latest", "sha256:abc", "../tags/list", "A" * 64])
def test_what_is_no_digest_names_no_image_exactly(digest):
    text = f"mageai:\n  image:\n    repository: registry.example/mage\n    tag: '1'\n    digest: {digest}\n"
    assert image(text, where=FILE) == ImageReference("registry.example/mage", "1")
    changed(text)


@pytest.mark.parametrize("text", ["a: &x [*x]\n", "[" * 3000 + "]" * 3000 + "\n"], ids=["holds itself", "too deep"])
def test_what_no_parser_gets_to_the_end_of_is_refused(text):
    with pytest.raises(UsageError):
        with_image(text, NEW, where=FILE)


def test_a_flow_whose_first_key_is_a_list_takes_the_image_too():
    assert changed("{[a]: 1}\n").startswith("{[a]: 1, mageai:")
