"""Installs wheels under a folder, file by file as pip does. Usage: install.py ROOT SITE_PACKAGES PYTHON WHEELS

ROOT stands for `/` of the image, SITE_PACKAGES and PYTHON are paths in it, WHEELS is a folder. The base's own Python
runs it in a build stage, and deploykit's where there is no engine: the same program lays out the same files.
"""

import base64
import configparser
import csv
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

LAUNCHER = """#!{python}
# -*- coding: utf-8 -*-
import re
import sys
from {module} import {name}
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit({call}())
"""


class Installation:
    """One wheel's files, and the lines of RECORD that tell of them."""

    def __init__(self, wheel: Path, root: Path, site_packages: str, python: str) -> None:
        self.root, self.site_packages, self.python = root, site_packages, python
        self.rows: list[tuple[str, str, str]] = []
        with zipfile.ZipFile(wheel) as self.archive:
            names = [name for name in self.archive.namelist() if not name.endswith("/")]
            (self.info,) = {name.split("/")[0] for name in names if name.split("/")[0].endswith(".dist-info")}
            self.launchers = dict(self.entry_points())
            for name in names:
                self.unpack(name)
            for name, (module, call) in sorted(self.launchers.items()):
                text = LAUNCHER.format(python=python, module=module, name=call.split(".")[0], call=call)
                self.put(join(self.places["scripts"], name), text.encode(), executable=True)
            self.put(self.about("INSTALLER"), b"pip\n")
            self.put(self.about("REQUESTED"), b"")
            self.record()

    @property
    def places(self) -> dict[str, str]:
        """Where the folders of a wheel's `.data` go."""
        prefix = dirname(dirname(dirname(self.site_packages)))
        own = {"purelib": self.site_packages, "platlib": self.site_packages}
        return {**own, "scripts": join(prefix, "bin"), "data": prefix}

    def about(self, name: str) -> str:
        return join(self.site_packages, self.info, name)

    def unpack(self, name: str) -> None:
        content = self.archive.read(name)
        executable = bool(self.archive.getinfo(name).external_attr >> 16 & 0o111)
        top, _, rest = name.partition("/")
        if top == self.info[: -len(".dist-info")] + ".data":
            scheme, _, rest = rest.partition("/")
            if scheme == "scripts":
                if rest in self.launchers:
                    return
                if content.startswith(b"#!python"):
                    content = b"#!" + self.python.encode() + b"\n" + content.partition(b"\n")[2]
            if scheme not in self.places:
                raise ValueError(name + " has no place in an image")
            self.put(join(self.places[scheme], rest), content, executable=executable)
        elif name != self.info + "/RECORD":
            self.put(join(self.site_packages, name), content, executable=executable)

    def put(self, path: str, content: bytes, *, executable: bool = False) -> None:
        path = normpath(path)
        if not path.startswith(dirname(dirname(dirname(self.site_packages))) + "/"):
            raise ValueError(path + " is outside of where Python installs")
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755 if executable else 0o644)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        self.rows.append((relpath(path, self.site_packages), "sha256=" + digest, str(len(content))))

    def record(self) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(sorted([*self.rows, (self.info + "/RECORD", "", "")]))
        self.put(self.about("RECORD"), text.getvalue().encode())

    def entry_points(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """`(name, (module, callable))` of each program that an installer writes for a wheel."""
        if self.info + "/entry_points.txt" not in self.archive.namelist():
            return
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
        parser.optionxform = str
        parser.read_string(self.archive.read(self.info + "/entry_points.txt").decode())
        for section in ("console_scripts", "gui_scripts"):
            for name, value in parser.items(section) if parser.has_section(section) else ():
                module, _, call = value.partition("[")[0].partition(":")
                yield name, (module.strip(), call.strip())


if __name__ == "__main__":
    for wheel in sorted(Path(sys.argv[4]).glob("*.whl")):
        Installation(wheel, Path(sys.argv[1]), *sys.argv[2:4])
