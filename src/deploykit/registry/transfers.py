"""Bodies of any size to and from a registry, streamed: limits on silence take the place of a limit on the whole."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from deploykit.errors import first_line
from deploykit.registry.answer import Answer
from deploykit.registry.errors import BrokenOffError, cannot_ask
from deploykit.registry.transport import Request, Transport

if TYPE_CHECKING:
    from requests import Response

    from deploykit.registry.contents import Part

SILENCE_SECONDS = 90  # an object store may be that long about a large blob before it says that it has it
BLOCK = 1 << 18


class Transfers(Transport):
    """Streams to and from one repository; logins, redirects, certificates and proxies are those of `Transport`."""

    def may_read(self, paths: Iterable[str]) -> None:
        """Ask for logins that may read other repositories too: without that nothing is mounted from them."""
        self._login.also = tuple(f"repository:{path}:pull" for path in paths)

    def send(self, method: str, url: str, *, body: "Callable[[], Part]", headers: Mapping[str, str]) -> Answer:
        """Send a body, made anew for each try at a login or a redirect. Any status returns, but 401 and 403.

        Raises `BrokenOffError`, and as `ask` does.
        """
        sent = {"Content-Type": "application/octet-stream", **headers}
        request = Request(method=method, url=urljoin(self._location.base, url), headers=sent, body=body)
        return self._read(self._streamed(request, write=True))

    @contextmanager
    def receiving(self, url: str, *, offset: int = 0) -> Iterator[Iterator[bytes]]:
        """The bytes of a blob from an offset on, as they come; raises `BrokenOffError`, while it is read too."""
        ranges = {"Range": f"bytes={offset}-"} if offset else {}
        with self._streamed(Request(method="GET", url=url, headers=ranges), write=False) as answer:
            if answer.status_code not in (200, 206):
                said = self._read(answer)
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

    def _streamed(self, request: Request, *, write: bool) -> "Response":
        """An answer whose body was not read yet."""
        timeout = (self._timeout, SILENCE_SECONDS)
        return self._logged_in(lambda login: self._followed(request, login, timeout), write=write)
