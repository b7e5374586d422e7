"""Thrift's binary protocol: what is written is read back, and what is no Thrift is refused."""

import io
import struct

import pytest

from mage_ilum.hive import thrift
from mage_ilum.hive.columns import Column, rows_of

REPLY = 0x80010002


def reply_with(*fields: bytes, kind: int = REPLY) -> io.BytesIO:
    return io.BytesIO(struct.pack(">I", kind) + thrift.text("M")[1] + bytes(4) + b"".join(fields) + b"\0")


def field(number: int, value: thrift.Typed) -> bytes:
    return struct.pack(">bh", value[0], number) + value[1]


def test_what_is_written_is_read_back():
    inner = thrift.struct(
        {
            1: thrift.i32(-1),
            2: thrift.i64(1 << 40),
            3: thrift.i16(7),
            4: thrift.text("ü"),
            5: thrift.flag(True),
            6: thrift.texts({"a": "b"}),
            7: thrift.struct({}),
        }
    )
    assert thrift.reply(reply_with(field(0, inner))) == {
        1: -1, 2: 1 << 40, 3: 7, 4: "ü".encode(), 5: True, 6: [b"a", b"b"], 7: {},
    }  # fmt: skip


def test_an_exception_of_the_server_is_told_apart():
    with pytest.raises(thrift.RefusedError, match="Invalid method name"):
        thrift.reply(reply_with(field(1, thrift.text("Invalid method name: 'Ping'")), kind=REPLY + 1))


@pytest.mark.parametrize("junk", [b"HTTP/1.1 400 Bad", struct.pack(">I", REPLY) + b"\x7f\xff\xff\xff" + bytes(20)])
def test_what_is_no_thrift_is_refused(junk):
    with pytest.raises(thrift.ThriftError):
        thrift.reply(io.BytesIO(junk))


def test_columns_become_rows_and_their_bitmaps_become_none():
    numbers = {4: {1: [1, 2, 3], 2: b"\x02"}}
    texts = {7: {1: [b"2026-01-01 00:00:00.5", b"", b"2026-01-01 00:00:00"], 2: b"\x02"}}
    rows = rows_of([Column("n", 3), Column("t", 8)], [numbers, texts])
    assert [row[0] for row in rows] == [1, None, 3]
    assert [row[1] and row[1].microsecond for row in rows] == [500_000, None, 0]
