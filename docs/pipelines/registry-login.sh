#!/usr/bin/env bash
# Write the login to a registry where `docker login` does, in $DOCKER_CONFIG/config.json: deploykit, Docker and deploy.sh read it there. It needs no Docker.
# REGISTRY, REGISTRY_USER and REGISTRY_PASSWORD come from the environment. printf is the shell's own: nothing secret is an argument of a process.
set -euo pipefail

if [[ -z "${REGISTRY_PASSWORD:-}" ]]; then
  echo "registry-login: REGISTRY_PASSWORD is empty, so ${REGISTRY:-the registry} is asked without a login" >&2
  exit 0
fi
: "${DOCKER_CONFIG:?}" "${REGISTRY:?}" "${REGISTRY_USER:?}"
umask 077
mkdir -p "$DOCKER_CONFIG"
auth="$(printf '%s:%s' "$REGISTRY_USER" "$REGISTRY_PASSWORD" | base64 | tr -d '\n')"
printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$auth" >"$DOCKER_CONFIG/config.json"
