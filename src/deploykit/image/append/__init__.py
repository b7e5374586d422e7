"""An image without an engine: our layers and one manifest, written beside the base where it lies, in the registry."""
