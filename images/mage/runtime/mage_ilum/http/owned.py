"""What a block makes on a cluster is gone when the block is: however it ends, and though an answer was lost."""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from mage_ilum.deadline import Deadline
from mage_ilum.http.errors import ServiceError
from mage_ilum.http.guard import Guard

_Identity = TypeVar("_Identity")

_SEARCH_SECONDS = 5.0
_PAUSE_SECONDS = 0.25


@contextmanager
def owned(
    create: Callable[[], _Identity], remove: Callable[[_Identity | None], None], *, warning: str, keep: bool = False
) -> Iterator[_Identity]:
    """Create something and give its id; remove it when the block fails, leaves or is killed.

    `remove` gets `None` for the id where the answer to its making was lost. It can be pickled: should it fail, or
    should this process end, a process that outlives ours calls it (again). `warning` is what people are told when it
    fails. With `keep`, what is still there when the block ends as it should stays.

    >>> from functools import partial
    >>> with owned(lambda: 7, partial(print, "removed"), warning="Livy may still run it") as identity:
    ...     print("made", identity)
    made 7
    removed 7
    """
    identity: _Identity | None = None
    with Guard() as guard:
        guard.on_death(remove, None)
        try:
            identity = create()
            guard.on_death(remove, identity)
            yield identity
        except BaseException as error:
            if isinstance(error, ServiceError) and identity is None and not error.uncertain:
                guard.release()  # it was refused: there is nothing to remove
            else:
                _remove_or_warn(guard, remove, identity, warning)
            raise
        if keep:
            guard.release()
        else:
            _remove_or_warn(guard, remove, identity, warning)


def remove_found(
    identity: _Identity | None,
    named: Callable[[], Sequence[_Identity]],
    remove: Callable[[_Identity], None],
    limit: Deadline,
) -> None:
    """Remove it; where its id is unknown, remove what `named` finds, for which it looks for 5 s.

    Tries again while the failure is one that may pass. Raises `ServiceError` when that does not help within `limit`.

    >>> remove_found(None, lambda: [7], lambda identity: print("removed", identity), Deadline(15))
    removed 7
    """
    search = Deadline(_SEARCH_SECONDS)
    while True:
        try:
            found = named() if identity is None else [identity]
            for one in found:
                remove(one)
            if found or search.left < _PAUSE_SECONDS:
                return
        except ServiceError as error:
            if not error.transient or limit.left < _PAUSE_SECONDS:
                raise
        time.sleep(_PAUSE_SECONDS)


def _remove_or_warn(
    guard: Guard, remove: Callable[[_Identity | None], None], identity: _Identity | None, warning: str
) -> None:
    """Whatever the block ends with matters more than that this did not work."""
    try:
        remove(identity)
    except ServiceError as error:
        warnings.warn(f"{warning}: {error.what}", RuntimeWarning, stacklevel=2)
    else:
        guard.release()
