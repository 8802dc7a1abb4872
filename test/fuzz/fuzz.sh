#!/usr/bin/env bash
# Requests made up from /openapi.json by schemathesis, admin routes too, against a server with a sample model: SECONDS_A_RUN.
# Server-sent events have no end and are left out. Fails on a 5xx that is none of ours, on an answer that takes longer than five seconds, and when the server does not end well.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
venv="$PWD/test/fuzz/.venv"
[ -x "$venv/bin/schemathesis" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install -q -r test/fuzz/requirements.txt; }
export RECSYS_ADMIN_TOKEN=fuzz
. bin/server.sh
with_sample_model fuzz
start_server
# It keeps what it found beside itself: in the directory that goes in the end.
(cd "$RECSYS_DATA_DIR" && "$venv/bin/schemathesis" run "$SERVER_URL/openapi.json" --exclude-path /api/v1/events -H 'Authorization: Bearer fuzz' --no-color \
  --checks not_a_server_error,content_type_conformance,response_schema_conformance --max-response-time 5 \
  --continue-on-failure --max-time "${SECONDS_A_RUN:-120}")
curl --fail --silent --show-error "$SERVER_URL/health/ready" >/dev/null
echo 'the server is ready still'
