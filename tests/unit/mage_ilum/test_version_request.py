"""The version request, byte by byte as Spark's protobuf definitions have it."""

import pytest

from mage_ilum.connect.version_request import interrupt_request, version_answer, version_request

SESSION = "00112233-4455-6677-8899-aabbccddeeff"


def test_the_request_is_what_protobuf_would_write():
    client = b"mage-ilum-preflight"
    expected = b"\x0a\x24" + SESSION.encode() + b"\x12\x15\x0a\x13" + client + b"\x1a\x13" + client + b"\x52\x00"
    assert version_request(SESSION) == expected


def test_an_interrupt_is_what_protobuf_would_write_also_for_a_long_name():
    client = b"\x1a\x13mage-ilum-preflight"
    head = b"\x0a\x24" + SESSION.encode()
    assert interrupt_request(SESSION, "mage") == head + b"\x12\x06\x0a\x04mage" + client + b"\x20\x01"
    long = head + b"\x12\xcb\x01\x0a\xc8\x01" + b"m" * 200 + client + b"\x20\x01"
    assert interrupt_request(SESSION, "m" * 200) == long


def test_the_version_is_found_among_other_fields():
    message = b"\x0a\x24" + SESSION.encode() + b"\x42\x07\x0a\x054.1.1" + b"\x7a\x24" + SESSION.encode()
    assert version_answer(message) == "4.1.1"


@pytest.mark.parametrize("passed_over", [b"\x08\xac\x02", b"\x09" + bytes(8), b"\x0d" + bytes(4)])
def test_numbers_are_passed_over(passed_over):
    assert version_answer(passed_over + b"\x42\x07\x0a\x053.5.7") == "3.5.7"


@pytest.mark.parametrize(
    "message", [b"", b"\xff", b"\xff" * 40, b"\x42", b"\x42\x00", b"\x42\x02\x0a\x00", b"\x0b\x00"]
)
def test_anything_else_is_no_version(message):
    assert version_answer(message) is None
