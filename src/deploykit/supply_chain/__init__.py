"""What lets others check an image: a bill of materials and a signature, attached to it in its registry.

`complete` is what `image --push` and `sync` call when an image is in the registry; `ready` is called before anything
is built, so that a missing program is found early.
"""

from deploykit.supply_chain.complete import complete
from deploykit.supply_chain.sign import ready

__all__ = ["complete", "ready"]
