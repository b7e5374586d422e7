#!/usr/bin/env bash
# Bring the release in the cluster to the values that Git has, by Helm. Leave it out where Argo CD or Flux does that.
#
#   ./deploy.sh
#
# It asks the cluster what is there, and not the run before it: whatever that one left undone is done by the next, and where nothing is to be done nothing
# changes. Runs `helm test` until it has succeeded once. CHART: where the chart is. ENVIRONMENT: which of environments/; prod unless set.
set -euo pipefail

export HELM_NAMESPACE="${HELM_NAMESPACE:-mage}"
export HELM_REGISTRY_CONFIG="${HELM_REGISTRY_CONFIG:-${DOCKER_CONFIG:-$HOME/.docker}/config.json}" # the chart's registry is one as any other
chart="${CHART:-oci://registry.example.com/team/charts/mage-ilum}"
version=0.2.0
values="environments/${ENVIRONMENT:-prod}/values.yaml"
wanted="values $(sha256sum <"$values" | cut -c -16)"

# Helm keeps the description of an upgrade that ended well; that of another says what went wrong. (grep reads on to the end, where `-q` would hang up on
# Helm, and `pipefail` take that for a no.)
installed() {
  helm history mage --max 1 --output json 2>/dev/null |
    grep "\"status\":\"deployed\",\"chart\":\"mage-ilum-$version\".*\"description\":\"$wanted\"" >/dev/null
}

tested() {
  helm status mage | grep "^Phase: *Succeeded" >/dev/null
}

if ! installed; then
  helm upgrade --install mage "$chart" --version "$version" --values "$values" --description "$wanted" --wait --timeout 10m
fi
if ! tested; then
  helm test mage --logs
fi
