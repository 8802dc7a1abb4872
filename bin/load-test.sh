#!/usr/bin/env bash
# A sample lake, a model in production, a server, and a load test against it: USERS, RUN_TIME.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
. bin/server.sh
with_sample_model load
start_server
bin/run.js loadtest --url "$SERVER_URL" --users "${USERS:-100}" --spawn-rate 50 --run-time "${RUN_TIME:-5m}"
