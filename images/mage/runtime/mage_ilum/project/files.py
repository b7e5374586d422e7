"""Writing files that a second pod, or Mage, may be reading or writing at the same moment."""

import os
from pathlib import Path
from uuid import uuid4


def write(path: Path, content: bytes, *, beside: Path) -> None:
    """Put a file in its place whole or not at all; its folder has to exist.

    It is first written to the folder `beside`, on the same volume, where nobody lists files. Raises `OSError`.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write(folder / "a.txt", b"whole", beside=folder)
    >>> [(file.name, file.read_bytes()) for file in folder.iterdir()]
    [('a.txt', b'whole')]
    """
    temporary = beside / f".mage-ilum-{uuid4().hex}"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
