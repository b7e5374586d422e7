"""Records what a worker pod imports of the base and writes just that bytecode under a folder. Usage: warm.py FOLDER

Python notes what it compiles when its bytecode goes to a folder of its own; each file found there is compiled again
beside its source, with an unchecked hash. Bytecode that the base has already is left alone: only files are added.

`warm.py --list` prints what was recorded instead, relative to the standard library: for machines that cannot run it.
"""

import os
import subprocess
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path

from bytecode import compiled as bytecode_of

HERE = Path(__file__).parent
LIBRARY = Path(os.__file__).parent
EPOCH = 315532800  # 1980, as in wheels


def main() -> None:
    sources = recorded()
    if sys.argv[1] == "--list":
        found = [source.relative_to(LIBRARY) for source in sources if source.is_relative_to(LIBRARY)]
        print(*sorted(source.as_posix() for source in found), sep="\n")
        return
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    count = sum(compiled(source, target) for source in sources)
    for path in sorted(target.rglob("*")):
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    print(f"{count} files")


def recorded() -> list[Path]:
    """The sources of all that a worker imports."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "recorded"
        environment = {
            **os.environ,
            "PYTHONPYCACHEPREFIX": str(prefix),
            "HOME": folder,
            "MAGE_DATA_DIR": f"{folder}/data",
            "USER_CODE_PATH": folder,
        }
        for what in ("pipeline", "client"):
            command = [sys.executable, str(HERE / "imports.py"), what]
            subprocess.run(command, env=environment, stdout=sys.stderr, check=True)
        found = [source_of(path.relative_to(prefix)) for path in sorted(prefix.rglob("*.pyc"))]
    return [source for source in found if source.is_file() and not source.is_relative_to(HERE)]


def source_of(recorded: Path) -> Path:
    """The source of one recorded file, `usr/lib/x/y.cpython-310.pyc`."""
    return Path("/") / recorded.parent / f"{recorded.name.split('.', 1)[0]}.py"


def compiled(source: Path, target: Path) -> bool:
    """Compile one source, unless the base has its bytecode."""
    bytecode = Path(cache_from_source(str(source)))
    if bytecode.exists():
        return False
    made = target / bytecode.relative_to("/")
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(bytecode_of(source.read_bytes(), str(source)))
    return True


if __name__ == "__main__":
    main()
