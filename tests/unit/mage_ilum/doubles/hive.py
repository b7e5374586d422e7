"""A HiveServer2 without SASL, whose one query never ends; what it was asked is kept."""

import struct as packing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import socket

from tests.unit.mage_ilum.servers import serving

from mage_ilum.hive import thrift
from mage_ilum.hive.address import SqlAddress
from mage_ilum.hive.thrift import Typed, i32, struct, text

_EXCEPTION = 3
_HANDLE = struct({1: struct({1: text("guid"), 2: text("secret")})})
_SUCCESS, _RUNNING = struct({}), 1
_ANSWERS = {
    "OpenSession": {3: _HANDLE},
    "ExecuteStatement": {2: _HANDLE},
    "GetOperationStatus": {2: i32(_RUNNING)},
    "CancelOperation": {},
    "CloseSession": {},
}


@dataclass
class Hive:
    """`seconds` is how long an answer takes, by method; none is there at once."""

    seconds: dict[str, float] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    address: SqlAddress = field(default_factory=lambda: SqlAddress(""))

    @contextmanager
    def running(self) -> Iterator["Hive"]:
        with serving(self._talk) as port:
            self.address = SqlAddress("127.0.0.1", port, auth="nosasl")
            yield self

    def _talk(self, connection: socket) -> None:
        with connection.makefile("rb") as file:
            while head := file.read(4):
                assert packing.unpack(">I", head)
                method = file.read(packing.unpack(">i", file.read(4))[0]).decode()
                file.read(4)
                thrift._struct(file)
                self.asked.append(method)
                time.sleep(self.seconds.get(method, 0))
                connection.sendall(_reply(method))


def _reply(method: str) -> bytes:
    call = thrift.call(method, struct({}))
    head = call[:3] + bytes((2 if method in _ANSWERS else _EXCEPTION,)) + call[4 : 12 + len(method)]
    if method not in _ANSWERS:
        return head + struct({1: text("no such method")})[1]
    answer: dict[int, Typed] = {1: _SUCCESS, **_ANSWERS[method]}
    return head + struct({0: struct(answer)})[1]
