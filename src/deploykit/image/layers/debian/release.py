"""The signed list of a suite: what it says is checked by `gpgv` with the keys of Debian's archive, as apt does it."""

import re
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from deploykit.errors import BuildError, without_credentials
from deploykit.image.layers.debian.sources import COMPONENT, Suite

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LARGEST = 4 << 20
_CLEARSIGNED = re.compile(
    rb"-----BEGIN PGP SIGNED MESSAGE-----\n(?:\S[^\n]*\n)*\n(.*?)\n-----BEGIN PGP SIGNATURE", re.DOTALL
)


def can_verify() -> str:
    """Why signatures cannot be checked on this machine; empty where they can."""
    if shutil.which("gpgv") is None:
        return "gpgv is not here (Debian and Ubuntu: package gpgv)."
    return "" if KEYRING.is_file() else f"{KEYRING} is not here (package debian-archive-keyring)."


def verified(signed: bytes, suite: Suite) -> str:
    """The text that Debian signed; raises `BuildError` where it did not, or not lately."""
    with tempfile.TemporaryDirectory() as folder:
        message, text = Path(folder) / "InRelease", Path(folder) / "Release"
        message.write_bytes(signed)
        command = [
            "gpgv",
            "--quiet",
            "--homedir",
            folder,
            "--keyring",
            str(KEYRING),
            "--output",
            str(text),
            str(message),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, errors="replace", check=False)
        if done.returncode or not text.is_file():
            lines = [line for line in done.stderr.splitlines() if "gpgv" in line]
            raise _refused(suite, lines[-1] if lines else "gpgv accepts no signature of it.")
        return _current(text.read_text(encoding="utf-8"), suite)


def unverified(signed: bytes, suite: Suite) -> str:
    """The text without a look at who signed it: good to learn a version from, not to fetch by."""
    match = _CLEARSIGNED.search(signed.replace(b"\r\n", b"\n"))
    if match is None:
        raise _refused(suite, "It is not a signed list.")
    return match[1].decode(errors="replace")


def packages(text: str, suite: Suite, architecture: str) -> tuple[str, str, int]:
    """Path, SHA-256 and size (bytes) of the list of packages for an architecture."""
    name = f"{COMPONENT}/binary-{architecture}/Packages.xz"
    section = text.partition("\nSHA256:")[2]
    match = re.search(rf"^ ([0-9a-f]{{64}}) +(\d+) {re.escape(name)}$", section, re.MULTILINE)
    if match is None:
        raise BuildError(
            f"{suite.name} has no {name}.", why=f"Its list at {without_credentials(suite.address)} does not name one."
        )
    by_hash = "Acquire-By-Hash: yes" in text
    path = f"{COMPONENT}/binary-{architecture}/by-hash/SHA256/{match[1]}" if by_hash else name
    return f"{suite.address}/dists/{suite.name}/{path}", match[1], int(match[2])


def _current(text: str, suite: Suite) -> str:
    """Refuse a list whose time is over, or one of another suite: either would bring old packages back."""
    fields = dict(re.findall(r"^(\S+): (.*)$", text.partition("\nSHA256:")[0], re.MULTILINE))
    if suite.name not in (fields.get("Codename"), fields.get("Suite")):
        raise _refused(suite, f"It is the list of {fields.get('Codename')}.")
    until = fields.get("Valid-Until")
    if until and parsedate_to_datetime(until.replace("UTC", "+0000")) < datetime.now(UTC):
        raise _refused(suite, f"It was valid until {until}: the mirror is behind.")
    return text


def _refused(suite: Suite, why: str) -> BuildError:
    return BuildError(
        f"The list of {suite.name} at {without_credentials(suite.address)} cannot be trusted.",
        why=why,
        fix="another --apt-mirror",
    )
