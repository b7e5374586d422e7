"""The layers of an image, made on this machine: without an engine, without root, the same bytes everywhere.

for layer in layers(plan, base): layer.make(progress)   # LayerFile: path, diff_id, digest, size
"""

from deploykit.image.layers.layer import Layer, LayerFile
from deploykit.image.layers.ours import layers

__all__ = ["Layer", "LayerFile", "layers"]
