"""The layers of a plan, in order, each with the way to make it here."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from deploykit.errors import BuildError
from deploykit.image import extras, lock, wheelhouse
from deploykit.image.layers import interpreter, jre, trees
from deploykit.image.layers.interpreter import Interpreter
from deploykit.image.layers.keys import keys
from deploykit.image.layers.layer import Layer, made
from deploykit.image.layers.trees import BaseFiles
from deploykit.image.wheelhouse import Wheel
from deploykit.plan import RECORDING, WARM, Plan
from deploykit.progress import Progress

Fill = Callable[[Path, Path, Progress], None]


def layers(plan: Plan, base: BaseFiles) -> tuple[Layer, ...]:
    """Every layer of the image, rarest change first; those that cannot be made here say so."""
    compiler = interpreter.find(plan.compiler) if plan.compiler else None
    if plan.compiler != (compiler.version if compiler else ""):
        raise BuildError(
            f"There is no Python {plan.compiler} here, which has to compile.",
            fix=f"{interpreter.SETTING}=/path/to/python, or --engine docker",
        )
    found = []
    for name, key in keys(plan).items():
        fill, why = _fill(name, plan, base, compiler)
        make = None if fill is None else partial(made, name, key, fill)
        found.append(Layer(name=name, key=key, make=make, why=why))
    return tuple(found)


def _fill(name: str, plan: Plan, base: BaseFiles, compiler: Interpreter | None) -> tuple[Fill | None, str]:
    """How a layer is made, or why it cannot be."""
    if name == "jre":
        why = jre.cannot()
        return None if why else partial(jre.make, plan=plan, base=base.text), why
    if name == WARM:
        if RECORDING not in plan.left_out or compiler is None:
            return None, "Only an engine runs what it is recorded from."
        return lambda root, _, progress: trees.warm(root, plan, base, compiler=compiler, progress=progress), ""
    if name == "mage-ilum":
        return lambda root, work, _: trees.mage_ilum(root, plan, base, compiler=compiler, scratch=work), ""

    def fill(root: Path, work: Path, progress: Progress) -> None:
        files = _files(name, plan, progress)
        others = [file for file in files if not file.file.endswith(".whl")]
        if name.startswith("with-"):
            trees.extra(root, name.removeprefix("with-"), others)
        trees.wheels(
            root,
            [file for file in files if file not in others],
            plan.base.inventory,
            compiler=compiler,
            scratch=work,
        )

    return fill, ""


def _files(name: str, plan: Plan, progress: Progress) -> Sequence[Wheel]:
    """The wheels of a layer, and other files of an extra, from the cache or their index."""
    fits = lock.target(plan.base.inventory)
    if name == "dependencies":
        return wheelhouse.dependencies(plan.lock.added, fits, ca_file=plan.ca_file, progress=progress)
    if name == "pyspark":
        jars = plan.profile.jars
        return [wheelhouse.pyspark(plan.spark, plan.line, fits, jars=jars, ca_file=plan.ca_file, progress=progress)]
    asked = [extra for extra in plan.extras if f"with-{extra.name}" == name]
    fetched = extras.fetch(asked, fits, mirror=plan.maven_mirror, ca_file=plan.ca_file, progress=progress)
    return fetched[asked[0].name]
