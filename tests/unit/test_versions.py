"""Spark versions as they are written."""

import pytest

from deploykit.versions import SparkVersion


@pytest.mark.parametrize(
    ("text", "release", "line", "shown"),
    [
        ("4.1.1", "4.1.1", "4.1", "4.1.1"),
        ("3.5.3-delta", "3.5.3", "3.5", "3.5.3-delta"),
        ("3.5.0.r1", "3.5.0", "3.5", "3.5.0-r1"),
        ("4.0.0+ilum-2", "4.0.0", "4.0", "4.0.0-ilum-2"),
        ("10.20.30", "10.20.30", "10.20", "10.20.30"),
    ],
)
def test_a_version_has_a_release_and_a_line(text, release, line, shown):
    version = SparkVersion.parse(text)
    assert (version.release, version.line, str(version)) == (release, line, shown)


@pytest.mark.parametrize(
    "text", ["", "4", "4.1", "4.1.", "v4.1.1", "4.1.1-", "4.1.1 ", "4.1.1\n", "4.1.1-a b", "4.1.1;x"]
)
def test_what_is_no_version_is_refused(text):
    with pytest.raises(ValueError, match="is not a Spark version"):
        SparkVersion.parse(text)


def test_versions_are_ordered_by_their_numbers_and_not_by_their_text():
    texts = ["4.1.10", "4.1.9", "3.5.7", "4.0.0"]
    assert [str(version) for version in sorted(map(SparkVersion.parse, texts))] == ["3.5.7", "4.0.0", "4.1.9", "4.1.10"]


def test_a_flavour_does_not_change_the_order():
    plain, flavoured = SparkVersion.parse("3.5.3"), SparkVersion.parse("3.5.3-delta")
    assert not plain < flavoured
    assert not flavoured < plain
