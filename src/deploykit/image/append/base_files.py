"""The base's files that our layers are made from, as far as they are known or can be read from its layers."""

import posixpath
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from deploykit.image.append import base_sources
from deploykit.image.append.base_image import BaseImage
from deploykit.image.append.facts import Facts
from deploykit.image.append.scan import archive, scan
from deploykit.progress import Progress
from deploykit.registry.mounts import Blobs


@dataclass(frozen=True, kw_only=True)
class InLayers:
    """The base's files for our layers (`layers.trees.BaseFiles`), from its own layers in a registry."""

    image: BaseImage
    facts: Facts

    def text(self, path: str) -> str | None:
        """The content of one of the files whose texts are kept."""
        return self.facts.text(path)

    def uncompiled(self, library: str, names: Iterable[str], *, progress: Progress) -> Iterator[tuple[str, bytes]]:
        """Path and content of each module of a `lib/pythonX.Y` that is named, is there and has no bytecode."""
        tag = f"cpython-{library.rpartition('python')[2].replace('.', '')}"
        blobs = Blobs(self.image.registry)
        layers = [blobs.content(str(layer["digest"]), int(layer["size"])) for layer in self.image.layers]
        unread = sum(layer.size for layer in layers if not base_sources.place(layer.digest).is_file())
        if unread:
            where = self.image.registry.repository
            progress.step(f"Reading what a worker imports of {where}: its layers, once ({unread / 1e6:.0f} MB)")
        with ExitStack() as stack:
            archives = {layer.digest: stack.enter_context(archive(layer, progress=progress)) for layer in layers}
            shown = base_sources.shown(archives, {layer.digest: scan(layer, progress=progress) for layer in layers})
            for name in names:
                path = posixpath.join(library.lstrip("/"), name)
                folder, _, file = path.rpartition("/")
                if path in shown and f"{folder}/__pycache__/{file.removesuffix('.py')}.{tag}.pyc" not in shown:
                    yield path, archives[shown[path]].read(path)
