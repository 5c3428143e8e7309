#!/bin/bash
# Shows the whole way of an `apus run`, with a server and a registry of its own: image missing → pulled → run → run
# again at once.
# It touches nothing outside one temporary directory, one cgroup, and a bridge and a table of nftables that go with the
# server; and it stops what it started.
#
# APUS_BIN   where apus, apusd, apus-shim and apus-runtime are; `make demo` builds them and says so
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
bin=${APUS_BIN:-$root/.build-release/release}
for program in apus apusd apus-shim apus-runtime; do
  [ -x "$bin/$program" ] || { echo "$bin/$program is not there: run make demo, which builds it" >&2; exit 1; }
done
[ "$(id -u)" -eq 0 ] || { echo "the server needs root: sudo make demo" >&2; exit 1; }

work=$(mktemp -d /tmp/apus-demo.XXXXXX)
cgroup=/apus-demo-$$
server_pid=
registry_pid=
export DOCKER_HOST=unix://$work/apus.sock
export PATH=$bin:$PATH
bold='' plain=''
if [ -t 1 ]; then
  bold=$(tput bold 2>/dev/null || true)
  plain=$(tput sgr0 2>/dev/null || true)
fi

section() { printf '\n%s── %s%s\n' "$bold" "$*" "$plain"; }

# show COMMAND...: prints a command as it would be typed, runs it, and says how long it took.
show() {
  local word line='' began status=0
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./:=,@%+-]*) line+=" '${word//\'/\'\\\'\'}'" ;;
      *) line+=" $word" ;;
    esac
  done
  printf '\n%s$%s%s\n' "$bold" "$line" "$plain"
  began=${EPOCHREALTIME/./}
  "$@" || status=$?
  printf '  (%d ms)\n' $(((${EPOCHREALTIME/./} - began) / 1000))
  [ $status -eq 0 ] || { echo "that should have worked, but ended with $status" >&2; return $status; }
}

# until_true SECONDS COMMAND...: waits for a command to succeed.
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.05
  done
}

start_server() {
  apusd -H "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/run" --config-file "$work/daemon.json" \
    --pidfile "$work/apusd.pid" --cgroup-parent "$cgroup" >>"$work/apusd.log" 2>&1 &
  server_pid=$!
  until_true 20 apus version || { echo "the server does not answer" >&2; return 1; }
}

# end PID: asks a process of ours to end, and waits for it.
end() {
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

clean_up() {
  local status=$? containers
  trap - EXIT INT TERM
  if [ $status -ne 0 ]; then
    echo "what the server said last:" >&2
    tail -n 15 "$work/apusd.log" >&2 || true
  fi
  section "Cleaning up"
  if [ -n "$server_pid" ] && containers=$(apus ps -aq 2>/dev/null) && [ -n "$containers" ]; then
    # shellcheck disable=SC2086
    apus rm -f $containers >/dev/null && echo "removed the containers that were left"
  fi
  end "$server_pid" && echo "stopped the server (process ${server_pid:-none})"
  end "$registry_pid" && echo "stopped the registry (process ${registry_pid:-none})"
  find /sys/fs/cgroup -depth -type d -path "*$cgroup*" -exec rmdir {} \; 2>/dev/null || true
  rm -rf "$work" && echo "removed $work with all its images"
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

section "A server and a registry"
echo '{}' >"$work/daemon.json"
: >"$work/apusd.log"
start_server
echo "started apusd (process $server_pid) on $DOCKER_HOST"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
hub=127.0.0.1:$port
cat >"$work/registry.yml" <<YAML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "$hub"}
YAML
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry_pid=$!
until_true 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port" || { cat "$work/registry.log" >&2; exit 1; }
echo "started docker-registry (process $registry_pid) on $hub"
pushed=$("$here/make-images.sh" "$hub")
echo "$pushed"
show apus version --format 'client {{.Client.Version}}, server {{.Server.Version}}, API {{.Server.APIVersion}}'

section "An image that is not here: it is pulled, and run"
show apus images
show apus run --rm "$hub/hello"

section "The same again: now it is here"
show apus run --rm "$hub/hello"

section "A container with limits sees them"
show apus run --rm --memory 64m --cpus 0.5 --pids-limit 20 --network none "$hub/busybox" sh -c '
  cd /sys/fs/cgroup
  echo "memory: $(cat memory.max memory/memory.limit_in_bytes 2>/dev/null) bytes"
  echo "pids:   $(cat pids.max pids/pids.max 2>/dev/null)"
  echo "init is $(readlink /proc/self/ns/pid), and I am process $$"'

section "In the background: ps, logs, exec"
show apus run -d --name clock "$hub/busybox" sh -c 'n=0; while sleep 0.2; do n=$((n + 1)); echo "tick $n"; done'
until_true 10 bash -c 'apus logs clock | grep -q "tick 3"'
show apus ps
show apus logs --tail 3 clock
show apus exec clock sh -c 'echo "hello from inside: $(hostname), $(id -un)"'

section "The server is killed; the container does not notice"
kill -9 "$server_pid"
# The shell's own word about a killed job would stand in the way.
{ wait "$server_pid" || true; } 2>/dev/null
echo "killed apusd (process $server_pid) with SIGKILL"
sleep 1
start_server
echo "started apusd again (process $server_pid)"
show apus ps
show apus logs --tail 8 clock
show apus stop -t 1 clock
show apus rm clock

if [[ $pushed == *"$hub/debian "* ]]; then
  section "A whole Debian"
  show apus pull "$hub/debian"
  show apus run --rm "$hub/debian" cat /etc/os-release
fi

if docker --version >/dev/null 2>&1; then
  section "The real docker client drives it too"
  show docker run --rm "$hub/busybox" echo "hello from Docker's own client"
  show docker images
fi

section "Done"
echo "The image came from the registry once; each start after that needed only its layers on disk."
