#!/bin/sh
# Takes the place of Mage's start script, which executor pods name as their command too, and starts that script under an
# init: a stop reaches Mage and its blocks, where the script alone would keep it from them.
exec dumb-init -- /app/run_app.mage.sh "$@"
