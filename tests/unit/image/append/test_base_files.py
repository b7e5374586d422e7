"""Which sources of a base are compiled: those that are named, as its layers show them, each layer read once for it."""

import gzip
import io
import os
import tarfile
import time

import pytest
from tests.unit.registry.server import SmallRegistry
from tests.unit.steps import Steps

from deploykit import cache
from deploykit.errors import BuildError
from deploykit.image import warm_list
from deploykit.image.append import base_image, base_sources
from deploykit.image.append.base_files import InLayers
from deploykit.image.append.base_image import BaseImage
from deploykit.registry import Registry
from deploykit.registry.manifest import sha256

pytestmark = pytest.mark.usefixtures("isolated")

LIBRARY = "usr/local/lib/python3.10"
MAGE = "site-packages/mage_ai/__init__.py"
OTHERS = ("json/decoder.py", "site-packages/pandas/__init__.py", "site-packages/yaml/__init__.py")
NAMES = (MAGE, *OTHERS)
LINK = object()


@pytest.fixture(autouse=True)
def listed(monkeypatch):
    monkeypatch.setattr(warm_list, "of_all", lambda: frozenset(NAMES))


def layer(files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"{LIBRARY}/{name}")
            if text is LINK:
                info.type, info.linkname = tarfile.SYMTYPE, "elsewhere.py"
                archive.addfile(info)
            else:
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(buffer.getvalue())


def base(small: SmallRegistry, *layers) -> BaseImage:
    """A base of these layers, lowest first."""
    packed = [layer(files) for files in layers]
    small.blobs.update({sha256(blob): blob for blob in packed})
    digest = small.put({"layers": [{"digest": sha256(blob), "size": len(blob)} for blob in packed]})
    registry = Registry(small.repository)
    return BaseImage(registry=registry, manifest=registry.manifest(digest), config={})


def found(image: BaseImage, *, names=NAMES, told=None) -> dict[str, str]:
    """The text of each source that would be compiled, by its name in the library."""
    files = InLayers(image=image, facts=None).uncompiled(f"/{LIBRARY}", names, progress=told or Steps())
    return {path.removeprefix(f"{LIBRARY}/"): text.decode() for path, text in files}


def test_what_is_named_and_there_is_given_with_the_upper_layer_s_text(small):
    below = {MAGE: "below", "json/decoder.py": "json", "site-packages/other/__init__.py": "no list names it"}
    assert found(base(small, below, {MAGE: "above"})) == {MAGE: "above", "json/decoder.py": "json"}


def test_of_the_lists_of_all_releases_only_what_is_asked_for_is_given(small):
    image = base(small, dict.fromkeys(NAMES, ""))
    assert list(found(image, names=NAMES[:2])) == list(NAMES[:2])


@pytest.mark.parametrize(
    ("above", "gone"),
    [
        ({"site-packages/mage_ai/.wh.__init__.py": ""}, {MAGE}),
        ({"site-packages/.wh.mage_ai": ""}, {MAGE}),
        ({"site-packages/.wh..wh..opq": ""}, {MAGE, *OTHERS[1:]}),
        ({"site-packages/.wh..wh..opq": "", MAGE: ""}, set(OTHERS[1:])),
        ({MAGE: LINK}, {MAGE}),
        ({"site-packages/mage_ai": LINK}, {MAGE}),
        ({MAGE: "#" * (base_sources.LARGEST + 1)}, {MAGE}),
    ],
)
def test_what_an_upper_layer_takes_away_or_hides_is_not_given(small, above, gone):
    assert set(NAMES) - found(base(small, dict.fromkeys(NAMES, ""), above)).keys() == gone


def test_bytecode_that_the_base_has_already_is_left_alone_and_that_of_another_python_is_none(small):
    compiled = "site-packages/mage_ai/__pycache__/__init__.cpython-310.pyc"
    other = {"json/__pycache__/decoder.cpython-311.pyc": "", "json/__pycache__/decoder.cpython-310.opt-1.pyc": ""}
    here = dict.fromkeys(NAMES, "")
    assert set(found(base(small, here, {compiled: "", **other}))) == set(OTHERS)
    removed = {f"{compiled.rpartition('/')[0]}/.wh.{compiled.rpartition('/')[2]}": ""}
    assert set(found(base(small, here, {compiled: ""}, removed))) == set(NAMES)


def reads(small: SmallRegistry) -> int:
    return len([one for one in small.asked if one.method == "GET" and "/blobs/" in one.path])


def test_who_reads_the_base_for_the_first_time_keeps_its_sources_in_the_same_pass(small):
    image, told = base(small, {MAGE: "x"}, {OTHERS[0]: "y"}), Steps()
    base_image.facts(image, beside=None, progress=told)
    assert reads(small) == 2
    assert found(image, told=told) == {MAGE: "x", OTHERS[0]: "y"}
    assert reads(small) == 2
    assert len(told.said) == 1


def test_where_only_the_facts_are_known_the_layers_are_read_once_and_it_is_said_how_much_that_is(small, tmp_path):
    image, told = base(small, {MAGE: "x" * 3_000}), Steps()
    base_image.facts(image, beside=None, progress=Steps())
    base_sources.place(image.layers[0]["digest"]).unlink()
    assert found(image, told=told) == found(image, told=told) == {MAGE: "x" * 3_000}
    assert reads(small) == 2
    assert told.said == [f"Reading what a worker imports of {small.repository}: its layers, once (0 MB)"]


def test_a_damaged_archive_is_made_again(small):
    image = base(small, {MAGE: "x"})
    found(image)
    base_sources.place(image.layers[0]["digest"]).write_bytes(b"")
    assert found(image) == {MAGE: "x"}


def test_of_a_damaged_layer_nothing_is_kept(small):
    image = base(small, {MAGE: "x"})
    small.blobs[image.layers[0]["digest"]] = layer({MAGE: "y"})
    with pytest.raises(BuildError, match="damaged"):
        found(image)
    assert list((cache.root() / "base-sources").iterdir()) == []


@pytest.mark.parametrize(
    ("there", "forgotten"),
    [
        ({"oldest": (3, 0.5), "older": (2, 0.4)}, set()),
        ({"oldest": (3, 0.5), "older": (2, 0.5)}, {"oldest"}),
        ({"oldest": (3, 0.5), "today": (0, 2)}, {"oldest"}),
    ],
)
def test_beyond_the_limit_the_oldest_are_forgotten_but_none_of_today(small, there, forgotten):
    """Days since it was used, and its share of the limit."""
    folder = cache.root() / "base-sources"
    folder.mkdir(parents=True)
    for name, (days, share) in there.items():
        with (folder / f"{name}.zip").open("wb") as file:
            file.truncate(int(share * base_sources.KEPT))
        os.utime(folder / f"{name}.zip", (time.time() - days * base_sources.DAY,) * 2)
    image = base(small, {MAGE: "x"})
    found(image)
    assert {name for name in there if not (folder / f"{name}.zip").exists()} == forgotten
    assert base_sources.place(image.layers[0]["digest"]).is_file()
