"""The container engine, through the `docker` SDK: a thin edge that turns its errors into ours."""

import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploykit.deadline import each_within
from deploykit.errors import BuildError, UnreachableError, first_line
from deploykit.image.builder import buildx_command, follow, has_buildx, run_logged
from deploykit.image.engine_errors import asking, failing, raise_for
from deploykit.image_reference import ImageReference
from deploykit.progress import Progress
from deploykit.registry import login
from deploykit.registry.errors import pushing
from deploykit.registry.location import locate

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.context import Context
    from docker.models.containers import Container

ASK_SECONDS = 3
WORK_SECONDS = 600  # between two signs of life of a build, a pull or a push

# How registries say that a tag or its repository is not there (Harbor: "unknown: artifact x:y not found").
_ABSENT = re.compile(
    r"(manifest|name) unknown|no such manifest|repository name not known|unknown: (artifact|repository) .*not found"
)
# How Docker's own image store, and containerd's, say that the registry answered 500 or more.
_REGISTRY_FAILED = re.compile(r"unexpected (HTTP )?status\b.*: 5\d\d\b")


class RegistryFailedError(BuildError):
    """A push ended because the registry failed, which may pass."""


@dataclass(frozen=True, kw_only=True)
class LocalImage:
    """An image that the engine holds."""

    id: str
    platform: str
    repo_digests: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a container ended: exit status and everything it printed."""

    status: int
    output: str


class Engine:
    """One Docker engine: `$DOCKER_HOST`, else the current Docker context. `timeout`: seconds for one question."""

    def __init__(self, *, timeout: float = ASK_SECONDS) -> None:
        self._timeout = timeout

    @cached_property
    def _context(self) -> "Context | None":
        """The current Docker context, where no `$DOCKER_HOST` takes its place."""
        from docker.context import ContextAPI

        return None if os.environ.get("DOCKER_HOST") else ContextAPI.get_current_context()

    @property
    def _builder(self) -> str | None:
        """The engine's own builder: another one sees neither its images nor its registries. A chosen one is kept."""
        if os.environ.get("BUILDX_BUILDER"):
            return None
        return "default" if self._context is None else str(self._context.Name)

    def _client(self, *, timeout: int) -> "DockerClient":
        import docker

        if self._context is None or self._context.Host is None:
            return docker.from_env(timeout=timeout)
        tls = self._context.TLSConfig or False
        return docker.DockerClient(base_url=self._context.Host, tls=tls, timeout=timeout)

    @cached_property
    def _ask(self) -> "DockerClient":
        return self._client(timeout=math.ceil(self._timeout))

    @cached_property
    def _work(self) -> "DockerClient":
        return self._client(timeout=WORK_SECONDS)

    def _login(self, reference: str) -> dict[str, str]:
        """For the registry of a reference; the SDK would wait for a credential helper without a limit."""
        repository = ImageReference.split(reference).repository
        return login.entry(locate(repository).host, repository, timeout=self._timeout)

    def ping(self) -> None:
        """Raise `UnreachableError` unless the engine answers."""
        import docker.errors
        import requests

        try:
            self._ask.ping()
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise UnreachableError(
                "No Docker engine answers.",
                why=first_line(error),
                fix="start Docker, or set DOCKER_HOST; `deploykit render DIR` and `image --push` need none",
            ) from None

    def answers(self) -> bool:
        """Whether there is an engine to ask."""
        try:
            self.ping()
        except UnreachableError:
            return False
        return True

    def digest(self, reference: str) -> str | None:
        """The digest of a reference in its registry, as the engine sees it; None where the registry says it is absent.

        A registry that cannot be asked raises `UnreachableError`: that is never the same as absent.
        """
        import docker.errors

        what = f"The registry of {reference} could not be asked."
        fix = "check the name, the network and `docker login`; some registries want the repository made first"
        with asking(reference, what, fix=fix):
            try:
                answer = self._ask.api.inspect_distribution(reference, auth_config=self._login(reference))  # type: ignore[no-untyped-call] # not in the stubs
            except docker.errors.APIError as error:
                if _ABSENT.search(str(error.explanation or error).lower()):
                    return None
                raise
        digest: str = answer["Descriptor"]["digest"]
        return digest

    def local(self, reference: str) -> LocalImage | None:
        """The image that the engine holds under a reference, if it does; `UnreachableError` where it does not say."""
        import docker.errors

        what = f"The Docker engine does not say whether it holds {reference}."
        with asking(reference, what, fix="docker version; a longer --timeout where the engine is busy"):
            try:
                attributes = self._ask.images.get(reference).attrs
            except docker.errors.NotFound:
                return None
        return LocalImage(
            id=attributes["Id"],
            platform=f"{attributes['Os']}/{attributes['Architecture']}",
            repo_digests=tuple(attributes.get("RepoDigests") or ()),
            labels=attributes["Config"].get("Labels") or {},
        )

    def pull(self, reference: str, *, platform: str, progress: Progress) -> None:
        """Pull an image by tag or digest."""
        progress.step(f"Pulling {reference}")
        entry = self._login(reference)

        def events() -> Iterator[Mapping[str, Any]]:  # for which the SDK sets no limit
            yield from self._work.api.pull(reference, platform=platform, stream=True, decode=True, auth_config=entry)

        with failing(f"{reference} could not be pulled.", TimeoutError):
            for event in each_within(WORK_SECONDS, events()):
                raise_for(event, f"{reference} could not be pulled.")
                detail = event.get("progressDetail") or {}
                if event.get("status") == "Downloading" and detail.get("total"):
                    progress.advance(event["id"], detail["current"], detail["total"])

    def run(self, image: str, command: list[str], *, platform: str, **options: object) -> Finished:
        """Run a command in a new container without a network, and return how it ended; the container is removed."""
        with self.container(image, command, network="none", platform=platform, **options) as it:
            it.start()
            return self.finish(it)

    def finish(self, container: "Container", *, timeout: int = WORK_SECONDS) -> Finished:
        """Wait until a container has ended."""
        import requests

        try:
            status = container.wait(timeout=timeout)["StatusCode"]
        except requests.RequestException:
            raise BuildError(
                f"A container did not end within {timeout} s.",
                why=container.logs(tail=20).decode(errors="replace"),
            ) from None
        return Finished(status=status, output=container.logs().decode(errors="replace"))

    @contextmanager
    def container(self, image: str, command: list[str] | None, **options: object) -> "Iterator[Container]":
        """A created container, removed at the end whatever happens; one that cannot be removed fails nothing."""
        import docker.errors
        import requests

        with failing(f"A container of {image} could not be made."):
            container = self._work.containers.create(image, command, **_given(options))
        try:
            with failing(f"A container of {image} could not be used."):
                yield container
        finally:
            with suppress(docker.errors.APIError, requests.RequestException):
                container.remove(force=True, v=True)

    def build(
        self,
        context: Path,
        *,
        tag: str,
        platform: str,
        build_args: Mapping[str, str],
        network: str | None,
        progress: Progress,
    ) -> None:
        """Build a context: with buildx where the Docker client has it, else through the SDK."""
        if has_buildx():
            command = buildx_command(
                context, tag=tag, platform=platform, build_args=build_args, network=network, builder=self._builder
            )
            run_logged(command, progress, silence=WORK_SECONDS)
            return
        with failing("The image could not be built.", TimeoutError):
            events = self._work.api.build(
                path=str(context),
                tag=tag,
                platform=platform,
                buildargs=dict(build_args),
                network_mode=network,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=WORK_SECONDS,
            )
            follow(events, progress)

    def tag(self, image: str, repository: str, tag: str) -> None:
        """Give an image another name."""
        with failing(f"{repository}:{tag} could not be tagged."):
            self._work.api.tag(image, repository, tag)

    def untag(self, reference: str) -> None:
        """Take a name from an image; layers stay cached. One that cannot be taken away fails nothing."""
        import docker.errors
        import requests

        with suppress(docker.errors.APIError, requests.RequestException):
            self._work.api.remove_image(reference, noprune=True)

    def push(self, repository: str, tag: str, *, progress: Progress) -> str:
        """Push a tag and return the digest that the registry gave it; raises `BuildError`, and `RegistryFailedError`
        where the registry failed at what Docker does not try again: all but layers.
        """
        what = f"{repository}:{tag} could not be pushed."
        digest, error, trying_again = "", "", set[str]()
        with failing(what), pushing(repository):
            entry = self._login(repository)
            for event in self._work.api.push(repository, tag=tag, stream=True, decode=True, auth_config=entry):
                error = str(event.get("error") or error)
                status, layer = str(event.get("status")), str(event.get("id"))
                if status.startswith("Retrying"):
                    trying_again.add(layer)
                elif status in ("Pushed", "Layer already exists"):
                    trying_again.discard(layer)
                detail = event.get("progressDetail") or {}
                if status == "Pushing" and detail.get("total"):
                    progress.advance(layer, min(detail["current"], detail["total"]), detail["total"])
                digest = (event.get("aux") or {}).get("Digest", digest)
        if _REGISTRY_FAILED.search(error) and not trying_again:
            raise RegistryFailedError(what, why=error)
        if error or not digest:
            raise BuildError(what, why=error or "The engine reported no digest.")
        return digest


def _given(options: Mapping[str, object]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
