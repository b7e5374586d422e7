#!/bin/sh
# Takes the place of Mage's start script, which executor pods name as their command too, and starts that script under an
# init: a stop reaches Mage and its blocks, where the script alone would keep it from them.
set -eu
# Without arguments the server starts: its project is created, or its block templates brought up to date, before that.
# Isolated, since a project's own files on PYTHONPATH could take the place of modules.
[ "$#" -gt 0 ] || python3 -I -m mage_ilum.project "${USER_CODE_PATH:-default_repo}"
# The container ends with the init. Before that, for 10 s at most, what blocks have left behind may cancel their jobs.
exec dumb-init -- /bin/sh -c '
    trap : TERM INT
    code=0
    /app/run_app.mage.sh "$@" || code=$?
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -qs "mage_ilum[.]http[.]guard" /proc/[0-9]*/cmdline || break
        sleep 0.5
    done
    exit $code' run_app.sh "$@"
