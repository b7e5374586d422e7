#!/bin/sh
# Prints `Candidate: VERSION`, the newest of a package that this image's Debian offers. Usage: java_version.sh PACKAGE
set -eu
here=$(dirname "$0")
. "$here/apt.sh" >&2
apt-cache policy "$1" | sed -n 's/^ *Candidate: */Candidate: /p'
