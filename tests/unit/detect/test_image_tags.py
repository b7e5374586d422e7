"""Spark versions in image references."""

from pathlib import Path

import pytest

from deploykit.detect.image_tags import read, spark_version

LINES = (Path(__file__).parent / "image_tags.txt").read_text(encoding="utf-8").splitlines()
CASES = [tuple(line.split()) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(("reference", "expected"), CASES, ids=[reference for reference, _ in CASES])
def test_a_tag_is_read_as_a_person_would_and_never_guessed(reference, expected):
    reading = read(reference)
    said = str(reading.version) if reading.version else "|".join(reading.several) or "-"
    assert said == expected
    assert spark_version(reference) == reading.version


def test_the_tags_are_many_and_each_stands_there_once():
    references = [reference for reference, _ in CASES]
    assert len(references) >= 60
    assert len(references) == len(set(references))


@pytest.mark.parametrize(
    "reference", ["", ":", "@", "/", "a:b:c", "spark:" + "3.5.1-" * 2000, "spark:" + "a-" * 5000 + "3.5.1"]
)
def test_no_text_is_too_strange_or_too_long(reference):
    read(reference)
