"""A sync that is killed at any step leaves registry and values whole, and the next one ends well."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.sync import faults
from tests.sync.calls import On
from tests.sync.checkout import kill
from tests.sync.conftest import SPARK
from tests.sync.invariant import broken, left_behind
from tests.sync.matrix import chosen
from tests.sync.points import CALLS, OPTIONS

STEPS = ("default", "Drift", "Fetching", "Building", "    Step 12", "Pushing", "Checking", "Attaching")
"""How the lines begin that a sync says when it builds."""


KILLS = [(scenario, call) for scenario, few in (("build", 2), ("append", 1)) for call in chosen(CALLS[scenario], few)]


def ends_well(case, before, *options):
    """Nothing is half-done, and the next sync gets to the image that fits."""
    assert broken(case.upstream, case.checkout, before=before) == []
    case.proxy.heal()
    again = case.checkout.sync(*options)
    assert again.code == 0, again.err
    assert SPARK in case.checkout.image()["tag"]
    assert broken(case.upstream, case.checkout, before=before) == []
    assert case.upstream.attached(case.checkout.image()["digest"])
    assert left_behind(case.checkout) == []


@pytest.mark.parametrize("step", chosen(STEPS, 2))
def test_killed_when_it_says_that_a_step_begins(case, step):
    before = case.checkout.values.read_bytes()
    with case.checkout.start() as process:
        said = next(line for line in process.stderr if line.removeprefix("==> ").startswith(step))
        kill(process)
        process.communicate()
    assert said
    ends_well(case, before)


@pytest.mark.parametrize(("scenario", "call"), KILLS, ids=str)
@pytest.mark.parametrize("when", [faults.before, faults.after], ids=lambda when: when.__name__)
def test_killed_before_or_after_the_registry_has_done_what_it_was_asked(case, scenario, call, when):
    options = OPTIONS.get(scenario, ())
    before = case.checkout.values.read_bytes()
    started = threading.Event()

    def kill_it():
        started.wait()
        kill(process)

    case.proxy.inject(call, when(kill_it))
    with case.checkout.start(*options) as process:
        started.set()
        _, said = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, said
    ends_well(case, before, *options)


def opened(pid):
    """The files that a process has open."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(entry.readlink())
    return found


@pytest.mark.parametrize("name", ["values.yaml.sync.json", "values.yaml"])
def test_killed_while_it_writes_a_file(case, name):
    """What is being written is held up by a pipe that is full."""
    case.fitting()
    before = case.checkout.values.read_bytes()
    part = case.checkout.folder / f".{name}.part"
    os.mkfifo(part)
    pipe = os.open(part, os.O_RDWR | os.O_NONBLOCK)
    while True:
        try:
            os.write(pipe, b"x" * 4096)
        except BlockingIOError:
            break
    with case.checkout.start() as process:
        deadline = time.monotonic() + 30
        while part not in opened(process.pid):
            assert time.monotonic() < deadline
            assert process.poll() is None
        kill(process)
        process.communicate()
    os.close(pipe)
    part.unlink()
    assert process.returncode == -signal.SIGKILL
    assert case.checkout.values.read_bytes() == before
    assert case.checkout.record.exists() == (name == "values.yaml")
    ends_well(case, before)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_ended_by_a_pipeline_that_was_cancelled_or_has_waited_long_enough(case, number, code):
    before = case.checkout.values.read_bytes()
    case.proxy.inject(On(kind="PATCH upload", by="docker"), faults.hang)
    with case.checkout.start() as process:
        case.proxy.wait_for(On(kind="PATCH upload", by="docker"), seconds=60)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == code, said
    assert "Traceback" not in said
    ends_well(case, before)
