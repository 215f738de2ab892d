#!/bin/sh
# Stands in for any program: link to it, and put what it does beside the link as NAME.script.
# A test that wrote an executable and ran it at once would now and then find it busy.
exec /bin/sh "$0.script" "$@"
