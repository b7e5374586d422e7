"""Records what a worker imports of Mage: writes `images/mage/warm/<release>.txt`. Usage: warm_list.py IMAGE

IMAGE is an image of ours by digest, on the base to record in. The base is run, with the client's dependencies from the
image put into it: as the build stage `warm` has them.
"""

import subprocess
import sys

from deploykit import assets
from deploykit.image import warm_list
from deploykit.image.append import existing_layers
from deploykit.image.label_names import BASE_DIGEST, BASE_NAME, MAGE
from deploykit.image_reference import ImageReference
from deploykit.registry import Registry

RECORD = "tar -xz -C / && exec python3 /stage/warm.py --list"


def main() -> None:
    """Write the list of the image's Mage release."""
    release, listed = recorded(sys.argv[1])
    warm_list.path(release).write_text("\n".join(listed) + "\n", encoding="utf-8")


def recorded(image: str) -> tuple[str, tuple[str, ...]]:
    """The Mage release in an image, and what a worker imports of it."""
    registry = Registry(ImageReference.split(image).repository)
    manifest = registry.manifest(image.partition("@")[2])
    assert manifest is not None, image
    config = registry.config_of(manifest)
    labels = config["config"]["Labels"]
    dependencies = next(layer for layer in existing_layers.read(manifest, config) if layer.name == "dependencies")
    base = f"{ImageReference.split(labels[BASE_NAME]).repository}@{labels[BASE_DIGEST]}"
    stages = f"{assets.image() / 'stages'}:/stage:ro"
    done = subprocess.run(
        ["docker", "run", "--rm", "-i", "--network=none", "--user=0:0", f"--volume={stages}", base, "sh", "-c", RECORD],
        input=registry.blob(dependencies.digest),
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    return str(labels[MAGE]), tuple(done.stdout.decode().split())


if __name__ == "__main__":
    main()
