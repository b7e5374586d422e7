"""What a sync needs beside the registry goes wrong: server, engine, package index, Debian, disk."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from tests.needs import missing
from tests.spark.relay import Relay
from tests.sync.checkout import own_cache
from tests.sync.conftest import SPARK
from tests.sync.invariant import broken, left_behind, told
from tests.sync.matrix import chosen
from tests.unit.mage_ilum import servers

ENGINE = "/run/docker.sock"


def says(version):
    """A Spark Connect server that says it runs this version."""
    text = version.encode()
    answer = bytes((8 << 3 | 2, len(text) + 2, 1 << 3 | 2, len(text))) + text  # AnalyzePlanResponse.spark_version
    return servers.grpc_server(lambda request, context: answer)


def stays_and_ends_well(case, finished, *codes, before):
    """The sync failed with a sentence, nothing changed, and the next one ends well."""
    assert finished.code in codes, finished.err
    assert told(finished, case.proxy.secrets) == []
    assert case.checkout.values.read_bytes() == before
    assert broken(case.upstream, case.checkout, before=before) == []
    assert left_behind(case.checkout) == []
    again = case.checkout.sync()
    assert again.code == 0, again.err
    assert SPARK in case.checkout.image()["tag"]
    assert broken(case.upstream, case.checkout, before=before) == []
    assert left_behind(case.checkout) == []


SERVERS = {
    "closed port": (servers.refused, 4),
    "silent": (servers.silent, 4),
    "dropped packets": (servers.blackhole, 4),
    "closes at once": (servers.closing, 4),
    "greets first": (servers.babbling, 4),
    "a web server": (servers.http1, 4),
    "a gateway without its server": (lambda: servers.failing(502), 4),
    "another gRPC server": (servers.grpc_server, 4),
    "no Spark version": (lambda: says("banana"), 3),
    "a line that nobody knows": (lambda: says("9.9.9"), 3),
    "a line that this Mage cannot carry": (lambda: says("4.3.0"), 3),
}


@pytest.mark.parametrize("fault", chosen(list(SERVERS), 3))
def test_a_server_that_cannot_be_followed_changes_nothing(case, fault):
    case.fitting()
    before = case.checkout.values.read_bytes()
    make, code = SERVERS[fault]
    with make() as port:
        finished = case.checkout.sync("--server", f"sc://127.0.0.1:{port}")
    stays_and_ends_well(case, finished, code, before=before)


def test_a_server_that_freezes_changes_nothing(case):
    case.fitting()
    before = case.checkout.values.read_bytes()
    port = int(case.server.rpartition(":")[2])
    with Relay(("127.0.0.1", port)) as relay:
        relay.freeze()
        finished = case.checkout.sync("--server", f"sc://127.0.0.1:{relay.port}")
    stays_and_ends_well(case, finished, 4, before=before)


def at(port):
    """The environment that names an engine."""
    return {"DOCKER_HOST": f"tcp://127.0.0.1:{port}"}


ENGINES = {"silent": servers.silent, "closed port": servers.refused, "a web server": lambda: servers.failing(500)}


@pytest.mark.parametrize("fault", chosen(list(ENGINES), 1))
def test_without_an_engine_nothing_is_built_and_nothing_changes(case, fault):
    before = case.checkout.values.read_bytes()
    with ENGINES[fault]() as port:
        finished = case.checkout.sync(environment=at(port))
    stays_and_ends_well(case, finished, 4, 6, before=before)


STEPS = ("Fetching", "Building", "    Step 12", "Pushing", "Checking", "Attaching")


@pytest.mark.parametrize("step", chosen(STEPS, 1))
def test_an_engine_that_goes_away_at_a_step_leaves_all_whole(case, step):
    before = case.checkout.values.read_bytes()
    with Relay(ENGINE) as relay, case.checkout.start(environment=at(relay.port)) as process:
        said = next(line for line in process.stderr if line.removeprefix("==> ").startswith(step))
        relay.cut()
        _, more = process.communicate(timeout=120)
    assert "Traceback" not in said + more
    assert process.returncode in (0, 4, 6), more
    assert broken(case.upstream, case.checkout, before=before) == []
    again = case.checkout.sync()
    assert again.code == 0, again.err
    assert SPARK in case.checkout.image()["tag"]
    assert broken(case.upstream, case.checkout, before=before) == []


def index(port):
    """The environment that names a package index."""
    return {"UV_DEFAULT_INDEX": f"http://127.0.0.1:{port}/simple", "UV_HTTP_TIMEOUT": "3", "UV_NO_CACHE": "1"}


SUPPLIES = {
    "an index: silent": (servers.silent, (), index),
    "an index: closed port": (servers.refused, (), index),
    "Debian: closed port": (servers.refused, ("--profile=connect", "--apt-mirror=http://127.0.0.1:{}/debian"), None),
    "an index: fails": (lambda: servers.failing(500), (), index),
}


@pytest.mark.parametrize("fault", chosen(list(SUPPLIES), 1))
def test_where_packages_cannot_be_fetched_nothing_changes(case, fault, tmp_path_factory):
    before = case.checkout.values.read_bytes()
    make, options, named = SUPPLIES[fault]
    with make() as port:
        machine = own_cache(tmp_path_factory.mktemp("cache"), "inventories")
        environment = {**machine, **(named(port) if named else {})}
        finished = case.checkout.sync(*(option.format(port) for option in options), environment=environment)
    stays_and_ends_well(case, finished, 4, before=before)


@contextmanager
def mounted(folder, *options):
    """A file system of a few kilobytes in the folder's place, with what is in it."""
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", folder], check=False, capture_output=True)
    if done.returncode:
        missing("the right to mount a file system", "run as root")
    try:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder):
    """Leave no free block."""
    free = os.statvfs(folder)
    with pytest.raises(OSError, match="No space"):
        (folder / "full").write_bytes(b"x" * (free.f_bavail + 1) * free.f_bsize)


def test_a_full_disk_beside_the_values_changes_nothing(case):
    case.fitting()
    before = case.checkout.values.read_bytes()
    with mounted(case.checkout.folder, "-o", "size=32k"):
        fill(case.checkout.folder)
        finished = case.checkout.sync()
        (case.checkout.folder / "full").unlink()
        stays_and_ends_well(case, finished, 2, 4, 6, before=before)


def test_a_full_disk_below_the_cache_changes_nothing(case, tmp_path_factory):
    before = case.checkout.values.read_bytes()
    cache = tmp_path_factory.mktemp("cache")
    with mounted(cache, "-o", "size=64k"):
        finished = case.checkout.sync(environment=own_cache(cache, "inventories"))
        stays_and_ends_well(case, finished, 2, 4, 6, before=before)


def test_a_folder_that_cannot_be_written_changes_nothing(case):
    case.fitting()
    before = case.checkout.values.read_bytes()
    folder = case.checkout.folder
    with mounted(folder):
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        finished = case.checkout.sync()
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        stays_and_ends_well(case, finished, 2, before=before)


def test_a_record_that_cannot_be_written_changes_nothing(case):
    case.fitting()
    before = case.checkout.values.read_bytes()
    case.checkout.record.mkdir()
    finished = case.checkout.sync()
    case.checkout.record.rmdir()
    stays_and_ends_well(case, finished, 2, before=before)


RECORDS = {
    "empty": "",
    "half of it": '{"images": {"sha256:',
    "a conflict of Git": "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n",
    "another shape": '{"images": [1], "syncs": {"a": null}}',
    "null": "null",
    "no text": "\ud800",
}


@pytest.mark.parametrize("content", chosen(list(RECORDS), 1))
def test_a_record_that_says_nothing_is_made_anew(case, content):
    case.fitting()
    before = case.checkout.values.read_bytes()
    case.checkout.record.write_bytes(RECORDS[content].encode("utf-8", "surrogatepass"))
    finished = case.checkout.sync()
    assert finished.code == 0, finished.err
    assert broken(case.upstream, case.checkout, before=before) == []
    assert SPARK in case.checkout.image()["tag"]


def test_an_image_that_the_registry_lost_a_blob_of_is_made_whole_again(case):
    """The registry says that it has the tag, and has lost a layer of it for good."""
    assert case.checkout.sync().code == 0
    image = case.checkout.image()
    layer = case.upstream.manifest(image["digest"])[1]["layers"][-1]["digest"]
    case.upstream.lose(layer)
    shutil.copyfile(os.devnull, case.checkout.values)
    case.checkout.values.unlink()
    finished = case.checkout.sync()
    assert finished.code == 0, finished.err
    assert case.upstream.missing(case.checkout.image()["digest"]) == []
