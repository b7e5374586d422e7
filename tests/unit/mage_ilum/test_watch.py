"""What counts as a sign of life of a server."""

import threading

import grpc
import pytest

from mage_ilum.errors import ConnectionProblem
from mage_ilum.sessions.watch import Watch


class OverdueError(grpc.RpcError):
    """What gRPC raises when our own deadline is over."""

    def code(self):
        return grpc.StatusCode.DEADLINE_EXCEEDED


class Query:
    """A call that waits until it is cancelled."""

    def __init__(self):
        self.cancelled = threading.Event()

    def cancel(self):
        self.cancelled.set()
        return True


def watching(asked, meanwhile):
    """A watch with a query, over a server that says nothing for 0.6 s; `meanwhile` happens while it is asked first."""

    def ask(seconds):
        asked.append(seconds)
        if len(asked) == 1:
            meanwhile(watch)
        query.cancelled.wait(seconds)  # which is what a deadline does
        raise OverdueError

    watch = Watch(ask, lambda code, seconds: ConnectionProblem(code, code=code), silence=0.6)
    query = Query()
    watch.begin(query)
    return watch, query


def test_a_deadline_of_our_own_is_no_sign_of_life():
    asked = []
    watch, query = watching(asked, lambda watch: watch.explain(OverdueError()))
    assert query.cancelled.wait(10)
    assert (watch.problem.code, len(asked)) == ("stuck", 1)


def test_the_time_counts_from_the_last_sign_of_life_not_from_a_deadline():
    asked = []
    watch, query = watching(asked, lambda watch: watch.heard())
    assert query.cancelled.wait(10)
    assert watch.problem.code == "stuck"
    assert len(asked) == 2
    assert asked[1] == pytest.approx(0.2, abs=0.1)


class UnavailableError(grpc.RpcError):
    """What gRPC raises where the connection is lost."""

    def code(self):
        return grpc.StatusCode.UNAVAILABLE


class Raced(Watch):
    """A watch that hears from the server, in another thread, right after a failure was noted."""

    noted = None

    @property
    def _failing(self):
        return self.noted

    @_failing.setter
    def _failing(self, value):
        self.noted = value
        if value is not None:
            thread = threading.Thread(target=self.heard)
            thread.start()
            thread.join(0.2)


def test_a_sign_of_life_while_a_failure_is_explained_does_no_harm():
    watch = Raced(lambda seconds: None, lambda code, seconds: ConnectionProblem(code, code=code), silence=1)
    error = UnavailableError()
    assert watch.explain(error) is error
