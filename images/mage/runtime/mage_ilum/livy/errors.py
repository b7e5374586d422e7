"""What can go wrong with what Livy runs; what can go wrong on the way to Livy is a `ServiceError`."""

from collections.abc import Sequence

from mage_ilum.errors import MageIlumError

_SHOWN_LINES = 20


class LivyError(MageIlumError):
    """A batch, a session or a statement did not come to its end: too slow, gone, or never started.

    >>> print(LivyError("The Livy session 3 did not start.", fix="Look at the driver's log."))
    The Livy session 3 did not start.
      Try: Look at the driver's log.
    """


class BatchFailedError(LivyError):
    """A batch ended in another state than `success`; `state` is Livy's word, `log` the last lines of its log.

    >>> BatchFailedError(7, "dead", ["java.lang.ClassNotFoundException: org.example.Main"]).state
    'dead'
    """

    def __init__(self, batch: int, state: str, log: Sequence[str]) -> None:
        super().__init__(
            f"The Livy batch {batch} ended as {state!r}.",
            code=f"batch-{state}",
            why="\n    ".join(("its last words were", *log[-_SHOWN_LINES:])) if log else "",
            fix="" if log else "Look at the driver's log: Livy has none.",
        )
        self.batch = batch
        self.state = state
        self.log = tuple(log)

    def __reduce__(self) -> tuple[object, ...]:
        """How it is pickled, on its way out of a process pool: `Exception` would pass on its text alone."""
        return type(self), (self.batch, self.state, self.log), self.__dict__


class StatementError(LivyError):
    """A statement raised an exception there: `ename` and `evalue` are its class and text, `traceback` its lines.

    >>> print(StatementError("ValueError", "no rows", ["Traceback (most recent call last):\\n", "ValueError: no rows"]))
    The statement failed in the Livy session: ValueError: no rows
      Why: Traceback (most recent call last):
        ValueError: no rows
    """

    def __init__(self, ename: str, evalue: str, traceback: Sequence[str]) -> None:
        lines = "".join(line if line.endswith("\n") else f"{line}\n" for line in traceback).rstrip()
        super().__init__(
            f"The statement failed in the Livy session: {ename}: {evalue}",
            code="statement",
            why=lines.replace("\n", "\n    "),
        )
        self.ename = ename
        self.evalue = evalue
        self.traceback = tuple(traceback)

    def __reduce__(self) -> tuple[object, ...]:
        """How it is pickled: as `BatchFailedError` is."""
        return type(self), (self.ename, self.evalue, self.traceback), self.__dict__
