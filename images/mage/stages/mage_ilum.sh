#!/bin/sh
# Lays out what is ours beside the client under /layer, and compiles it. Usage: mage_ilum.sh SITE_PACKAGES
set -eu
here=$(dirname "$0")
python3 -s -S "$here/mage_ilum.py" /layer "$1" /
python3 -s -S -W ignore "$here/bytecode.py" /layer opt/mage-ilum/lib
find /layer -exec touch -h -d @315532800 {} +
