#!/bin/sh
# helm lint, strict, with the chart's own values and with each example in ci/. What Helm notes of charts that pass is not shown.
set -eu
chart="$(dirname "$0")/../charts/mage-ilum"
command -v helm >/dev/null || { echo "lint needs helm: install Helm 3.14 or newer" >&2; exit 1; }
lint() { said="$(helm lint --quiet --strict "$chart" "$@" 2>&1)" || { echo "$said" >&2; exit 1; }; }
lint
for values in "$chart"/ci/*.yaml; do
  [ -e "$values" ] || continue
  lint --values "$values"
done
