"""Bodies of any size to and from a registry, streamed: limits on silence take the place of a limit on the whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin

from deploykit.errors import first_line
from deploykit.registry.answer import Answer
from deploykit.registry.errors import cannot_ask, login_refused
from deploykit.registry.transport import REDIRECTING, REDIRECTS, Transport, proxies

if TYPE_CHECKING:
    from requests import Response

CONNECT_SECONDS = 10
SILENCE_SECONDS = 90  # an object store may be that long about a large blob before it says that it has it
BLOCK = 1 << 18


class Body(Protocol):
    """What is sent: its length is known, and it is read once."""

    def __len__(self) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...


class BrokenOffError(Exception):
    """The connection ended, or went silent, in the middle: it may go on from where it broke off.

    `asked`: the seconds that the registry asks to wait before, where it says so.
    """

    def __init__(self, why: str, asked: float | None = None) -> None:
        super().__init__(why)
        self.asked = asked


class Transfers(Transport):
    """Streams to and from one repository; logins, certificates and proxies are those of `Transport`."""

    def may_read(self, paths: Iterable[str]) -> None:
        """Ask for logins that may read other repositories too: without that nothing is mounted from them."""
        self._login.also = tuple(f"repository:{path}:pull" for path in paths)

    def send(self, method: str, url: str, *, body: Callable[[], Body], headers: Mapping[str, str]) -> Answer:
        """Send a body, made anew for each try at a login or a redirect; raises `BrokenOffError`. Any status returns."""
        with self._streamed(method, url, {"Content-Type": "application/octet-stream", **headers}, body) as answer:
            return _read(answer)

    @contextmanager
    def receiving(self, url: str, *, offset: int = 0) -> Iterator[Iterator[bytes]]:
        """The bytes of a blob from an offset on, as they come; raises `BrokenOffError`, while it is read too."""
        ranges = {"Range": f"bytes={offset}-"} if offset else {}
        with self._streamed("GET", url, ranges, None) as answer:
            if answer.status_code not in (200, 206):
                said = _read(answer)
                if said.status >= 500 or said.status == 429:
                    raise BrokenOffError(said.says, said.retry_after)
                raise cannot_ask(self._repository, said.says)
            yield self._blocks(answer, skip=offset if answer.status_code == 200 else 0)

    def _blocks(self, answer: "Response", *, skip: int) -> Iterator[bytes]:
        import requests
        import urllib3

        try:
            for block in answer.raw.stream(BLOCK, decode_content=False):
                if skip < len(block):
                    yield block[skip:]
                skip = max(0, skip - len(block))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise BrokenOffError(first_line(error)) from None

    @contextmanager
    def _streamed(
        self, method: str, url: str, headers: Mapping[str, str], body: Callable[[], Body] | None
    ) -> "Iterator[Response]":
        """An answer whose body was not read yet, after login and redirects."""
        write = body is not None
        address = urljoin(self._location.base, url)
        renewed = False
        for _ in range(REDIRECTS + 1):
            own = self._is_own(address)
            login = self._login.header(write=write) if own else None
            sent = {**headers, "Authorization": login} if login else headers
            answer = self._once(method, address, sent, None if body is None else body())
            with answer:
                if answer.status_code in REDIRECTING and "location" in answer.headers:
                    address = self._onward(urljoin(address, answer.headers["location"]))
                elif own and answer.status_code == 401 and not renewed:
                    renewed = True
                    with self._one:
                        self._login.renew(answer.headers.get("www-authenticate", ""), write=write)
                elif answer.status_code in (401, 403):
                    raise login_refused(self._repository, self._location.host, f"It answered {answer.status_code}.")
                else:
                    yield answer
                    return
        raise cannot_ask(self._repository, f"It redirects more than {REDIRECTS} times.")

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: Body | None) -> "Response":
        import requests

        try:
            return self._open().request(
                method,
                url,
                data=body,
                headers={"Accept-Encoding": "identity", **headers},
                timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
                proxies=proxies(url),
                allow_redirects=False,
                stream=True,
            )
        except (requests.exceptions.SSLError, requests.exceptions.ProxyError) as error:
            raise cannot_ask(self._repository, first_line(error)) from None
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise BrokenOffError(first_line(error)) from None
        except requests.RequestException as error:
            raise cannot_ask(self._repository, f"It could not be asked that way ({type(error).__name__}).") from None


def _read(answer: "Response") -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(url=str(answer.url), status=answer.status_code, headers=headers, body=answer.content)
