"""Values to test with: requests, inventories and plans, as the catalog and the committed locks give them."""

from collections.abc import Mapping
from dataclasses import replace

from deploykit import catalog, plan
from deploykit.image.base import Base
from deploykit.image.inventory import Inventory
from deploykit.image.java import NONE, Java
from deploykit.plan import Plan
from deploykit.request import Profile, Request

DIGEST = "sha256:" + "0" * 64
JAVA = "17.0.21.1+2-1~deb12u1"
REFERENCE = "registry.example/mageai/mageai:0.9.80"

Options = Mapping[str, object]


def request(**changes: object) -> Request:
    """A request for Spark 4.1.1 on the published image."""
    options = {
        "spark": "4.1.1",
        "mage": "0.9.80",
        "profile": Profile.CONNECT,
        "repository": "registry.example/mage-ilum",
        "platform": "linux/amd64",
    }
    return Request(**{**options, **changes})


def inventory(*, python: str = "3.10.13", without: tuple[str, ...] = (), **distributions: str) -> Inventory:
    """The inventory of the published image, with other distributions; `_` in a name stands for `-`."""
    assumed = Inventory.from_catalog(catalog.load().mage["0.9.80"], platform="linux/amd64")
    changed = {name.replace("_", "-"): version for name, version in distributions.items()}
    kept = {name: version for name, version in assumed.distributions.items() if name not in without}
    return replace(assumed, assumed=False, python=python, distributions={**kept, **changed})


def base(found: Inventory | None = None, *, digest: str = DIGEST) -> Base:
    """A base that was read."""
    pinned = f"{REFERENCE.rpartition(':')[0]}@{digest}"
    return Base(reference=REFERENCE, digest=digest, pinned=pinned, inventory=found or inventory())


def make(*, found: Base | None = None, java: str = JAVA, **changes: object) -> Plan:
    """The plan of a request."""
    asked = request(**changes)
    known = catalog.load()
    version = Java(version=java) if asked.profile.java else NONE
    return plan.make(asked, server=known.spark(asked.spark or ""), base=found or base(), java=version, catalog=known)
