#!/bin/sh
# Makes /layer/opt/java. Usage: jre.sh PACKAGE=VERSION MODULE,MODULE,...
# Optional beside it: apt.mirror (address of a Debian mirror), apt.sources (apt's own list), ca.pem (an extra CA).
set -eu
here=$(dirname "$0")

. "$here/apt.sh"
apt-get install -y -qq --no-install-recommends "$1" >/dev/null

home=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
mkdir -p /layer/opt
"$home/bin/jlink" --module-path "$home/jmods" --add-modules "$2" --output /layer/opt/java \
    --strip-java-debug-attributes --no-header-files --no-man-pages --compress=2

# Debian keeps the configuration and the CA store in /etc and links to them; our layer has to stand alone.
for name in conf lib/security; do
    cp -RL "$home/$name/." "/layer/opt/java/$name/" 2>/dev/null || true
done
rm -f /layer/opt/java/lib/security/cacerts
cp -L /etc/ssl/certs/java/cacerts /layer/opt/java/lib/security/cacerts

/layer/opt/java/bin/java -version 2>&1
/layer/opt/java/bin/keytool -list -cacerts -storepass changeit >/dev/null
find /layer -exec touch -h -d @315532800 {} +
