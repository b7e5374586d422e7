#!/bin/sh
# Find a Python that is new enough and hand over to setup.py. PYTHON names one: make PYTHON=python3.12
set -eu
here="$(dirname "$0")"
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if [ -n "${PYTHON:-}" ]; then
  new_enough "$PYTHON" && exec "$PYTHON" "$here/setup.py"
else
  for candidate in python3 python3.12 python3.11 python3.13 python3.14; do
    new_enough "$candidate" && exec "$candidate" "$here/setup.py"
  done
fi
found="$("${PYTHON:-python3}" --version 2>/dev/null || echo not a Python)"
echo "deploykit needs Python 3.11 or newer; ${PYTHON:-python3} is $found. Install one, or name one: make PYTHON=python3.12" >&2
exit 1
