#!/usr/bin/env bash
# Bring every environment of deploykit.toml in lock-step with its Spark, and push what `deploykit sync` wrote.
#
#   ./sync-and-push.sh [options of `deploykit sync`]
#
# Run it in a clone of the branch that Helm, Argo CD or Flux reads. It starts from the branch's tip, so the clone has to be the pipeline's own.
# Where somebody else's push comes first it starts again from theirs: the image is in the registry by then, and nothing is built twice.
# The exit code is that of `deploykit sync`; what did work is pushed all the same. BRANCH: the one that is checked out, unless set.
set -uo pipefail

branch="${BRANCH:-$(git symbolic-ref --quiet --short HEAD)}"
export GIT_AUTHOR_NAME="${GIT_AUTHOR_NAME:-deploykit}" GIT_AUTHOR_EMAIL="${GIT_AUTHOR_EMAIL:-deploykit@localhost}"
export GIT_COMMITTER_NAME="$GIT_AUTHOR_NAME" GIT_COMMITTER_EMAIL="$GIT_AUTHOR_EMAIL"
export GIT_TERMINAL_PROMPT=0 # a login that is missing fails, and asks nobody

refused() {
  echo "sync-and-push: $*" >&2
  exit 6
}

[[ -n "$branch" ]] || refused "the clone is on no branch; name it in BRANCH"
written="$(mktemp)" || refused "there is no place for a file"
trap 'rm -f "$written"' EXIT

tip=
for ((try = 1; try <= 5; try++)); do
  git fetch --quiet origin "$branch" || refused "$branch cannot be fetched"
  # Turned down although nobody else pushed: a missing right, a protected branch. Trying again would change nothing.
  [[ "$(git rev-parse FETCH_HEAD)" != "$tip" ]] || refused "the push to $branch was turned down"
  tip="$(git rev-parse FETCH_HEAD)"
  git reset --quiet --hard "$tip"

  : >"$written"
  deploykit sync --written "$written" "$@"
  code=$?
  [[ ! -s "$written" ]] || git --literal-pathspecs add --pathspec-from-file="$written" || refused "what sync wrote cannot be added"
  if git diff --cached --quiet; then
    exit "$code"
  fi
  git commit --quiet --message "Mage follows Spark" --message "$(git diff --cached --name-only)" || refused "nothing was committed"
  if git push --quiet origin "HEAD:refs/heads/$branch"; then
    exit "$code"
  fi
done
refused "others pushed to $branch first, $((try - 1)) times"
