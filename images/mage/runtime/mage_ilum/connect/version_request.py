"""Spark Connect's version request as bytes: a dozen of them, so that neither PySpark nor protobuf is needed.

Field numbers are those of `spark/connect/base.proto`, equal in Spark 3.4 to 4.3.
"""

from collections.abc import Iterator

ANALYZE_PLAN = "/spark.connect.SparkConnectService/AnalyzePlan"
INTERRUPT = "/spark.connect.SparkConnectService/Interrupt"
RELEASE_SESSION = "/spark.connect.SparkConnectService/ReleaseSession"

PREFLIGHT_USER = "mage-ilum-preflight"
_CLIENT = b"mage-ilum-preflight"
_INTERRUPT_ALL = b"\x20\x01"  # field 4, a number: INTERRUPT_TYPE_ALL
_LENGTH_DELIMITED = 2


def session_fields(session_id: str, user_id: str = PREFLIGHT_USER) -> bytes:
    """What every request begins with: session, user and kind of client. Alone it is a whole ReleaseSession request."""
    return _field(1, session_id.encode()) + _field(2, _field(1, user_id.encode())) + _field(3, _CLIENT)


def version_request(session_id: str, user_id: str = PREFLIGHT_USER) -> bytes:
    """An AnalyzePlan request that asks for `spark.version`."""
    return session_fields(session_id, user_id) + _field(10, b"")


def interrupt_request(session_id: str, user_id: str) -> bytes:
    """An Interrupt request for everything that runs in a session."""
    return session_fields(session_id, user_id) + _INTERRUPT_ALL


def version_answer(message: bytes) -> str | None:
    """`spark.version` from an AnalyzePlan response; `None` where the message is something else."""
    try:
        for number, value in _fields(message):
            if number == 8:
                return next((text.decode() for inner, text in _fields(value) if inner == 1 and text), None)
    except (IndexError, UnicodeDecodeError, ValueError):
        pass
    return None


def _field(number: int, value: bytes) -> bytes:
    length = len(value)
    if length >= 1 << 14:
        raise ValueError("two length bytes are all that these requests need")
    size = bytes((length,)) if length < 128 else bytes((length & 0x7F | 0x80, length >> 7))
    return bytes(((number << 3) | _LENGTH_DELIMITED,)) + size + value


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a protobuf message; numbers are passed over."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        if key & 7 == _LENGTH_DELIMITED:
            length, position = _varint(message, position)
            yield key >> 3, message[position : position + length]
            position += length
        elif key & 7 == 0:
            _, position = _varint(message, position)
        else:
            position += {1: 8, 5: 4}.get(key & 7) or len(message)


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, position
        if shift > 63:
            raise ValueError("no protobuf message")
