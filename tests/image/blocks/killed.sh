# A worker that is killed in the middle of a query, and the block's next try, by the command of Mage's Kubernetes executor.
notes() { find "$MAGE_DATA_DIR/.mage_ilum/sessions" -name "*.json" | wc -l; }

set -- mage run demo killed --block-uuid killed --executor-type local_python --execution-partition 7/20261122T000000
"$@" &
until [ -e /tmp/running ] || ! kill -0 $!; do sleep 0.1; done
kill -KILL $!
wait $!
echo "killed: $?, notes: $(notes)"
"$@"
echo "next try: $?, notes: $(notes)"
