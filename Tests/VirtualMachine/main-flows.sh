#!/bin/sh
# The main flows on cgroup v2. Runs inside the emulated machine with busybox only; prints one line a check.
failed=0
ok() { echo "ok $1"; }
not_ok() {
  echo "not ok $1"
  shift
  for line in "$@"; do echo "# $line"; done
  failed=1
}
# same NAME WANTED GOT
same() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted: $2" "got:    $3"; fi; }

[ -e /sys/fs/cgroup/cgroup.controllers ] && ok "the machine has cgroup v2" || not_ok "the machine has cgroup v2"

# The runtime alone, from a bundle.
mkdir -p /tmp/bundle/rootfs/bin && cp /bin/busybox /tmp/bundle/rootfs/bin/ && cd /tmp/bundle || exit 1
for applet in sh cat echo true id sleep; do ln -s busybox rootfs/bin/$applet; done
mkdir -p rootfs/proc rootfs/sys rootfs/dev rootfs/tmp
apus-runtime spec
sed -i 's|"terminal": *true|"terminal": false|; s|"sh"|"/bin/sh", "-c", "echo in; cat /proc/self/cgroup; exit 3"|' config.json
out=$(apus-runtime run one 2>&1)
code=$?
same "runtime: exit code" 3 $code
same "runtime: output and a private cgroup namespace" "in
0::/" "$out"
# nothing_left NAME ID: neither state nor cgroup of the container.
nothing_left() { same "$1" "" "$(apus-runtime list -q 2>/dev/null)$(ls -d "/sys/fs/cgroup/$2" 2>/dev/null)"; }
nothing_left "runtime: nothing left" one

# Its verbs one by one.
sed -i 's|echo in; cat /proc/self/cgroup; exit 3|i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.1; done|' config.json
sed -i 's|"readonly": *true|"readonly": false|' config.json
status() { apus-runtime state two 2>/dev/null | sed -n 's/.*"status": "\(.*\)".*/\1/p'; }
# until_equal WANTED COMMAND…: waits until the command prints that, 30 seconds at most.
until_equal() {
  wanted=$1
  n=0
  shift
  until [ "$("$@" 2>/dev/null)" = "$wanted" ] || [ $n -gt 300 ]; do sleep 0.1; n=$((n + 1)); done
}
apus-runtime create two >/tmp/two 2>&1 </dev/null || not_ok "runtime: create" "$(cat /tmp/two)"
same "runtime: created" created "$(status)"
same "runtime: the program waits" "" "$(cat rootfs/tmp/count 2>/dev/null)"
apus-runtime start two || not_ok "runtime: start"
same "runtime: running" running "$(status)"
same "runtime: exec" "in 0::/" "$(apus-runtime exec two sh -c 'echo in $(cat /proc/self/cgroup)' 2>&1)"
apus-runtime update --memory 33554432 --pids-limit 60 two || not_ok "runtime: update"
same "runtime: limits after update" "33554432 60" "$(echo $(cat /sys/fs/cgroup/two/memory.max /sys/fs/cgroup/two/pids.max))"
apus-runtime pause two || not_ok "runtime: pause"
same "runtime: paused" "paused 1" "$(status) $(sed -n 's/frozen //p' /sys/fs/cgroup/two/cgroup.events)"
before=$(cat rootfs/tmp/count)
sleep 1
same "runtime: a paused container does nothing" "$before" "$(cat rootfs/tmp/count)"
apus-runtime resume two || not_ok "runtime: resume"
same "runtime: resumed" "running 0" "$(status) $(sed -n 's/frozen //p' /sys/fs/cgroup/two/cgroup.events)"
apus-runtime delete two 2>/dev/null && not_ok "runtime: a running container is not deleted" || ok "runtime: a running container is not deleted"
apus-runtime kill two KILL || not_ok "runtime: kill"
until_equal stopped status
same "runtime: stopped" stopped "$(status)"
apus-runtime delete two || not_ok "runtime: delete"
nothing_left "runtime: nothing left after delete" two

# The engine.
# The client starts a server where none runs: it is asked only when the one that was started here holds the data root.
start_server() {
  apusd >>/tmp/apusd.log 2>&1 &
  server=$!
  n=0
  until [ "$(cat /run/apus/apusd.pid 2>/dev/null)" = $server ] || [ $n -gt 300 ]; do sleep 0.1; n=$((n + 1)); done
  until apus version >/dev/null 2>&1 || [ $n -gt 300 ]; do sleep 0.1; n=$((n + 1)); done
}
start_server
apus load -i /images/busybox.tar >/tmp/load 2>&1 || not_ok "load" "$(cat /tmp/load)" "$(tail -5 /tmp/apusd.log)"
same "run" "hi" "$(apus run --rm busybox echo hi 2>&1)"
apus run --rm busybox sh -c 'exit 7' >/dev/null 2>&1
same "exit code" 7 $?
apus run --rm busybox no-such-command >/dev/null 2>&1
same "missing command" 127 $?
same "info names the version" 2 "$(apus info --format '{{.CgroupVersion}}' 2>&1)"

same "memory limit" "67108864" "$(apus run --rm -m 64m busybox cat /sys/fs/cgroup/memory.max 2>&1)"
same "cpu limit" "50000 100000" "$(apus run --rm --cpus 0.5 busybox cat /sys/fs/cgroup/cpu.max 2>&1)"
same "pids limit" "50" "$(apus run --rm --pids-limit 50 busybox cat /sys/fs/cgroup/pids.max 2>&1)"
apus run --name oom -m 16m --memory-swap 16m busybox sh -c 'x=a; while :; do x=$x$x; done' >/dev/null 2>&1
same "out of memory: 137" 137 $?
same "out of memory: reported" true "$(apus inspect --format '{{.State.OOMKilled}}' oom 2>&1)"
apus rm oom >/dev/null
# Nobody drives these numbers: the kernel says so (ENXIO) to whom the device list lets through, and EPERM to the others.
opened() { apus run --rm --cap-add MKNOD "$@" busybox sh -c 'mknod /dev/x c 240 7; cat /dev/x' 2>&1 | sed 's/.*: //'; }
same "device list holds" "Operation not permitted" "$(opened)"
same "device list opens what a rule names" "No such device or address" "$(opened --device-cgroup-rule 'c 240:7 r')"

# Limits that are changed while a container runs, and what it uses.
apus run -d --name edited -m 64m busybox sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=24 2>/dev/null; echo full; sleep 1000' \
  >/tmp/edited 2>&1 || not_ok "edited" "$(cat /tmp/edited)"
until_equal full apus logs edited
limits() { apus exec edited sh -c 'cd /sys/fs/cgroup; echo $(cat memory.max memory.swap.max pids.max cpu.max cpu.weight)' 2>&1; }
apus update -m 96m --memory-swap 128m --pids-limit 40 --cpus 0.5 --cpu-shares 512 edited >/dev/null 2>/tmp/update || not_ok "update" "$(cat /tmp/update)"
same "update" "100663296 33554432 40 50000 100000 59" "$(limits)"
apus update -m 48m --memory-swap 48m --pids-limit -1 edited >/dev/null 2>/tmp/update || not_ok "update downwards" "$(cat /tmp/update)"
same "update downwards" "50331648 0 max 50000 100000 59" "$(limits)"
same "a limit below what is in use is refused" 1 "$(apus update -m 8m --memory-swap 8m --pids-limit 9 edited 2>&1 | grep -c 'cannot limit memory')"
same "and nothing has changed" "50331648 0 max 50000 100000 59 true" "$(limits) $(apus inspect --format '{{.State.Running}}' edited)"
same "stats" "edited 48MiB 1" "$(apus stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' edited 2>&1 | sed 's|[^ ]* / ||')"
apus rm -f edited >/dev/null 2>&1

# Networks.
apus run -d --name web -p 8080:80 busybox sh -c 'while :; do echo hello | nc -l -p 80 -w 1; done' >/tmp/web 2>&1 || not_ok "web" "$(cat /tmp/web)"
address=$(apus inspect --format '{{.NetworkSettings.IPAddress}}' web 2>&1)
until_equal 1 sh -c 'apus exec web netstat -ltn | grep -c :80'
same "a published port" hello "$(nc -w 5 127.0.0.1 8080 </dev/null 2>&1)"
same "between containers" hello "$(apus run --rm busybox nc -w 5 "$address" 80 </dev/null 2>&1)"
apus update --publish-rm :8080 --publish-add 8081:80 web >/dev/null 2>/tmp/update || not_ok "edit of ports" "$(cat /tmp/update)"
same "a port that was added" hello "$(nc -w 5 127.0.0.1 8081 </dev/null 2>&1)"
same "a port that was taken back" "" "$(nc -w 5 127.0.0.1 8080 </dev/null 2>/dev/null)"
apus network create side >/dev/null 2>&1 || not_ok "network create"
apus run -d --name slow --network-bandwidth rx=8mbit,tx=1mbit busybox sleep 100 >/tmp/slow 2>&1 || not_ok "a limit of bandwidth" "$(cat /tmp/slow)"
same "a limit of bandwidth" "tbf tbf" "$(echo $(ip link | sed -n 's/.*ifb.*qdisc \([a-z]*\).*/\1/p'))"
same "through a limit" hello "$(apus exec slow nc -w 5 "$address" 80 </dev/null 2>&1)"
apus rm -f slow >/dev/null 2>&1
same "between networks" "" "$(apus run --rm --network side busybox nc -w 1 "$address" 80 </dev/null 2>/dev/null)"
apus rm -f web >/dev/null 2>&1
apus network rm side >/dev/null 2>&1 || not_ok "network rm"

apus run -d --name long busybox sh -c 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i; sleep 0.1; done' >/dev/null
same "exec" "in" "$(apus exec long echo in 2>&1)"
kill -9 $server
wait $server 2>/dev/null
start_server
same "still running after the server's death" true "$(apus inspect --format '{{.State.Running}}' long 2>&1)"
same "exec after it" "again" "$(apus exec long echo again 2>&1)"
apus stop -t 1 long >/dev/null 2>&1
apus logs long >/tmp/log 2>&1
lines=$(wc -l </tmp/log)
seq 1 "$lines" | cmp -s - /tmp/log && [ "$lines" -gt 0 ] && ok "log has no gap" || not_ok "log has no gap" "$(tail -3 /tmp/log)"
apus rm long >/dev/null 2>&1
n=0
while [ -n "$(ls -d /sys/fs/cgroup/apus/*/ 2>/dev/null)" ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
same "no cgroup left" "" "$(ls -d /sys/fs/cgroup/apus/*/ 2>/dev/null)"
same "no container left" "" "$(apus ps -aq 2>&1)"
kill $server
wait $server 2>/dev/null
same "no link left" lo "$(ls /sys/class/net)"

# The rooms whose behaviour depends on the cgroup version: what is said of cgroups, of the runtime and of the shim holds
# here too.
cd /tmp || exit 1
suite() {
  APUS_BIN=/apus NO_COLOR=1 /apus/ApusPackageTests.xctest --testing-library swift-testing --filter "$1" >/tmp/rooms 2>&1
  code=$?
  grep -aE '^✘|^↳ [^T]' /tmp/rooms | head -40 | sed 's/^/# /'
  # A filter that finds nothing succeeds too.
  count=$(sed -n 's/.*Test run with \([0-9]*\) tests.*/\1/p' /tmp/rooms | tail -1)
  echo "# $1: ${count:-0} tests"
  same "$1" "0, at least $2 tests" "$code, at least $([ "${count:-0}" -ge "$2" ] && echo "$2" || echo "${count:-0}") tests"
}
suite CgroupsTests 20
# Links of kinds that the developers' kernels may lack.
suite ContainerNetworkTests 5
# Mounts and confinement know no cgroups, and the machine is slow.
suite 'ContainerRuntimeTests.(LifecycleTests|IsolationTests|FailureTests|ExecTests)' 40
suite ShimTests 15
# And what this kernel has as modules.
suite ContainerNetworkTests.BandwidthTests 4
# What the last test has started to take away may outlive the tests by a moment.
left() { for directory in /sys/fs/cgroup/apus-*/*/; do [ -d "$directory" ] && echo "$directory" $(cat "$directory/cgroup.procs"); done; }
until_equal "" left
same "the tests leave no container's cgroup" "" "$(left)"
exit $failed
