"""Records what a worker pod imports of the base and writes just that bytecode under a folder. Usage: warm.py FOLDER

Python notes what it compiles when its bytecode goes to a folder of its own; each file found there is compiled again
beside its source, with an unchecked hash. Bytecode that the base has already is left alone: only files are added.
"""

import os
import subprocess
import sys
import tempfile
from importlib.util import cache_from_source
from pathlib import Path

from bytecode import compiled as bytecode_of

HERE = Path(__file__).parent
EPOCH = 315532800  # 1980, as in wheels


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "recorded"
        environment = {
            **os.environ,
            "PYTHONPYCACHEPREFIX": str(recorded),
            "HOME": folder,
            "MAGE_DATA_DIR": f"{folder}/data",
            "USER_CODE_PATH": folder,
        }
        for what in ("pipeline", "client"):
            subprocess.run([sys.executable, str(HERE / "imports.py"), what], env=environment, check=True)
        count = sum(compiled(path.relative_to(recorded), target) for path in sorted(recorded.rglob("*.pyc")))
    for path in sorted(target.rglob("*")):
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    print(f"{count} files")


def compiled(recorded: Path, target: Path) -> bool:
    """Compile the source of one recorded file, `usr/lib/x/y.cpython-310.pyc`, unless the base has its bytecode."""
    source = Path("/") / recorded.parent / f"{recorded.name.split('.', 1)[0]}.py"
    bytecode = Path(cache_from_source(str(source)))
    if not source.is_file() or bytecode.exists() or source.is_relative_to(HERE):
        return False
    made = target / bytecode.relative_to("/")
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(bytecode_of(source.read_bytes(), str(source)))
    return True


if __name__ == "__main__":
    main()
