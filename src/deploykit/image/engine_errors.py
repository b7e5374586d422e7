"""What the engine and its registries say when something fails, as errors of ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deploykit.errors import BuildError, UnreachableError, UsageError, first_line

if TYPE_CHECKING:
    from docker.errors import APIError


@contextmanager
def failing(what: str, *also: type[Exception]) -> Iterator[None]:
    """Turn the SDK's errors, and `also` those, into a `BuildError` that begins with `what`."""
    import docker.errors
    import requests
    import urllib3.exceptions

    known: tuple[type[Exception], ...] = (
        docker.errors.DockerException,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        *also,
    )
    try:
        yield
    except docker.errors.APIError as error:
        raise BuildError(what, why=explanation(error)) from None
    except known as error:
        raise BuildError(what, why=first_line(error)) from None


@contextmanager
def asking(reference: str, what: str, *, fix: str) -> Iterator[None]:
    """Turn the SDK's errors about a question into ours: `what` could not be asked, unless it was no reference."""
    import docker.errors
    import requests

    try:
        yield
    except docker.errors.APIError as error:
        if error.status_code == 400:
            raise UsageError(f"{reference} is not an image reference.", why=explanation(error)) from None
        raise UnreachableError(what, why=explanation(error), fix=fix) from None
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise UnreachableError(what, why=first_line(error), fix=fix) from None


def raise_for(event: Mapping[str, Any], what: str) -> None:
    """Raise a `BuildError` where an event of a pull or a push reports an error."""
    if error := event.get("error"):
        raise BuildError(what, why=str(error))


def explanation(error: "APIError") -> str:
    """What the engine or the registry says."""
    return str(error.explanation or error).strip()
