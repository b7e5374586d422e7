"""From a request to an image: base, lock, wheels, context, engine, registry, verification."""
