#!/bin/sh
# Makes /layer/opt/java. Usage: jre.sh PACKAGE=VERSION MODULE,MODULE,...
# Optional beside it: apt.mirror (address of a Debian mirror), apt.sources (apt's own list), ca.pem (an extra CA).
set -eu
here=$(dirname "$0")

. "$here/apt.sh"
apt-get install -y -qq --no-install-recommends "$1" >/dev/null

home=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
mkdir -p /layer/opt
# Configuration and CA store are those in the modules: Debian's own CA store is made anew, with new dates, wherever its
# package is installed. Two plug-ins are off since what they make up differs from run to run (JVMs start 0.1 s later).
"$home/bin/jlink" --module-path "$home/jmods" --add-modules "$2" --output /layer/opt/java \
    --strip-java-debug-attributes --no-header-files --no-man-pages --compress=2 \
    --disable-plugin generate-jli-classes --disable-plugin system-modules

/layer/opt/java/bin/java -version 2>&1
/layer/opt/java/bin/keytool -list -cacerts -storepass changeit >/dev/null
find /layer -exec touch -h -d @315532800 {} +
