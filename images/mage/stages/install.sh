#!/bin/sh
# Installs the wheels beside it under /layer as the base's own pip would, without an index, and compiles them.
# Bytecode with an unchecked hash is used as it is: no source file is looked at, and no date matters.
set -eu
here=$(dirname "$0")
mkdir -p /layer
# By name, not by path: pip would note the path of this stage in the image as the origin of each distribution.
names=$(for wheel in "$here"/wheels/*.whl; do basename "$wheel" | sed -E 's/^([^-]+)-([^-]+)-.*/\1==\2/'; done)
PIP_CONSTRAINT= python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-compile \
    --no-index --find-links "$here/wheels" --no-deps --ignore-installed --root /layer $names
python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /layer -p / /layer || true
find /layer -exec touch -h -d @315532800 {} +
