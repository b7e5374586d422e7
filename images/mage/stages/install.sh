#!/bin/sh
# Installs the wheels beside it under /layer and compiles them. Usage: install.sh SITE_PACKAGES
set -eu
here=$(dirname "$0")
mkdir -p /layer
python3 -s -S "$here/install.py" /layer "$1" "$(command -v python3)" "$here/wheels"
python3 -s -S -W ignore "$here/bytecode.py" /layer
find /layer -exec touch -h -d @315532800 {} +
