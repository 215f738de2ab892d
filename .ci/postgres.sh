#!/bin/sh
# A PostgreSQL server for the tests, on 127.0.0.1 with a port of its own and all data in DIR.
#
#   url=$(.ci/postgres.sh start DIR)    prints the URL, once the server answers
#   .ci/postgres.sh stop DIR            stops it and removes DIR
#
# DIR must not exist yet. PostgreSQL refuses to run as root, so root runs it as `postgres` or
# `nobody`. Nothing is lost when it dies: it keeps test data only, and does not even sync it.
set -eu

usage() {
    echo "usage: $0 start|stop DIR" >&2
    exit 2
}

fail() {
    echo "$0: $1" >&2
    exit 1
}

# The directory that holds the server's programs: PATH first, then the newest of Debian's.
find_programs() {
    if command -v initdb >/dev/null 2>&1 && command -v pg_ctl >/dev/null 2>&1; then
        dirname "$(command -v pg_ctl)"
        return
    fi
    for directory in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5nr); do
        if [ -x "$directory/initdb" ] && [ -x "$directory/pg_ctl" ]; then
            echo "$directory"
            return
        fi
    done
    fail "no initdb and pg_ctl on PATH or in /usr/lib/postgresql: install postgresql"
}

# Runs a program as a user that PostgreSQL accepts, away from a directory it may not read.
as_server_user() {
    if [ "$(id -u)" -ne 0 ]; then
        (cd / && "$@")
    else
        (cd / && setpriv --reuid "$server_user" --regid "$(id -g "$server_user")" --clear-groups \
            env HOME="$directory" "$@")
    fi
}

choose_server_user() {
    [ "$(id -u)" -eq 0 ] || return 0
    for server_user in postgres nobody; do
        if id "$server_user" >/dev/null 2>&1; then return 0; fi
    done
    fail "running as root, and there is neither a user postgres nor nobody"
}

# Ports below those that the kernel hands to outgoing connections.
random_port() {
    echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
}

# Makes the server sort text as people do, like many users' servers and unlike SQLite, so that a
# forgotten COLLATE shows.
collation() {
    if "$programs/initdb" --help | grep -q -e --icu-locale; then
        echo "--locale-provider=icu --icu-locale=en-US"
    fi
}

start() {
    [ ! -e "$directory" ] || fail "$directory exists: name a directory that does not"
    mkdir -m 700 "$directory"
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && echo "$password" >"$directory/password")
    if [ "$(id -u)" -eq 0 ]; then
        chown "$server_user" "$directory" "$directory/password"
    fi
    # shellcheck disable=SC2046 # the words are separate options
    as_server_user "$programs/initdb" --pgdata "$directory/data" --username postgres \
        --auth password --pwfile "$directory/password" --encoding UTF8 --locale C.UTF-8 \
        $(collation) --no-sync >"$directory/initdb.log" 2>&1 ||
        { cat "$directory/initdb.log" >&2; fail "initdb failed"; }
    for _ in 1 2 3 4 5 6 7 8; do
        port=$(random_port)
        options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories="
        options="$options -c fsync=off -c max_connections=200"
        if as_server_user "$programs/pg_ctl" --pgdata "$directory/data" --log "$directory/log" \
            --options "$options" --wait --silent start >/dev/null 2>&1; then
            echo "postgres://postgres:$password@127.0.0.1:$port/postgres"
            return
        fi
    done
    cat "$directory/log" >&2
    fail "the server did not start"
}

stop() {
    [ -d "$directory/data" ] || fail "$directory holds no server"
    as_server_user "$programs/pg_ctl" --pgdata "$directory/data" --mode immediate --wait --silent \
        stop >&2 || echo "$0: it was not running" >&2
    rm -rf "$directory"
}

[ $# -eq 2 ] || usage
case $2 in
    /*) directory=$2 ;;
    *) directory=$(pwd)/$2 ;;
esac
programs=$(find_programs)
choose_server_user
case $1 in
    start) start ;;
    stop) stop ;;
    *) usage ;;
esac
