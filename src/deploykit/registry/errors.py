"""Why a registry gave no answer: each kind of failure in its own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from deploykit.errors import BuildError, UnreachableError


class LoginRefusedError(UnreachableError):
    """The registry wants a login, or another one: it answered 401, or 403, which is `forbidden` to whom it knows."""

    def __init__(self, what: str, *, why: str, fix: str, forbidden: bool) -> None:
        super().__init__(what, why=why, fix=fix)
        self.forbidden = forbidden


class ThrottledError(UnreachableError):
    """The registry answered 429; `seconds` is how long it wants to be left alone, None where it does not say."""

    def __init__(self, what: str, *, why: str, fix: str, seconds: float | None) -> None:
        super().__init__(what, why=why, fix=fix)
        self.seconds = seconds


class BrokenOffError(Exception):
    """The connection was refused, ended, or went silent: another one may do, from where this one broke off.

    `asked`: the seconds that the registry asks to wait before, where it says so.
    """

    def __init__(self, why: str, asked: float | None = None) -> None:
        super().__init__(why)
        self.asked = asked


class RefusedError(BuildError):
    """The registry answered, and does not take what it was sent; not `final` where another try may end well."""

    def __init__(self, what: str, *, why: str, fix: str, final: bool) -> None:
        super().__init__(what, why=why, fix=fix)
        self.final = final


def cannot_ask(repository: str, why: str, *, fix: str = "") -> UnreachableError:
    """Nothing that counts as an answer came back."""
    return UnreachableError(
        f"The registry of {repository} could not be asked.",
        why=why,
        fix=fix or "check the name, the network, HTTPS_PROXY and --ca-file; --timeout gives it more time",
    )


def login_refused(repository: str, host: str, why: str, *, forbidden: bool = False) -> LoginRefusedError:
    """What it answered has nothing to do with what is there."""
    return LoginRefusedError(
        f"The registry of {repository} refuses the login.",
        why=why,
        fix=f"docker login {host}, as somebody who may use this repository; some registries want it made first",
        forbidden=forbidden,
    )


def throttled(repository: str, seconds: float | None) -> ThrottledError:
    """It is asked too often."""
    wait = "It does not say for how long." if seconds is None else f"It asks to wait {seconds:.0f} s."
    return ThrottledError(
        f"The registry of {repository} answers too many requests (429).",
        why=wait,
        fix="wait, or log in: most registries allow more to those they know",
        seconds=seconds,
    )


@contextmanager
def pushing(repository: str) -> Iterator[None]:
    """A login that may not write is a push that failed."""
    try:
        yield
    except LoginRefusedError as error:
        raise RefusedError(
            f"{repository} could not be pushed to.", why=error.why, fix=error.fix, final=error.forbidden
        ) from None
