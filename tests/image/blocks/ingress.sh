# The example pipeline through an ingress with TLS and a token, and who lacks the authority or has another token.
export ILUM_SPARK_CONNECT_URL="$INGRESS"
SPARK_CONNECT_AUTHENTICATE_TOKEN="$TOKEN" python3 -m mage_ilum.check
echo "without the authority: $?"
export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=/given/authority.pem
SPARK_CONNECT_AUTHENTICATE_TOKEN="$TOKEN-of-old" python3 -m mage_ilum.check
echo "with another token: $?"
export SPARK_CONNECT_AUTHENTICATE_TOKEN="$TOKEN"
mage run demo transaction_anomaly_detection --runtime-vars '{"execution_date": "2026-11-22"}'
echo "through the ingress: $?"
