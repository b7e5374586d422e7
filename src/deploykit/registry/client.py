"""What can be asked of a repository in a registry, and put there."""

import time
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Protocol
from urllib.parse import quote, urlsplit

from deploykit.errors import BuildError
from deploykit.progress import Progress
from deploykit.registry import referrers
from deploykit.registry.answer import Answer
from deploykit.registry.errors import RefusedError, cannot_ask, pushing
from deploykit.registry.location import locate
from deploykit.registry.manifest import ACCEPTED, OCI_INDEX, Manifest, is_manifest, labels_of, sha256
from deploykit.registry.transport import Transport

PAGES = 1000
AT_ONCE = 4


class Settings(Protocol):
    """How registries are asked: what a request and a plan say of it."""

    @property
    def timeout(self) -> float: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def insecure_registry(self) -> Collection[str]: ...


class Registry:
    """One image repository, such as `registry.example.com/team/mage-ilum`; nothing is asked before a method is called.

    `timeout`: seconds for one question, from looking up the name to the last byte, with all that is tried again; each
    step of a login, which most registries want once, has as long. `insecure`: hosts that speak plain HTTP, beside those
    of this machine. `progress`: of work, whose every try has as long, and which waits where the registry asks to, and
    says so. Raises `UnreachableError` whenever there is no answer, and its kinds.
    """

    def __init__(
        self,
        repository: str,
        *,
        timeout: float = 3.0,
        ca_file: Path | None = None,
        insecure: Collection[str] = (),
        progress: Progress | None = None,
    ) -> None:
        self.repository = repository
        self.location = locate(repository, insecure=insecure)
        self.timeout = timeout
        self.ca_file = ca_file
        self.progress = progress
        self._transport = Transport(self.location, repository, timeout=timeout, ca_file=ca_file, progress=progress)

    @staticmethod
    def of(repository: str, settings: Settings, *, progress: Progress | None = None) -> "Registry":
        """The client of a repository, with the limits and certificates of a request or a plan.

        It is the same one each time, so that all of a process logs in once.
        """
        insecure = tuple(settings.insecure_registry)
        return shared(repository, settings.timeout, settings.ca_file, insecure, progress)  # type: ignore[arg-type] # it has an identity

    def digest(self, reference: str) -> str | None:
        """The digest of a tag, or of a digest that is there; None where the registry says that it is absent."""
        answer = self._ask("HEAD", f"manifests/{reference}", {"Accept": ACCEPTED})
        if answer.status == 200 and (found := answer.headers.get("docker-content-digest")):
            return found
        if answer.is_absent:
            return None
        manifest = self.manifest(reference)  # what the headers left open, its body says
        return None if manifest is None else manifest.digest

    def manifest(self, reference: str) -> Manifest | None:
        """The manifest or index of a tag or digest; None where it is absent. What it holds is checked by its digest."""
        answer = self._ask("GET", f"manifests/{reference}", {"Accept": ACCEPTED})
        if answer.is_absent:
            return None
        if answer.status != 200 or answer.json is None:
            self._odd(answer)
        digest = sha256(answer.body)
        named = reference if reference.startswith("sha256:") else answer.headers.get("docker-content-digest", digest)
        if digest != named:
            raise BuildError(
                f"The registry of {self.repository} gives another manifest than the one it names.",
                why=f"What it sent for {reference} has the digest {digest}.",
                fix="find out what changes its answers, such as a proxy, before you use its images",
            )
        if not is_manifest(answer.json):
            raise BuildError(f"What {self.repository} has as {reference} is not the manifest of an image.")
        media_type = str(answer.json.get("mediaType") or answer.media_type)
        return Manifest(digest=digest, media_type=media_type, content=answer.json, raw=answer.body)

    def labels(self, reference: str, *, platform: str) -> Mapping[str, str] | None:
        """The labels of an image; None where it, or its part for the platform in an index, is absent."""
        config = self.config(reference, platform=platform)
        return None if config is None else labels_of(config)

    def config(self, reference: str, *, platform: str) -> Mapping[str, Any] | None:
        """An image's configuration, `{"architecture": …, "os": …, "config": {"Labels": …}}`; None as for `labels`."""
        manifest = self.manifest(reference)
        image = None if manifest is None else self.image(manifest, platform=platform)
        return None if image is None else self.config_of(image)

    def image(self, manifest: Manifest, *, platform: str, or_another: bool = False) -> Manifest | None:
        """The manifest of an index's image for a platform; one that is of an image already stays as it is.

        `or_another`: where the index has none for the platform, that of the first that it has.
        """
        if not manifest.parts:
            return manifest
        part = manifest.part(platform) or (next(iter(manifest.platforms.values()), None) if or_another else None)
        return None if part is None else self.manifest(part)

    def config_of(self, image: Manifest) -> Mapping[str, Any]:
        """The configuration of an image whose manifest was read."""
        described = image.content.get("config")
        return self._blob(str(described["digest"])).json or {} if described else {}

    def blob(self, digest: str) -> bytes:
        """A small blob, checked by its digest; raises `BuildError` where it is absent or damaged."""
        return self._blob(digest).body

    def tags(self) -> list[str]:
        """Every tag, page by page, with those of signatures and attachments (`sha256-…`); none for no repository."""
        found: list[str] = []
        for answer in self._pages("tags/list?n=1000"):
            if answer.is_absent:
                return found
            if answer.status != 200 or answer.json is None:
                self._odd(answer)
            found += map(str, answer.json.get("tags") or ())
        return found

    def missing(self, digest: str) -> list[str]:
        """The digests of those parts of an image that the registry does not have; its own where it has none of it."""
        manifest = self.manifest(digest)
        return [digest] if manifest is None else self.missing_blobs(manifest)

    def missing_blobs(self, manifest: Manifest) -> list[str]:
        """The digests of configuration and layers, or of an index's manifests, that the registry does not have."""
        missing = [lost for part in manifest.parts for lost in self.missing(str(part["digest"]))]
        blobs = manifest.blobs()
        if not blobs:
            return missing
        from concurrent.futures import ThreadPoolExecutor

        there = [self.has_blob(blobs[0])]  # alone: it is the one that may have to log in
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            there += pool.map(self.has_blob, blobs[1:])
        return missing + [digest for digest, has in zip(blobs, there, strict=True) if not has]

    def has_blob(self, digest: str) -> bool:
        """Whether a blob is there."""
        answer = self._ask("HEAD", f"blobs/{digest}")
        if answer.status not in (200, 404):
            self._odd(answer)
        return answer.status == 200

    def put_blob(self, data: bytes) -> str:
        """Put a small blob there unless it is there; returns its digest. `BuildError` when it is refused."""
        digest = sha256(data)
        if self.has_blob(digest):
            return digest
        begun = self._put("POST", self.location.url("blobs/uploads/"), b"", status=202)
        target = f"{begun.location}{'&' if urlsplit(begun.location).query else '?'}digest={quote(digest)}"
        self._put("PUT", target, data, status=201)
        return digest

    def put_manifest(self, reference: str, raw: bytes, media_type: str) -> str:
        """Put a manifest under a tag or its digest; returns the digest. `BuildError` when it is refused."""
        self._put_manifest(reference, raw, media_type)
        return sha256(raw)

    def put_referrer(self, raw: bytes, media_type: str) -> bool:
        """Put a manifest with a subject under its digest; whether the registry says that it lists it by itself."""
        return "oci-subject" in self._put_manifest(sha256(raw), raw, media_type).headers

    def _put_manifest(self, reference: str, raw: bytes, media_type: str) -> Answer:
        """A registry may not know for a moment what it has, while another machine puts the same there."""
        url = self.location.url(f"manifests/{reference}")
        for pause in (0.2, 1.0, None):
            try:
                answer = self._put("PUT", url, raw, status=201, media_type=media_type)
                break
            except RefusedError as error:
                if error.final or pause is None:
                    raise
                time.sleep(pause)
        if answer.headers.get("docker-content-digest", sha256(raw)) != sha256(raw):
            raise BuildError(f"{self.repository} stored another manifest than the one that it was sent.")
        return answer

    def referrers(self, digest: str, *, artifact_type: str | None = None) -> list[Mapping[str, Any]]:
        """The descriptors of what is attached to an image: by OCI 1.1's API, else by its tag schema."""
        found: list[Mapping[str, Any]] = []
        for answer in self._pages(f"referrers/{digest}"):
            if answer.status != 200 or answer.media_type != OCI_INDEX or answer.json is None:
                index = self.manifest(referrers.fallback_tag(digest))
                found = [] if index is None else [*index.parts]
                break
            found += answer.json.get("manifests") or ()
        described = [self._described(entry) for entry in found]
        return [entry for entry in described if artifact_type in (None, entry.get("artifactType"))]

    def attach(
        self, subject: str, *, artifact_type: str, data: bytes, media_type: str, annotations: Mapping[str, str]
    ) -> str:
        """Attach a small file to an image, by its digest; returns the artifact's. Pushes nothing that is there."""
        return referrers.attach(
            self, subject, artifact_type=artifact_type, data=data, media_type=media_type, annotations=annotations
        )

    def _described(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """What an entry of a list should say; some registries take the type from the configuration, or say no more."""
        if entry.get("artifactType") not in (None, "", referrers.EMPTY_TYPE) and "annotations" in entry:
            return entry
        manifest = self.manifest(str(entry["digest"]))
        own = {} if manifest is None else manifest.content
        return {**entry, **{name: own[name] for name in ("artifactType", "annotations") if own.get(name)}}

    def _blob(self, digest: str) -> Answer:
        answer = self._ask("GET", f"blobs/{digest}")
        if answer.status not in (200, 404):
            self._odd(answer)
        if answer.status == 404 or sha256(answer.body) != digest:
            what = "lost" if answer.status == 404 else "damaged"
            raise BuildError(f"{self.repository} has {what} {digest}.", fix="push the image again")
        return answer

    def _pages(self, rest: str) -> Iterator[Answer]:
        answer = self._ask("GET", rest)
        yield answer
        for _ in range(PAGES):
            if not answer.next_page:
                return
            answer = self._transport.ask("GET", answer.next_page)
            yield answer
        raise cannot_ask(self.repository, f"It has more than {PAGES} pages of an answer.")

    def _ask(self, method: str, rest: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._transport.ask(method, self.location.url(rest), headers=headers)

    def _put(
        self, method: str, url: str, body: bytes, *, status: int, media_type: str = "application/octet-stream"
    ) -> Answer:
        with pushing(self.repository):
            answer = self._transport.ask(method, url, headers={"Content-Type": media_type}, body=body, write=True)
        if answer.status < 400 and answer.status != status:
            self._odd(answer)  # such as the page of a captive portal: it says nothing of what the registry takes
        if answer.status != status:
            raise RefusedError(
                f"{self.repository} could not be pushed to.",
                why=answer.says,
                fix="some registries want the repository made first, and some take no tag twice",
                final="BLOB_UNKNOWN" not in answer.problems,  # it has lost what it took a moment ago
            )
        return answer

    def _odd(self, answer: Answer) -> NoReturn:
        raise cannot_ask(self.repository, f"{answer.says} No registry answers so.")


@cache
def shared(
    repository: str, timeout: float, ca_file: Path | None, insecure: tuple[str, ...], progress: Progress | None
) -> Registry:
    """The one client for these settings."""
    return Registry(repository, timeout=timeout, ca_file=ca_file, insecure=insecure, progress=progress)
