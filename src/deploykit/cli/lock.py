"""`deploykit lock`: refresh the locks in `images/mage/locks` of a checkout."""

import click

from deploykit import catalog, files
from deploykit.catalog import Extra, SparkLine
from deploykit.cli import output
from deploykit.errors import IncompatibleError
from deploykit.image import base, committed, lock
from deploykit.image.engine import Engine
from deploykit.image.platform import host_platform


@click.command()
@click.option("--base", "reference", envvar="DEPLOYKIT_BASE", help="The Mage image to resolve against.")
@click.option("--check", is_flag=True, help="Write nothing; exit 5 where a lock would change.")
@output.format_option
def command(*, reference: str | None, check: bool, output_format: str) -> int:
    """Refresh the committed locks: every Spark line that the base can carry, and every extra, for both platforms."""
    known = catalog.load()
    engine = Engine()
    engine.ping()
    name = reference or known.mage[known.defaults.mage].reference
    found = base.resolve(name, platform=host_platform(), engine=engine, progress=output.progress())
    changed: list[str] = []
    everything: tuple[SparkLine | Extra, ...] = (*known.lines.values(), *known.extras.values())
    for what in everything:
        try:
            if isinstance(what, SparkLine):
                newest = known.newest_patch(what.line)
                lock.refuse_what_cannot_fit(newest, what, found.inventory, known, base=name)
            pins = lock.for_every_platform(what, found.inventory, known, base=name)
        except IncompatibleError as error:
            output.talk(f"{f'Spark {what.line}' if isinstance(what, SparkLine) else what.name}: left out. {error.what}")
            continue
        fresh = committed.to_toml(pins)
        path = committed.path(pins.mage, pins.of, pins.python)
        if path.is_file() and path.read_text(encoding="utf-8") == fresh:
            continue
        changed.append(str(path))
        if not check:
            files.write(path, fresh, fix="a checkout of your own")
    output.data_list(changed, output_format)
    return 5 if check and changed else 0
