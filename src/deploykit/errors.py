"""The errors a user can meet: what happened, why, and what to type next.

Anything else that escapes is a bug of ours and exits with 1.
"""

import errno
import re
from typing import ClassVar

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Met while something is written, these name no file."""


class DeploykitError(Exception):
    """Something that the person at the keyboard can act on.

    `what` is one sentence; `why` gives the cause; `fix` is what to type or change. Never put a secret in any of them.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix


class UsageError(DeploykitError):
    """Wrong usage or bad input."""

    exit_code = 2


class IncompatibleError(DeploykitError):
    """What was asked for cannot fit together."""

    exit_code = 3


class UnreachableError(DeploykitError):
    """A server, registry or cluster did not answer."""

    exit_code = 4


class BuildError(DeploykitError):
    """A build, a verification or a push failed."""

    exit_code = 6


def unusable(error: OSError) -> UsageError:
    """What it is to a person that a file cannot be used; raises the error again where it is about no file."""
    if error.filename is None and error.errno not in _DISK:
        raise error
    return UsageError(f"{error.filename or 'A file'} cannot be used.", why=error.strerror or str(error))


def first_line(error: BaseException) -> str:
    """The innermost cause, such as `Connection refused`: what the layers above it say repeats addresses and objects."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    text = seen.strerror if isinstance(seen, OSError) and seen.strerror else str(seen)
    return (text.strip() or type(seen).__name__).splitlines()[0]


def without_credentials(text: str) -> str:
    """A text without the users and passwords that addresses in it have: `https://***@mirror.example/debian`."""
    return re.sub(r"://[^/\s]+@", "://***@", text)
