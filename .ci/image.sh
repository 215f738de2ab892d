#!/usr/bin/env bash
# The image and the manifests: the Dockerfile's last stage is built as it stands around PROGRAM, and
# run as a cluster would run it: not as root, without privileges, on a file system that is read-only
# but for its volume. It is asked for its health and used by other people's clients; it stops when
# told to and finds its data again. The manifests are held against Kubernetes' own schemas.
#
#   .ci/image.sh PROGRAM TOKEN [MOUNT...]
#
# PROGRAM is linked statically; TOKEN is a Harness key that no server is asked about. Each MOUNT is
# a folder that the program reads where it is: a debug build has its data files there. Needs buildah,
# podman and root, and no registry: the base image is made here from what it is known to hold.
set -euo pipefail

validate_version=1.37.0
root=$(cd "$(dirname "$0")/.." && pwd)
cache=${CI_CACHE_DIR:-${TMPDIR:-/tmp}/pilothouse-ci}/image

fail() {
    echo "$0: $1" >&2
    exit 1
}

# Where both generations of cgroups are mounted side by side crun refuses to start; a view of the
# file system without the newer one satisfies it.
hybrid=/sys/fs/cgroup/unified
if mountpoint --quiet "$hybrid"; then
    # shellcheck disable=SC2016 # The inner shell expands them.
    exec unshare --mount bash -c 'umount "$0" && exec "$@"' "$hybrid" bash "$0" "$@"
fi

program=$1
key=$2
shift 2
work=$(mktemp -d)
storage=(--root "$work/store" --runroot "$work/run" --storage-driver vfs)

engine() {
    podman "${storage[@]}" --cgroup-manager cgroupfs --events-backend file "$@"
}

cleanup() {
    engine rm --all --force --time 0 >/dev/null 2>&1 || true
    engine volume prune --force >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# --- The manifests ----------------------------------------------------------------------------

validator=$cache/python/$validate_version
if [ ! -f "$validator" ]; then
    mkdir -p "$cache"
    python3 -m venv "$cache/python"
    "$cache/python/bin/pip" install --quiet --disable-pip-version-check \
        "kubernetes-validate==$validate_version"
    touch "$validator"
fi
manifests=$(sed -n 's/^ *- \(.*\.yaml\)$/\1/p' "$root/deploy/kubernetes/kustomization.yaml")
[ -n "$manifests" ] || fail "the kustomization lists nothing"
for manifest in $manifests; do
    "$cache/python/bin/kubernetes-validate" --strict "$root/deploy/kubernetes/$manifest"
done

# --- The image --------------------------------------------------------------------------------

ldd "$program" 2>&1 | grep -q 'statically linked' || fail "$program is not linked statically"
base=$(sed -n 's/^FROM //p' "$root/Dockerfile" | tail -1)
mkdir -p "$work/base" "$work/build/data"
cp /etc/ssl/certs/ca-certificates.crt "$work/base/"
echo 'nonroot:x:65532:65532::/:/sbin/nologin' >"$work/base/passwd"
cat >"$work/base/Dockerfile" <<'END'
FROM scratch
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY passwd /etc/passwd
USER 65532
END
strip --strip-debug -o "$work/build/pilothouse" "$program"

build() {
    # Docker's format has health checks, that of OCI has not.
    buildah "${storage[@]}" build --quiet --format docker --isolation chroot "$@" >/dev/null
}
build --tag "$base" "$work/base"
# What the stage `build` leaves, without compiling everything once more.
build --build-context "build=$work/build" --tag pilothouse "$root"
echo "image: built on a stand-in for $base"

# --- A container ------------------------------------------------------------------------------

# Podman's own limits are higher than may be set where this machine is a container itself.
restricted=(
    --cgroups=disabled --ulimit nofile=4096:4096 --ulimit nproc=1024:1024
    --read-only --cap-drop all --security-opt no-new-privileges
    --env "HARNESS_API_KEY=$key"
)
for folder in "$@"; do restricted+=(--volume "$folder:$folder:ro"); done

up() {
    engine run --detach --name "$1" "${restricted[@]}" --publish 127.0.0.1::7777 \
        --volume pilothouse:/data --no-healthcheck pilothouse >/dev/null
    url=http://$(engine port "$1" 7777/tcp | sed 's/127.0.0.1/localhost/')
    for _ in $(seq 100); do
        if answer=$(curl --silent --fail --max-time 2 "$url/ready"); then return; fi
        sleep 0.1
    done
    engine logs "$1" >&2
    fail "$1 does not answer at $url"
}

# Its signal is SIGTERM, its patience that of Docker; killed would be 137.
down() {
    engine stop --time 10 "$1" >/dev/null
    local code
    code=$(engine inspect --format '{{.State.ExitCode}}' "$1")
    [ "$code" -eq 0 ] || { engine logs "$1" >&2; fail "$1 ended with $code"; }
}

up first
process=$(engine inspect --format '{{.State.Pid}}' first)
grep -q '^Uid:[[:space:]]65532[[:space:]]65532' "/proc/$process/status" || fail "it is not user 65532"
grep -q '^CapEff:[[:space:]]0*$' "/proc/$process/status" || fail "it has privileges"
check=$(engine image inspect --format '{{json .Config.Healthcheck.Test}}' pilothouse)
[ "$check" = '["CMD","/usr/local/bin/pilothouse","health"]' ] || fail "the health check is $check"
engine exec first /usr/local/bin/pilothouse health
curl --silent --fail "$url/health"
echo
engine cp first:/data/admin.token "$work/token"
"$root/.ci/clients.sh" http "$url/mcp/harness" harness_describe '{}' "$work/token"
"$root/.ci/clients.sh" http "$url/mcp" infra_describe '{}' "$work/token"
down first

up second
engine cp second:/data/admin.token "$work/again"
cmp "$work/token" "$work/again" || fail "the volume does not keep the token"
down second

"$root/.ci/clients.sh" stdio harness_describe '{}' \
    podman "${storage[@]}" --cgroup-manager cgroupfs --events-backend file \
    run --interactive --rm --network none --tmpfs /data:mode=1777 --no-healthcheck \
    "${restricted[@]}" pilothouse stdio --surface harness
echo "container: runs as nobody, is healthy, serves, stops, and keeps its data"
