#!/bin/sh
# The pages for people, in Debian's Chromium, driven by playwright-core from npm.
#
#   .ci/pages.sh PROGRAM [FOLDER]     FOLDER keeps the pictures, else they are thrown away
#
# Installs playwright-core once, in $CI_CACHE_DIR or a directory under /tmp.
set -eu

playwright_version=1.65.1
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${CI_CACHE_DIR:-${TMPDIR:-/tmp}/pilothouse-ci}/pages

[ $# -ge 1 ] || { echo "usage: $0 PROGRAM [FOLDER]" >&2; exit 2; }
browser=$(command -v chromium) || { echo "missing: chromium; install Debian's package" >&2; exit 1; }
if [ ! -f "$cache/$playwright_version" ]; then
    mkdir -p "$cache"
    (cd "$cache" && npm init --yes >/dev/null &&
        npm install --no-audit --no-fund --loglevel=error "playwright-core@$playwright_version")
    touch "$cache/$playwright_version"
fi
# Imports are resolved from where the script lies.
cp "$root/.ci/pages.mjs" "$cache/pages.mjs"
node "$cache/pages.mjs" "$1" "$browser" "${2:-$cache/pictures}"
