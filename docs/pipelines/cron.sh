#!/usr/bin/env bash
# For crontab, on a machine with Docker that reaches Spark, the registry and Git:
#
#   17 * * * * /srv/mage/cron.sh
#   43 2 * * * /srv/mage/cron.sh --full
#
# Beside this file: `clone`, a clone for this alone with sync-and-push.sh in it, and `log`, which it makes. Logins are those of the user: ~/.docker/config.json
# or a credential helper, an SSH key or Git's credential store. Says nothing while all is well, so that cron's mail is news.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
umask 077

exec 9>lock
if ! flock --timeout "$(($# ? 3000 : 0))" 9; then
  exit 0 # the one before is still at it; the hourly run gives way to it, one with options waits for its end
fi

now="$(mktemp)"
trap 'rm -f "$now"' EXIT
(cd clone && timeout 45m ./sync-and-push.sh --max-wait 300 "$@") >"$now" 2>&1 9>&-
code=$?
{
  echo "== $(date --iso-8601=seconds) exit $code"
  cat "$now"
} >>log

case "$code" in
  0) exit 0 ;;
  3) echo "Spark has moved to what no image can follow yet, or a pin forbids it; all is left as it was." ;;
  4) echo "Spark, the registry or the cluster did not answer." ;;
  6) echo "A build, a verification or a push failed." ;;
  124) echo "It took more than 45 minutes and was ended; the next run goes on from there." ;;
  *) echo "deploykit ended with $code." ;;
esac
cat "$now"
exit "$code"
