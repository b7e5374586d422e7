"""Which package index this machine uses, and whom it trusts: as uv is set up, else as pip is."""

import configparser
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from deploykit import trust
from deploykit.errors import UsageError
from mage_ilum.credentials import meant_for

# Our name for a setting of uv, the other names that uv knows for it, and pip's name for the same.
_INDEXES = (
    ("UV_DEFAULT_INDEX", ("UV_DEFAULT_INDEX", "UV_INDEX_URL"), "index-url"),
    ("UV_INDEX", ("UV_INDEX", "UV_EXTRA_INDEX_URL"), "extra-index-url"),
)


def environment(ca_file: Path | None) -> dict[str, str]:
    """The environment for `uv`: its own settings win, pip's are taken over where uv has none."""
    given = dict(os.environ)
    pip = _pip()
    if not any("index" in table or "index-url" in table for table in _uv_tables()):
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
    """User and password that the settings of uv or pip hold for an index on the server of `url`; None for none.

    uv leaves them out of the addresses that it answers with.
    """
    for name, address in _indexes():
        index = urlsplit(address)
        if index.scheme != urlsplit(url).scheme or not meant_for(url, own=address):
            continue
        variable = f"UV_INDEX_{re.sub('[^A-Z0-9]', '_', name.upper())}"
        user, password = (os.environ.get(f"{variable}_{part}") for part in ("USERNAME", "PASSWORD"))
        if name and (user or password):
            return user or "", password or ""
        if index.username:
            return unquote(index.username), unquote(index.password or "")
    return None


def _indexes() -> Iterator[tuple[str, str]]:
    """Name, where it has one, and address of each index that is set up."""
    settings = environment(None)
    for text in " ".join(settings.get(name, "") for _, names, _ in _INDEXES for name in names).split():
        name, equals, address = text.partition("=")
        yield (name, address) if equals and "://" not in name else ("", text)
    for table in _uv_tables():
        yield from ((index.get("name", ""), index["url"]) for index in table.get("index", ()))
        for address in (table.get("index-url"), *table.get("extra-index-url", ())):
            if address:
                yield "", address


def _pip() -> dict[str, str]:
    """pip's settings: its files, of which a later one counts more, and above them its environment variables."""
    parser = configparser.RawConfigParser()
    parser.optionxform = lambda optionstr: optionstr.lower().replace("_", "-")  # type: ignore[method-assign] # as documented
    for file in _pip_files():
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise UsageError(f"{file} is not a configuration of pip.", why=str(error).splitlines()[0]) from None
    settings: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            settings.update({name: value for name, value in parser[section].items() if value})
    for name in ("index-url", "extra-index-url", "cert"):
        if value := os.environ.get(f"PIP_{name.upper().replace('-', '_')}"):
            settings[name] = value
    return settings


def _pip_files() -> list[Path]:
    """Those that pip reads, in its order, as its `configuration.py` has them; what is not there counts as empty."""
    chosen = os.environ.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return []
    own = (_home() / ".pip/pip.conf", _own_settings() / "pip/pip.conf")
    return [
        *(folder / "pip/pip.conf" for folder in _everybodys_settings()),
        Path("/etc/pip.conf"),
        *(own if not chosen or not Path(chosen).exists() else ()),
        Path(sys.prefix, "pip.conf"),
        *((Path(chosen),) if chosen else ()),
    ]


def _uv_tables() -> Iterator[Mapping[str, Any]]:
    """The tables of uv's files that may name an index; its own word on a damaged one comes when it runs."""
    if chosen := os.environ.get("UV_CONFIG_FILE"):
        files = [Path(chosen)]
    else:
        folders = (*_everybodys_settings(), Path("/etc"), _own_settings())
        files = [folder / "uv/uv.toml" for folder in folders]
    for file in filter(Path.is_file, files):
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            continue
        yield settings
        yield settings.get("pip", {})


def _everybodys_settings() -> list[Path]:
    return [Path(folder) for folder in (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)]


def _own_settings() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or _home() / ".config")


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111 - `Path.home()` raises where a user id has none
