"""What is ours in an image is named by its content: another file is another deploykit."""

from deploykit.image import source_hashes


def test_every_file_of_ours_is_hashed_and_nothing_that_running_left_behind():
    found = source_hashes.hashes()
    assert {name.partition("/")[0] for name in found} == set(source_hashes.NAMES)
    assert list(found) == sorted(found)
    assert not [name for name in found if "__pycache__" in name]


def test_a_program_is_another_file_than_a_text(tmp_path):
    text, program = tmp_path / "a", tmp_path / "b"
    for file in (text, program):
        file.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    assert [source_hashes.is_executable(path) for path in source_hashes.published(tmp_path)] == [False, True]


def test_a_changed_file_changes_the_label():
    found = source_hashes.hashes()
    assert source_hashes.label(found) == source_hashes.label(dict(found))
    assert source_hashes.label({**found, "Dockerfile.j2": "0-0"}) != source_hashes.label(found)
