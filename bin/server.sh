# For sourcing: a server on a free port of this machine. Needs RECSYS_DATA_DIR.
SERVER_PID=''
SERVER_URL=''

# A directory of its own with a sample lake and a model in production, until the script ends.
with_sample_model() {
  RECSYS_DATA_DIR=$(mktemp -d "${TMPDIR:-/tmp}/recsys-$1-XXXXXX")
  export RECSYS_DATA_DIR
  trap 'stop_server; rm -rf "$RECSYS_DATA_DIR"' EXIT
  bin/run.js init-tables --quiet >/dev/null
  bin/run.js train --algo svd --quiet >/dev/null
  bin/run.js promote --quiet >/dev/null
}

start_server() {
  local log="$RECSYS_DATA_DIR/serve.log"
  printf '\n\033[36m$ recsys serve --port 0 &\033[0m\n'
  : >"$log"
  bin/run.js serve --port 0 >"$log" 2>"$log.err" &
  SERVER_PID=$!
  until SERVER_URL=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$log" | head -n 1) && [ -n "$SERVER_URL" ]; do
    kill -0 "$SERVER_PID" 2>/dev/null || { cat "$log" "$log.err" >&2; return 1; }
    sleep 0.1
  done
  cat "$log"
}

stop_server() {
  [ -n "$SERVER_PID" ] || return 0
  kill -TERM "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" || true
  SERVER_PID=''
}

# GET one address and print its JSON.
show() {
  printf '\n\033[36m$ curl %s\033[0m\n' "$1"
  node -e 'fetch(process.argv[1]).then((r) => r.json()).then((body) => console.log(JSON.stringify(body, null, 2)))' "$1"
}
