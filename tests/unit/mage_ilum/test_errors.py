"""Errors come out of a process of a pool, as Mage runs blocks in, as they went in."""

import pickle

import pytest

from mage_ilum import BatchFailedError, LivyError, MageIlumError, ServiceError, StatementError, UsageError


@pytest.mark.parametrize(
    "error",
    [
        MageIlumError("It failed.", code="failed", why="so", fix="do"),
        ServiceError("Livy answers 404: gone", code="http-404", status=404),
        UsageError("No.", code="no"),
        LivyError("It is gone.", code="gone"),
        BatchFailedError(7, "dead", ["one", "two"]),
        StatementError("ValueError", "no rows", ["Traceback\n", "ValueError: no rows"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_after_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
