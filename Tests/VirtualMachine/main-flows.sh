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
same "runtime: nothing left" "" "$(apus-runtime list -q 2>/dev/null)"

# The engine.
apusd >/tmp/apusd.log 2>&1 &
server=$!
n=0
until apus version >/dev/null 2>&1 || [ $n -gt 300 ]; do sleep 0.1; n=$((n + 1)); done
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
same "device list holds" 1 "$(apus run --rm --cap-add MKNOD busybox sh -c 'mknod /dev/x b 254 0; cat /dev/x >/dev/null 2>&1; echo $?' 2>&1)"

apus run -d --name long busybox sh -c 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i; sleep 0.1; done' >/dev/null
same "exec" "in" "$(apus exec long echo in 2>&1)"
kill -9 $server
wait $server 2>/dev/null
apusd >>/tmp/apusd.log 2>&1 &
server=$!
n=0
until apus version >/dev/null 2>&1 || [ $n -gt 300 ]; do sleep 0.1; n=$((n + 1)); done
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

# The rooms whose behaviour depends on the cgroup version.
if [ -e /apus/ApusPackageTests.xctest ]; then
  cd /tmp || exit 1
  APUS_BIN=/apus /apus/ApusPackageTests.xctest --testing-library swift-testing --filter 'CgroupsTests' >/tmp/rooms 2>&1
  code=$?
  grep -E '^✘|^↳' /tmp/rooms | head -20 | sed 's/^/# /'
  same "the laws of Cgroups" 0 $code
fi
exit $failed
