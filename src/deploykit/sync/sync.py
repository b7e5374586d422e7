"""One environment's sync: each step can be repeated, and a kill between any two leaves registry and values whole."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

from deploykit import files
from deploykit.deploy import values_image
from deploykit.errors import DeploykitError, unusable
from deploykit.image.label_names import BASE_NAME
from deploykit.image_reference import ImageReference
from deploykit.progress import Progress
from deploykit.registry import Registry
from deploykit.sync import ask, client, find, record
from deploykit.sync.drift import Labels, Wanted, compare
from deploykit.sync.environment import Environment
from deploykit.sync.find import Found
from deploykit.sync.outcome import Options, Outcome
from deploykit.sync.record import Entry, Record

WAIT_SECONDS = 1800.0
"""How long to wait for another sync, which may be building."""
TRIAL = ImageReference("registry.example/mage-ilum", "0.0.0-spark0.0.0-slim-00000000", "sha256:" + "0" * 64)


def run(environment: Environment, options: Options, *, progress: Progress) -> Outcome:
    """Sync one environment; what a person can act on is in `Outcome.error`, and is not raised."""
    outcome = Outcome(environment=environment, checked=options.check)
    began = time.monotonic()
    try:
        if options.check:
            _sync(outcome, options, progress)
        else:
            folder = environment.values.resolve().parent
            folder.mkdir(parents=True, exist_ok=True)
            with files.only_one(folder, f"at work in {folder}", progress=progress, seconds=WAIT_SECONDS):
                _sync(outcome, options, progress)
    except DeploykitError as error:
        outcome.error = error
    except OSError as error:  # such as a full disk; the other environments may do without it
        outcome.error = unusable(error)
    outcome.seconds = time.monotonic() - began
    return outcome


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """What an image has to be, and the one that is it; None where a new one has to be made."""

    wanted: Wanted
    found: Found | None


def _sync(outcome: Outcome, options: Options, progress: Progress) -> None:
    environment, request = outcome.environment, outcome.environment.request
    kept = _read(outcome)
    outcome.server = ask.server(environment, max_wait=options.max_wait, progress=progress)
    asked = client.wanted(environment, outcome.server)
    registry = Registry.of(request.repository, request, progress=progress)
    present, known = _deployed(outcome.before, kept, registry, platform=request.platform)
    digest = "" if known is None else find.base_digest(asked.base, known, request)
    wanted = replace(asked.where_it_runs(known), base_digest=digest)
    outcome.drift = compare(wanted, outcome.before, present=present, labels=known)
    if outcome.acts:
        first = _search(outcome, wanted, kept, registry, progress)
    else:
        first = _Choice(wanted=wanted, found=_as_it_is(outcome.before, known))
    choice = _look_closer(outcome, first, registry, progress) if options.full else first
    _refuse(choice)
    image = choice.found
    if outcome.acts and not options.check:
        image = _settle(outcome, choice, options, registry, progress)
        _write(outcome, image)
    if image is not None and image.whole:
        outcome.after, outcome.labels = image.image, image.labels


def _read(outcome: Outcome) -> Record:
    """The record, and what is deployed; a values file that could not be written is refused before anybody is asked."""
    values = outcome.environment.values
    text = values_image.read(values)
    outcome.before = values_image.image(text, where=values)
    values_image.with_image(text, TRIAL, where=values)
    kept = record.read(record.path(values))
    if text is None:
        outcome.notes += (f"There was no {values}: what a sync writes is a new file of that name.",)
    if kept.problem:
        outcome.notes += (kept.problem,)
    return kept


def _as_it_is(deployed: ImageReference | None, known: Labels | None) -> Found | None:
    return None if deployed is None or known is None else Found(image=deployed, labels=known, whole=True)


def _search(outcome: Outcome, wanted: Wanted, kept: Record, registry: Registry, progress: Progress) -> _Choice:
    """The image to deploy in the place of the one that drifted, if the registry has one."""
    assert outcome.server is not None
    client.refuse_doubt(outcome.environment, outcome.server)
    for drift in outcome.drift:
        progress.step(f"Drift of {drift}")
    digest = wanted.base_digest or find.base_digest(wanted.base, None, wanted.request)
    exact = replace(wanted, base_digest=digest)
    return _Choice(wanted=exact, found=find.fitting(exact, registry=registry, record=kept, say=progress.step))


def _look_closer(outcome: Outcome, choice: _Choice, registry: Registry, progress: Progress) -> _Choice:
    """Look for the other kinds of drift: where one acts, what is wanted is a new image."""
    from deploykit.sync import full

    if (found := choice.found) is None:
        return choice
    progress.step(f"Looking closer at {found.image.tag}")
    looked = full.look(outcome.environment, found, choice.wanted, registry=registry, progress=progress)
    outcome.drift += looked.drift
    outcome.notes += looked.notes
    for drift in looked.drift:
        progress.step(f"Drift of {drift} ({drift.policy})")
    return _Choice(wanted=looked.wanted, found=None if any(drift.acts for drift in looked.drift) else found)


def _refuse(choice: _Choice) -> None:
    """Raise `IncompatibleError` for an image that could not be made, or not take the place of the deployed one."""
    if choice.found is None or not choice.found.whole:
        client.refuse_an_index(choice.wanted)
    if choice.found is None:
        client.refuse_what_cannot_be_carried(choice.wanted)


def _settle(outcome: Outcome, choice: _Choice, options: Options, registry: Registry, progress: Progress) -> Found:
    """The image in the registry, whole and with what belongs to it: the one that was found, else a new one."""
    from deploykit.supply_chain import ready
    from deploykit.sync import publish

    assert outcome.server is not None
    if options.sign_key:
        ready(options.sign_key)
    target = publish.Target(
        wanted=choice.wanted,
        detection=outcome.server.detection,
        registry=registry,
        sign_key=options.sign_key,
        progress=progress,
    )
    if (found := choice.found) is not None and found.whole:
        note = publish.completed(found, target)
        outcome.notes += (note,) if note else ()
        return found
    made = publish.make(target, verified=options.verified)
    outcome.built, outcome.pushed = made.built, made.pushed
    if made.image == outcome.before and not made.pushed:
        outcome.notes += ("Made from what is newest now, the image is the one that is deployed.",)
    # The plan took this base for the one in the label: they are the same by digest.
    return Found(image=made.image, labels={**made.labels, BASE_NAME: choice.wanted.base}, whole=True)


def _deployed(
    image: ImageReference | None, kept: Record, registry: Registry, *, platform: str
) -> tuple[bool, Labels | None]:
    """Whether the deployed image is in the registry, and its labels: one question where the record knows them."""
    if image is None or not image.digest or image.repository != registry.repository:
        return False, kept.labels(image)
    if (known := kept.labels(image)) is not None:
        return registry.digest(image.digest) is not None, known
    known = find.labels(registry, image.digest, platform=platform)
    return known is not None, known


def _write(outcome: Outcome, found: Found) -> None:
    """The record first: killed before the values are written, the next sync takes the image from it and goes on.

    Both are read again: a build takes minutes, in which a person may have edited them.
    """
    assert outcome.server is not None
    values = outcome.environment.values
    text = values_image.read(values)
    kept = record.read(record.path(values))
    fresh = values_image.with_image(text, found.image, where=values)
    if fresh == text:
        return
    entry = Entry(
        at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        server=str(outcome.server.version),
        image=str(found.image),
        why=tuple(map(str, outcome.drift)),
        deploykit=version("deploykit"),
    )
    if kept.problem:
        record.set_aside(record.path(values))
    for file, new in ((record.path(values), record.to_text(kept.having(entry, found.labels))), (values, fresh)):
        files.write(file, new, fix="another --values", alone=True)
    outcome.changed = True
