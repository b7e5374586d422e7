"""Which package index this machine uses, and whom it trusts: as uv is set up, else as pip is."""

import configparser
import os
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploykit import trust
from deploykit.errors import UsageError

# Our name for a setting of uv, the other names that uv knows for it, and pip's name for the same.
_INDEXES = (
    ("UV_DEFAULT_INDEX", ("UV_DEFAULT_INDEX", "UV_INDEX_URL"), "index-url"),
    ("UV_INDEX", ("UV_INDEX", "UV_EXTRA_INDEX_URL"), "extra-index-url"),
)


def environment(ca_file: Path | None) -> dict[str, str]:
    """The environment for `uv`: its own settings win, pip's are taken over where uv has none."""
    given = dict(os.environ)
    pip = _pip()
    if not _uv_file_names_an_index():
        for ours, names, theirs in _INDEXES:
            if theirs in pip and not any(name in given for name in names):
                given[ours] = pip[theirs]
    given["SSL_CERT_FILE"] = str(certificates(ca_file))
    given.setdefault("UV_HTTP_CONNECT_TIMEOUT", "3")
    given.setdefault("UV_HTTP_TIMEOUT", "10")  # of silence: a mirror fetches what it has not, and then answers
    given.setdefault("UV_HTTP_RETRIES", "1")
    return given


def certificates(ca_file: Path | None) -> Path:
    """The PEM file to check servers by."""
    return trust.bundle(ca_file, pip_certificates=_pip().get("cert"))


def credentials(url: str) -> tuple[str, str] | None:
    """User and password that the index settings hold for the host of `url`; uv leaves them out of its answers."""
    host = urlsplit(url).hostname
    settings = environment(None)
    for name in [name for _, names, _ in _INDEXES for name in names]:
        for text in settings.get(name, "").split():
            index = urlsplit(text.partition("=")[2] if "=" in text.split("://", 1)[0] else text)
            if index.hostname == host and index.username:
                return unquote(index.username), unquote(index.password or "")
    return None


def _pip() -> dict[str, str]:
    """pip's settings: its files in the order that pip reads them, then its environment variables."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [Path("/etc/pip.conf"), Path.home() / ".pip" / "pip.conf", config / "pip" / "pip.conf"]
    if chosen := os.environ.get("PIP_CONFIG_FILE"):
        files.append(Path(chosen))
    parser = configparser.RawConfigParser()
    for file in files:
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise UsageError(f"{file} is not a configuration of pip.", why=str(error).splitlines()[0]) from None
    settings: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            settings.update(parser[section])
    for name in ("index-url", "extra-index-url", "cert"):
        if value := os.environ.get(f"PIP_{name.upper().replace('-', '_')}"):
            settings[name] = value
    return settings


def _uv_file_names_an_index() -> bool:
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [Path("/etc/uv/uv.toml"), config / "uv" / "uv.toml"]
    if chosen := os.environ.get("UV_CONFIG_FILE"):
        files.append(Path(chosen))
    return any(_names_an_index(file) for file in files if file.is_file())


def _names_an_index(file: Path) -> bool:
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False  # uv will say what is wrong with its own file
    return "index" in settings or "index-url" in settings or "index-url" in settings.get("pip", {})
