#!/usr/bin/env bash
# The whole loop on a sample lake in a directory of its own; nothing outside of it is touched.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
RECSYS_DATA_DIR=$(mktemp -d "${TMPDIR:-/tmp}/recsys-demo-XXXXXX")
export RECSYS_DATA_DIR
. bin/server.sh
trap 'stop_server; rm -rf "$RECSYS_DATA_DIR"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() {
  printf '\n\033[36m$ recsys %s\033[0m\n' "$*"
  bin/run.js "$@"
}

say '1. A lake: three Delta tables with a sample that has tastes, genres and a long tail'
run init-tables
say '2. Two models, scored on ratings they have not seen'
run train --algo nmf
run train --algo svd
run evaluate --version 1
run evaluate --version 2
say '3. The first model goes into production and is served'
run promote --version 1
start_server
show "$SERVER_URL/recommendations/u1?k=3"
say '4. A load test, and in the middle of it the better model takes over'
(sleep 4 && run promote) &
promotion=$!
run loadtest --url "$SERVER_URL" --users 50 --spawn-rate 25 --run-time 10s
wait "$promotion"
show "$SERVER_URL/recommendations/u1?k=3"
say '5. The same by itself: a retraining that can be retried, resumed and scheduled'
run retrain --algos svd,nmf
say '6. What happened'
run models list
run models history
run flow list
say "The dashboard: $SERVER_URL/"
if [ -t 0 ] && [ -t 1 ] && [ -z "${CI:-}" ]; then
  echo 'Open it in a browser. Ctrl-C ends the demo and removes its data.'
  trap 'exit 0' INT
  wait "$SERVER_PID"
fi
