#!/bin/sh
# helm lint, strict, with the chart's own values and with each example in ci/.
set -eu
chart="$(dirname "$0")/../charts/mage-ilum"
command -v helm >/dev/null || { echo "lint needs helm: install Helm 3.14 or newer" >&2; exit 1; }
helm lint --quiet --strict "$chart"
for values in "$chart"/ci/*.yaml; do
  [ -e "$values" ] || continue
  helm lint --quiet --strict "$chart" --values "$values"
done
