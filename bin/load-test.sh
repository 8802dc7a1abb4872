#!/usr/bin/env bash
# A sample lake, a model in production, a server, and a load test against it: USERS, RUN_TIME.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
RECSYS_DATA_DIR=$(mktemp -d "${TMPDIR:-/tmp}/recsys-load-XXXXXX")
export RECSYS_DATA_DIR
. bin/server.sh
trap 'stop_server; rm -rf "$RECSYS_DATA_DIR"' EXIT

bin/run.js init-tables --quiet >/dev/null
bin/run.js train --algo svd --quiet >/dev/null
bin/run.js promote --quiet >/dev/null
start_server
bin/run.js loadtest --url "$SERVER_URL" --users "${USERS:-100}" --spawn-rate 50 --run-time "${RUN_TIME:-5m}"
