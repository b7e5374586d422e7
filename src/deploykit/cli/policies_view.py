"""What policies allow, as a person reads it and as JSON: the table, a reason for each cell, and what looks wrong."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from deploykit import files
from deploykit.cli import output
from deploykit.cli.output import Json
from deploykit.deploy.policies import Answer, Finding, Network, explain, notes, patch
from deploykit.deploy.policies.allowed import Allowed
from deploykit.deploy.policies.explain import reason
from deploykit.kubernetes_api import Item

_WORDS: Mapping[bool | None, str] = {True: "yes", False: "no", None: "?"}


def verdict(answer: Answer) -> bool | None:
    """Whether policies allow it; `None` where there is nothing that they could judge."""
    return answer.allowed if answer.paths else None


def show(found: Allowed) -> None:
    """Print the table, its reasons, and what is to be said besides."""
    show_table(found)
    said = (*remarks(found),)
    for line in ("", *reasons(found), *(("", *said) if said else ())):
        output.data(line)
    if found.patches:
        denied = ", ".join(dict.fromkeys(kind for kind, _ in found.missing))
        output.data(f"Policies deny {denied} what it needs; `deploykit policies --patch FILE` writes what allows it.")


def show_table(found: Allowed) -> None:
    """Print the table alone."""
    output.table(*rows(found))
    if any(column.assumed for column in found.destinations.columns):
        output.data("* nobody has seen it: what rules name, or almost every cluster has, stands for it")


def rows(found: Allowed) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The header and the rows of the table: destinations down, kinds of pods across."""
    lines = []
    for column in found.destinations.columns:
        cells = (_WORDS[verdict(row[column.name])] for row in found.table.values())
        lines.append((f"--> {column.name}{' *' if column.assumed else ''}", *cells))
    return ("policies let", *found.kinds), lines


def reasons(found: Allowed) -> Iterator[str]:
    """For each cell, what allows it, or what would have to change; kinds with the same reason share a line."""
    for column in found.destinations.columns:
        said: dict[tuple[str, str], list[str]] = {}
        for kind, row in found.table.items():
            answer = row[column.name]
            said.setdefault((_WORDS[verdict(answer)], reason(found.network, answer)), []).append(kind)
        yield f"--> {column.name}"
        yield from (f"    {word:<4} {', '.join(kinds)}: {why}" for (word, why), kinds in said.items())


def remarks(found: Allowed) -> Iterator[str]:
    """What could not be judged, where plugins differ, and what is probably not meant."""
    yield from found.destinations.unjudged
    answers = [answer for row in found.table.values() for answer in row.values() if answer.allowed]
    answers += [answer for _, answer in found.missing]
    yield from dict.fromkeys(note.sentence for answer in answers for note in notes(found.network, answer))
    yield from (f"Warning: {finding(one)}" for one in found.findings)


def finding(one: Finding) -> str:
    """A finding on one line."""
    return f"{one.code}: {one.about}: {one.sentence} To do: {one.fix}."


def as_json(found: Allowed) -> Json:
    """All of it, by stable names."""
    return {
        "namespace": found.namespace,
        "kinds": {kind: str(pod) for kind, pod in found.kinds.items()},
        "destinations": [
            {"name": one.name, "port": one.port, "protocol": one.protocol, "assumed": one.assumed}
            for one in found.destinations.columns
        ],
        "cells": [
            {"kind": kind, "destination": name, **answer_json(found.network, answer)}
            for kind, row in found.table.items()
            for name, answer in row.items()
        ],
        "unjudged": found.destinations.unjudged,
        "findings": [
            {"code": str(one.code), "about": one.about, "sentence": one.sentence, "fix": one.fix}
            for one in found.findings
        ],
        "missing": found.patches,
    }


def answer_json(network: Network, answer: Answer) -> dict[str, Json]:
    """One answer: may it, which policies select the pods, which rules allow it, why in sentences, and a patch."""
    decisions = [decision for path in answer.paths for decision in path.decisions]
    return {
        "allowed": verdict(answer),
        "reason": reason(network, answer),
        "explanation": explain(network, answer),
        "policies": _once(str(policy) for one in decisions for policy in one.policies),
        "rules": _once(str(ref) for one in decisions for ref in one.allowed_by),
        "notes": [{"code": note.code, "sentence": note.sentence} for note in notes(network, answer)],
        "patch": patch(answer),
    }


def patches_yaml(items: Sequence[Item]) -> str:
    """NetworkPolicies as the text that `kubectl apply` takes."""
    import yaml

    text: str = yaml.safe_dump_all(items, sort_keys=False)
    return text


def write_patches(path: Path | None, items: Sequence[Item]) -> None:
    """Write them where `--patch` says, if it does and there are any."""
    if path is not None and items:
        files.write(path, patches_yaml(items), fix="another --patch")
        output.talk(f"Wrote {len(items)} NetworkPolicies to {path}")
    elif path is not None:
        output.talk(f"Nothing was written to {path}: there is no NetworkPolicy to add")


def _once(words: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(words))
