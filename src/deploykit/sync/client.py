"""Which client the servers ask for. What is not safe is refused, and what is deployed stays."""

from deploykit import catalog
from deploykit.catalog import Catalog
from deploykit.compat import client_for
from deploykit.detect.evidence import Detection, Evidence
from deploykit.errors import IncompatibleError
from deploykit.image import lock
from deploykit.image.base import remembered
from deploykit.image.platform import MACHINES
from deploykit.planning import base_reference
from deploykit.request import Request
from deploykit.sync.ask import Server
from deploykit.sync.drift import Kind, Policy, Wanted
from deploykit.sync.environment import Environment
from deploykit.versions import SparkVersion

_STAYS = "The image that is deployed stays: an older client works with a newer server."


def wanted(environment: Environment, found: Server) -> Wanted:
    """What the image has to be; raises `IncompatibleError` where no client could be right."""
    known = catalog.load()
    request = environment.request
    client = client_for(
        found.version,
        request.client,
        known,
        where=found.where,
        because=_sharing(found),
        fix=f'client = "{found.version.release}" or none, or an environment of its own for each server',
    )
    if client.line not in known.lines:
        raise IncompatibleError(
            f"Spark {found.version} at {found.where} is of a line that this deploykit does not know.",
            why=f"Known are {', '.join(known.lines)}: what a client of another line needs was never measured. {_STAYS}",
            fix=f"a newer deploykit, or {_older_client(client, request, known)}",
        )
    newer_patch = not request.client and environment.policies[Kind.PATCH] is Policy.REBUILD
    return Wanted(
        client=max(client, known.newest_patch(client.line)) if newer_patch else client,
        server=found.version,
        request=request,
        base=base_reference(request, known),
        because=_because(request, found),
        newer_patch=newer_patch,
        any_platform=environment.request.any_platform,
    )


def refuse_doubt(environment: Environment, found: Server) -> None:
    """Raise `IncompatibleError` where the evidence is too weak to change an image for, or contradicts itself."""
    detection = found.detection
    if detection is None:
        return
    said = "; ".join(f"{item.where}: the {item.source} says {item.version}" for item in detection.evidence)
    rivals = {item.version.key for item in _strongest(detection)}
    if len(rivals) > 1:
        raise IncompatibleError(
            f"The evidence leaves open which Spark runs at {found.where}.",
            why=f"{said}.",
            fix='wait until all of it runs the same Spark; or name the server itself, as in server = "sc://host:15002"',
        )
    if detection.confidence >= environment.confidence:
        return
    raise IncompatibleError(
        f"That Spark {found.version} runs there is not sure enough to change the image for it: {detection.confidence}.",
        why=f"{said}.",
        fix='name the server itself, as in server = "sc://host:15002"; or confidence = '
        f'"{detection.confidence}", which takes such a word for it',
    )


def _strongest(found: Detection) -> list[Evidence]:
    """What says most surely which version the deciding server runs."""
    deciding = [item for item in found.evidence if item.confidence is found.confidence]
    server = next((item.server for item in deciding if item.version == found.version), "")
    return [item for item in deciding if item.server == server]


def _sharing(found: Server) -> str:
    servers = _servers(found)
    return f"{servers} servers share the image, and the oldest decides. " if servers > 1 else ""


def _because(request: Request, found: Server) -> str:
    if request.client:
        return "the client that is pinned"
    return f"as {found.where} is the oldest" if _servers(found) > 1 else ""


def _servers(found: Server) -> int:
    """How many of them share the image."""
    return 0 if found.detection is None else len({item.server for item in found.detection.evidence})


def refuse_an_index(wanted: Wanted) -> None:
    """Raise `IncompatibleError` where only an index of several platforms could take the place of the deployed one."""
    if not wanted.index_of:
        return
    platforms, spark = wanted.index_of.split(","), wanted.client.release
    named = " --also-".join(f"platform {platform}" for platform in platforms)
    ours = {*platforms} <= {*MACHINES.values()}
    make = f"deploykit image --push --spark {spark} --{named}, and sync again; or " if ours else ""
    raise IncompatibleError(
        f"What is deployed is an index of {' and '.join(platforms)}, and the registry has no such for Spark {spark}.",
        why=f"A sync makes the image of one platform, which the nodes of the others could not run. {_STAYS}",
        fix=f"{make}name one platform in deploykit.toml",
    )


def refuse_what_cannot_be_carried(wanted: Wanted) -> None:
    """Raise `IncompatibleError` where this Mage is known not to carry the client; asks nobody.

    What is in a base that nobody read yet is not known: the build reads it, and refuses then.
    """
    known = catalog.load()
    found = remembered(wanted.base, platform=wanted.request.platform, catalog=known)
    if found is None:
        return
    try:
        lock.refuse_what_cannot_fit(
            wanted.client, known.line(wanted.client), found.inventory, known, base=found.reference
        )
    except IncompatibleError as error:
        raise IncompatibleError(error.what, why=f"{error.why} {_STAYS}", fix=error.fix) from None


def _older_client(version: SparkVersion, request: Request, known: Catalog) -> str:
    """The newest client of a known line that this Mage carries or, where it was never read, the usual one."""
    usual = known.mage[known.defaults.mage].reference
    for reference in (base_reference(request, known), usual):
        if found := remembered(reference, platform=request.platform, catalog=known):
            return lock.older_client(version, found.inventory, known)
    return "a pinned, older client"
