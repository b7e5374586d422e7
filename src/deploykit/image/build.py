"""From a plan to an image: only what is missing is built, verified and pushed."""

import hashlib
import os
from dataclasses import dataclass

from deploykit import cache
from deploykit.errors import BuildError, IncompatibleError
from deploykit.image import context, extras, integrity, java, lock, wheelhouse
from deploykit.image.builder import proxy_settings
from deploykit.image.engine import Engine, RegistryFailedError
from deploykit.image.label_names import INPUTS
from deploykit.image.verify import verify
from deploykit.plan import REGISTRY, Plan
from deploykit.progress import Progress
from deploykit.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Result:
    """`digest` is empty for an image that was not pushed; `id` for one that only the registry has.

    `pushed`: the image, or a part of it that its registry had lost.
    """

    reference: str
    digest: str
    id: str
    built: bool
    pushed: bool

    @property
    def exact(self) -> str:
        """What names this image and no other: the reference with its digest, or the image id."""
        return f"{self.reference}@{self.digest}" if self.digest else self.id


def build(plan: Plan, *, push: bool, verified: bool, engine: Engine, progress: Progress) -> Result:
    """Make sure that the image exists: in the registry, all of it, when `push`, else in the engine."""
    if plan.engine == REGISTRY:
        from deploykit.image.append.run import append

        return append(plan, push=push, verified=verified, progress=progress)
    if plan.base.inventory.assumed:
        raise IncompatibleError(
            f"What is in {plan.base.reference} is only assumed; an image is built on what was read.",
            fix="an engine that can pull it",
        )
    # One at a time on this machine: the second one finds what the first one made.
    with cache.only_one(f"build-{hashlib.sha256(plan.reference.encode()).hexdigest()}", progress=progress):
        if not push:
            built, local = _local(plan, verified=verified, engine=engine, progress=progress)
            return Result(reference=plan.reference, digest="", id=local, built=built, pushed=False)
        return _pushed(plan, verified=verified, engine=engine, progress=progress)


def _pushed(plan: Plan, *, verified: bool, engine: Engine, progress: Progress) -> Result:
    registry = Registry.of(plan.repository, plan, progress=progress)
    built, local, pushed = False, "", False
    if digest := registry.digest(plan.tag):
        progress.step(f"{plan.reference} is in the registry: nothing to build")
    else:
        built, local = _local(plan, verified=verified, engine=engine, progress=progress)
        # Asked again: another machine may have pushed it meanwhile, and a tag that is there is not pushed over.
        digest = registry.digest(plan.tag)
    if digest is None:
        progress.step(f"Pushing {plan.reference}")
        digest, pushed = _push(plan, registry, engine=engine, progress=progress)

    def again() -> str | None:
        image = engine.local(plan.reference)
        if image is None or f"{plan.repository}@{digest}" not in image.repo_digests:
            return None
        return engine.push(plan.repository, plan.tag, progress=progress)

    healed = integrity.ensure(plan, digest, registry=registry, again=again, progress=progress)
    return Result(reference=plan.reference, digest=digest, id=local, built=built, pushed=pushed or healed)


def _push(plan: Plan, registry: Registry, *, engine: Engine, progress: Progress) -> tuple[str, bool]:
    """The digest that the registry has, and whether it is this machine's image.

    A registry may fail because another machine pushes the same at the same time; what is there is not sent again.
    """
    try:
        return engine.push(plan.repository, plan.tag, progress=progress), True
    except RegistryFailedError as error:
        progress.step(f"The registry failed, and is pushed to once more: {error.why}")
    if theirs := registry.digest(plan.tag):
        return theirs, False
    return engine.push(plan.repository, plan.tag, progress=progress), True


def _local(plan: Plan, *, verified: bool, engine: Engine, progress: Progress) -> tuple[bool, str]:
    """The image in the engine: whether it had to be built, and its id."""
    local = engine.local(plan.reference)
    built = local is None or local.labels.get(INPUTS) != plan.inputs
    if built:
        _build(plan, verified=verified, engine=engine, progress=progress)
        local = engine.local(plan.reference)
    else:
        progress.step(f"{plan.reference} is there: nothing to build")
        if verified:
            _verify_once(plan.reference, plan, engine=engine, progress=progress)
    return built, "" if local is None else local.id


def _build(plan: Plan, *, verified: bool, engine: Engine, progress: Progress) -> None:
    """Build under a name of its own; the tag is given only to an image that was verified."""
    unverified = f"deploykit-unverified:{plan.inputs[:16]}-{os.getpid()}"
    fits = lock.target(plan.base.inventory)
    progress.step("Fetching the client")
    pyspark = wheelhouse.pyspark(
        plan.spark, plan.line, fits, jars=plan.profile.jars, ca_file=plan.ca_file, progress=progress
    )
    dependencies = wheelhouse.dependencies(plan.lock.added, fits, ca_file=plan.ca_file, progress=progress)
    asked = extras.fetch(plan.extras, fits, mirror=plan.maven_mirror, ca_file=plan.ca_file, progress=progress)
    with cache.scratch() as folder:
        context.write(plan, folder / "context", dependencies=dependencies, pyspark=pyspark, extras=asked, link=True)
        progress.step(f"Building {plan.reference}")
        try:
            engine.build(
                folder / "context",
                tag=unverified,
                platform=plan.platform,
                build_args=proxy_settings(),
                network=plan.network,
                progress=progress,
            )
        except BuildError:
            java.forget(plan)
            raise
    try:
        if verified:
            _verify_once(unverified, plan, engine=engine, progress=progress)
        engine.tag(unverified, plan.repository, plan.tag)
    finally:
        engine.untag(unverified)


def _verify_once(image: str, plan: Plan, *, engine: Engine, progress: Progress) -> None:
    """Verify an image unless this very one was: it may have been built before with `--no-verify`."""
    local = engine.local(image)
    key = "" if local is None else local.id.replace(":", "-")
    if cache.read_json("verified", key) is not None:
        progress.step("This very image was verified before")
    else:
        verify(image, plan, engine=engine, progress=progress)
        cache.write_json("verified", key, {"reference": plan.reference})
