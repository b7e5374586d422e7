"""SIGTERM belongs to whoever asked for it first."""

import signal

import pytest

from mage_ilum import resolve
from mage_ilum.sessions.open_sessions import note
from mage_ilum.sessions.termination import end_on_termination, forget


@pytest.fixture
def handler():
    """Sets the handler, and puts back what pytest has."""
    before = signal.getsignal(signal.SIGTERM)
    yield lambda wanted: signal.signal(signal.SIGTERM, wanted)
    signal.signal(signal.SIGTERM, before)


def test_it_is_handled_as_long_as_a_session_is_open(handler):
    handler(signal.SIG_DFL)
    notes = [note(resolve("sc://spark"), f"session-{number}", "mage", None) for number in range(2)]
    for noted in notes:
        end_on_termination(noted)
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    forget(notes[0])
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    forget(notes[1])
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("theirs", [signal.SIG_IGN, lambda number, frame: None])
def test_another_handler_stays(handler, theirs):
    handler(theirs)
    noted = note(resolve("sc://spark"), "session", "mage", None)
    end_on_termination(noted)
    assert signal.getsignal(signal.SIGTERM) is theirs
    forget(noted)
    assert signal.getsignal(signal.SIGTERM) is theirs
