"""What an ELF file says about itself: for which machine it is, and which libraries it needs."""

import struct
from dataclasses import dataclass

MAGIC = b"\x7fELF"
MACHINES = {62: "linux/amd64", 183: "linux/arm64"}
_DYNAMIC, _LOAD = 2, 1
_NEEDED, _STRINGS = 1, 5


@dataclass(frozen=True, kw_only=True)
class Elf:
    """`platform` as container engines call it, or the machine's number; `needed` are names of shared libraries."""

    platform: str
    needed: tuple[str, ...]


def read(data: bytes) -> Elf | None:
    """The header and the dynamic section of a 64-bit little-endian ELF file; None for anything else."""
    if not data.startswith(MAGIC) or data[4:6] != b"\x02\x01":
        return None
    try:
        (machine,) = struct.unpack_from("<H", data, 18)
        (at,) = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        headers = [struct.unpack_from("<IIQQQQQQ", data, at + number * size) for number in range(count)]
        platform = MACHINES.get(machine, f"machine {machine}")
        tags = [
            entry
            for kind, _, offset, _, _, length, _, _ in headers
            if kind == _DYNAMIC
            for entry in struct.iter_unpack("<qQ", data[offset : offset + length // 16 * 16])
        ]
        strings = next((value for tag, value in tags if tag == _STRINGS), None)
        if strings is None:
            return Elf(platform=platform, needed=())
        offset = next(
            strings - address + offset
            for kind, _, offset, address, _, length, _, _ in headers
            if kind == _LOAD and address <= strings < address + length
        )
        starts = [offset + value for tag, value in tags if tag == _NEEDED]
        names = [data[start : data.index(b"\0", start)].decode("utf-8", "replace") for start in starts]
    except (struct.error, StopIteration, ValueError):
        return None
    return Elf(platform=platform, needed=tuple(names))
