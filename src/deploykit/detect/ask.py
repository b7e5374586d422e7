"""Ask every source that is named, side by side, and merge what they say."""

import importlib
from collections.abc import Iterator, Sequence
from functools import partial

from deploykit.detect.evidence import Detection, NotAsked, merge
from deploykit.detect.side_by_side import Answer, Source, ask_all
from deploykit.detect.where import Where
from deploykit.errors import UnreachableError
from mage_ilum.deadline import Deadline

SERVER = "server"


def detect(where: Where, *, timeout: float, partial_answer: bool = False) -> Detection:
    """Which Spark runs there; all sources together have `timeout` seconds.

    Raises `UnreachableError` where none names a version; and, unless a `partial_answer` will do, where one of several
    servers is silent: the oldest decides, and it may be that one. Raises `UsageError` for an address or a kubeconfig
    that cannot be used, and `IncompatibleError` for a server whose answer is no version.
    """
    whole = Deadline(timeout)
    _import(where)
    limit = Deadline(round(max(whole.left, timeout / 2), 2))  # on a busy machine a server is not silent all the same
    answer = ask_all(_sources(where, limit), limit)
    silent = [item for item in answer.not_asked if item.source == SERVER]
    if silent and len(set(where.servers)) > 1 and not partial_answer:
        raise UnreachableError(
            f"{len(silent)} of {len(set(where.servers))} servers do not answer, and the oldest decides.",
            why=" ".join(item.why for item in silent),
            fix=silent[0].error.fix,
        )
    not_asked = sorted(answer.not_asked, key=lambda item: (item.source, item.why))
    if not answer.evidence:
        raise _nothing(not_asked, answer.unclear)
    return merge(answer.evidence, unclear=sorted(answer.unclear), not_asked=not_asked)


def _sources(where: Where, limit: Deadline) -> Iterator[Source]:
    for server in dict.fromkeys(where.servers):
        yield Source(SERVER, partial(_server, server, limit))
    if where.namespace or where.helm_release:
        yield Source("Kubernetes API", partial(_cluster, where, limit))
    if where.ilum_core:
        yield Source("Ilum API", partial(_core, where, limit))


def _server(url: str, limit: Deadline) -> Answer:
    from deploykit.detect import connect

    return Answer(evidence=(connect.ask(url, limit.left),))


def _cluster(where: Where, limit: Deadline) -> Answer:
    from deploykit.detect import cluster

    return cluster.ask(where, limit)


def _core(where: Where, limit: Deadline) -> Answer:
    from deploykit.detect import core

    return core.ask(where.ilum_core or "", limit, ca_file=where.ca_file)


def _import(where: Where) -> None:
    """What the sources need."""
    cluster = where.namespace or where.helm_release
    for name, wanted in (("grpc", where.servers), ("kubernetes", cluster), ("requests", where.ilum_core)):
        if wanted:
            importlib.import_module(name)


def _nothing(not_asked: list[NotAsked], unclear: Sequence[str]) -> UnreachableError:
    """The error of the one source; of several, what each met."""
    if len(not_asked) == 1 and not unclear:
        return not_asked[0].error
    return UnreachableError(
        "Nothing says for sure which Spark runs there.",
        why=" ".join((*unclear, *(item.why for item in not_asked))),
        fix=not_asked[0].error.fix if not_asked else "deploykit detect sc://host:15002",
    )
