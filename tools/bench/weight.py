"""What an image weighs over its base, and what a new Spark patch version costs."""

from engine import NotHereError, build_guides, build_ours, fetch, forget_wheels, on_a_fresh_base, place, size
from registry import new_bytes
from row import Row, megabytes, not_measured, seconds

SPARK, NEXT, AFTER_NEXT = "4.1.1", "4.1.2", "4.1.3"


def _over(image: str, below: str) -> tuple[int, int]:
    """Bytes that an image adds to another one: on disk, and compressed."""
    return size(image) - size(below), new_bytes(image, below)


def _row(what: str, added: tuple[int, int], bars: tuple[int, int], guide: tuple[int, int] | None = None) -> Row:
    return Row(
        what=what,
        measured=" / ".join(map(megabytes, added)),
        bar=" / ".join(f"≤ {bar} MB" for bar in bars),
        guide="-" if guide is None else " / ".join(map(megabytes, guide)),
        holds=all(value <= bar * 1e6 for value, bar in zip(added, bars, strict=True)),
    )


def sizes() -> list[Row]:
    """Each profile without its warm layer, and that layer on top."""
    what = f"image over base, on disk / compressed, `connect`, Spark {SPARK}"
    try:
        where = place()
    except NotHereError as error:
        return [not_measured(what, "≤ 125 MB / ≤ 60 MB", str(error))]
    connect = build_ours(SPARK, where, "--profile", "connect", "--no-warm")
    slim = build_ours(SPARK, where, "--profile", "slim", "--no-warm")
    warm = build_ours(SPARK, where, "--profile", "connect")
    guide = build_guides(SPARK, where)
    return [
        _row(what, _over(connect, where.base), (125, 60), _over(guide, where.base)),
        _row("the same, `slim`", _over(slim, where.base), (70, 23)),
        _row("the warm layer on top", _over(warm, connect), (45, 16)),
    ]


def patch_change() -> list[Row]:
    """From one Spark patch version to the next; the base and the first image are in engine and registry already."""
    what = "bytes pushed when only Spark's patch version changes"
    try:
        where = on_a_fresh_base(place())
    except NotHereError as error:
        return [not_measured(what, "≤ 10 MB", str(error))]
    ours, guides = build_ours(SPARK, where), build_guides(SPARK, where)
    forget_wheels(NEXT)
    guide, guide_seconds = seconds(lambda: build_guides(NEXT, where))
    cold, cold_seconds = seconds(lambda: build_ours(NEXT, where))
    fetch(AFTER_NEXT)
    _, cached_seconds = seconds(lambda: build_ours(AFTER_NEXT, where))
    pushed = new_bytes(cold, ours)
    return [
        Row(what, megabytes(pushed), "≤ 10 MB", megabytes(new_bytes(guide, guides)), pushed <= 10e6),
        _time("build + push for that change, without `verify`, wheel not cached", cold_seconds, guide_seconds, 0.8),
        _time("the same, wheel cached", cached_seconds, guide_seconds, 0.2),
    ]


def _time(what: str, ours: float, guide: float, bar: float) -> Row:
    return Row(
        what=what,
        measured=f"{ours:.1f} s, {ours / guide:.2f} x",
        bar=f"≤ {bar} x",
        guide=f"{guide:.1f} s",
        holds=ours <= bar * guide,
    )
