"""Image references: exact ones are read, vague ones are refused."""

import pytest

from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mage:1.0", ImageReference("mage", "1.0")),
        ("mage:1", ImageReference("mage", "1")),
        ("127.0.0.1:5000/mage-ilum:0.9.80-spark4.1.1", ImageReference("127.0.0.1:5000/mage-ilum", "0.9.80-spark4.1.1")),
        (f"registry.example/team/mage@{DIGEST}", ImageReference("registry.example/team/mage", "", DIGEST)),
        (f"registry.example:443/mage:t@{DIGEST}", ImageReference("registry.example:443/mage", "t", DIGEST)),
        (f"mage:latest@{DIGEST}", ImageReference("mage", "latest", DIGEST)),
    ],
)
def test_a_reference_is_split_into_repository_tag_and_digest(text, expected):
    assert ImageReference.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "parts", "version"),
    [
        ("mage", ("mage", "", ""), "latest"),
        ("registry.example:5000/a/b", ("registry.example:5000/a/b", "", ""), "latest"),
        ("registry.example:5000/a/b:1", ("registry.example:5000/a/b", "1", ""), "1"),
        ("registry.example:5000/a/b:1@sha256:00", ("registry.example:5000/a/b", "1", "sha256:00"), "sha256:00"),
        ("registry.example:5000/a/b@sha256:00", ("registry.example:5000/a/b", "", "sha256:00"), "sha256:00"),
    ],
)
def test_any_text_has_parts(text, parts, version):
    found = ImageReference.split(text)
    assert (found, found.version) == (ImageReference(*parts), version)
    assert str(found) == text


@pytest.mark.parametrize("text", ["mage", "mage:latest", "registry.example:5000/mage"])
def test_a_reference_that_may_mean_another_image_tomorrow_is_refused(text):
    with pytest.raises(UsageError, match="which image exactly"):
        ImageReference.parse(text)


def test_the_id_of_an_image_that_was_not_pushed_is_refused_with_what_pushes_it():
    with pytest.raises(UsageError, match="not pushed yet") as raised:
        ImageReference.parse(DIGEST)
    assert "deploykit image --push" in raised.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":tag",
        "mage:tag\n",
        "mage:a b",
        "mage@sha256:12",
        "MAGE/x:1",
        "mage:{{ x }}",
        "mage:1@",
        "mage-:1",
        "a//b:1",
        "r.example/a:5/b",
    ],
)
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(UsageError, match="not an image reference"):
        ImageReference.parse(text)
