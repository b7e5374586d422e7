#!/bin/sh
# Lays out what is ours beside the client: runtime library, default project, constraints, start script, folders.
# Usage: mage_ilum.sh SITE_PACKAGES [named-user]
set -eu
here=$(dirname "$0")
ours=/layer/opt/mage-ilum

mkdir -p "$ours/lib" "/layer$1" /layer/app /layer/home/mage /layer/home/src/mage_data
cp -R "$here/runtime/mage_ilum" "$ours/lib/"
cp -R "$here/project" "$ours/project"
cp "$here/constraints.txt" "$here/lock.json" "$ours/"
# Python reads this at its start: where the library is, and the hook that waits for Mage and PySpark (mage_ilum/hooks/start.py).
printf '%s\n' /opt/mage-ilum/lib 'import mage_ilum.hooks.start; mage_ilum.hooks.start.install()' >"/layer$1/mage_ilum.pth"
python3 -m compileall -q --invalidation-mode unchecked-hash -s /layer -p / "$ours/lib"

cp /app/run_app.sh /layer/app/run_app.mage.sh
install -m 755 "$here/run_app.sh" /layer/app/run_app.sh

# A local Spark starts only for a user that has a name and a home: Hadoop asks the system for them, not the environment.
if [ "${2:-}" = named-user ] && ! getent passwd 1000 >/dev/null; then
    mkdir -p /layer/etc
    { cat /etc/passwd; echo "mage:x:1000:0::/home/mage:/bin/sh"; } >/layer/etc/passwd
fi

# Any user id of group 0 may write where Mage writes.
chmod -R u=rwX,go=rX "$ours"
chmod 775 /layer/home/mage /layer/home/src /layer/home/src/mage_data
find /layer -exec touch -h -d @315532800 {} +
