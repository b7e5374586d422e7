"""What a registry answered, and what can be read from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back from `url`, read to its end. Names of headers are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def says(self) -> str:
        """The status and, where the registry gives them, its own words."""
        problems = self.problems
        return f"It answered {self.status}" + (f": {problems}." if problems else ".")

    @property
    def problems(self) -> str:
        """The errors in the answer as OCI defines them; empty where it is no such answer."""
        try:
            errors = json.loads(self.body)["errors"]
            return "; ".join(f"{error['code']} {error.get('message') or ''}".strip() for error in errors)[:300]
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""

    @property
    def is_absent(self) -> bool:
        """A 404 that a registry gave, and not just any web server."""
        return self.status == 404 and ("docker-distribution-api-version" in self.headers or bool(self.problems))

    @property
    def json(self) -> Mapping[str, Any] | None:
        """The JSON object that it is, if it is one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @property
    def media_type(self) -> str:
        """The type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def location(self) -> str:
        """Where it sends on to. For its own host the scheme is kept: behind a proxy it may not know it."""
        return self._absolute(self.headers.get("location", ""))

    @property
    def next_page(self) -> str:
        """Where the `Link` header says that the next page is; empty at the last one."""
        from requests.utils import parse_header_links

        links = parse_header_links(self.headers.get("link", ""))
        return next((self._absolute(link["url"]) for link in links if link.get("rel") == "next"), "")

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, from a number or a date; None where it says nothing."""
        from urllib3.exceptions import InvalidHeader
        from urllib3.util import Retry

        try:
            return float(Retry().parse_retry_after(self.headers.get("retry-after", "")))
        except InvalidHeader:
            return None

    def _absolute(self, target: str) -> str:
        here, there = urlsplit(self.url), urlsplit(urljoin(self.url, target))
        return there._replace(scheme=here.scheme if there.netloc == here.netloc else there.scheme).geturl()
