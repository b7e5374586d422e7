"""What can go wrong between a block and Spark: what happened, why, and what to do next. Never holds a secret."""

from typing import ClassVar


class MageIlumError(Exception):
    """Something that the author of a block, or whoever runs Ilum, can act on.

    `code` is short and stable, for programs; `what` is one sentence; `why` gives the cause; `fix` says what to change.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, code: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"  Why: {self.why}")
        if self.fix:
            lines.append(f"  Try: {self.fix}")
        return "\n".join(lines)


class AddressError(MageIlumError, ValueError):
    """A Spark Connect address that cannot be read."""

    exit_code = 2


class IncompatibleClientError(MageIlumError):
    """The PySpark here does not fit the server's Spark."""

    exit_code = 3


class ConnectionProblem(MageIlumError):  # noqa: N818  it describes the network's state, not only a failure of ours
    """No Spark Connect server answered at the address; `code` is a key of `problems.PROBLEMS`."""

    exit_code = 4


class ResultTooLargeError(MageIlumError):
    """A result is larger than the block allowed."""


class NoSessionError(MageIlumError):
    """Something needs the current session, and there is none."""


class UsageError(MageIlumError, ValueError):
    """A call that cannot be carried out as it was written: a query, a value, a name or a frame that does not fit it.

    `code` says which way. Nothing has been sent to Spark then.
    """

    exit_code = 2
