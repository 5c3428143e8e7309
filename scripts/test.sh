#!/bin/bash
# Builds once (debug) and runs every test: the rooms' own (Swift Testing), the style, the end-to-end suite with the real
# clients, and the main flows on cgroup v2 in an emulated machine. Ends with one line: N passed, N failed.
set -uo pipefail
cd "$(dirname "$0")/.."

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0

count() { # name, passed, failed
  echo "== $1: $2 passed, $3 failed"
  passed=$((passed + $2))
  failed=$((failed + $3))
}

echo "== style"
if swift format lint --strict --recursive Sources Tests Examples Package.swift; then count style 1 0; else count style 0 1; fi

echo "== build"
if ! swift build --build-tests 2>&1 | tail -40; then
  echo "0 passed, 1 failed"
  exit 1
fi

echo "== rooms (Swift Testing)"
APUS_BIN=$PWD/.build/debug swift test --skip-build 2>&1 | tee "$logs/swift" | grep -Ev '^(◇|✔) ' | tail -200
run=$(grep -Eo 'Test run with [0-9]+ tests?' "$logs/swift" | tail -1 | grep -Eo '[0-9]+')
bad=$(grep -Ec '^✘ Test .* failed after' "$logs/swift")
if [ -z "$run" ]; then count rooms 0 1; else
  # A crash ends the run without the summary's "passed".
  grep -q 'Test run with .* passed after' "$logs/swift" || [ "$bad" -gt 0 ] || bad=1
  count rooms $((run - bad)) "$bad"
fi


echo "== end to end (the real clients)"
APUS_BIN=$PWD/.build/debug /usr/bin/python3 -m pytest -p no:cacheprovider -q Tests/EndToEnd 2>&1 | tee "$logs/e2e"
status=${PIPESTATUS[0]}
summary=$(tail -3 "$logs/e2e" | tr '\n' ' ')
e2e_passed=$(grep -Eo '[0-9]+ passed' <<<"$summary" | grep -Eo '[0-9]+' || echo 0)
e2e_failed=$(($(grep -Eo '[0-9]+ failed' <<<"$summary" | grep -Eo '[0-9]+' || echo 0) \
  + $(grep -Eo '[0-9]+ errors?' <<<"$summary" | grep -Eo '[0-9]+' || echo 0)))
[ "$status" -ne 0 ] && [ "$e2e_failed" -eq 0 ] && e2e_failed=1
count "end to end" "$e2e_passed" "$e2e_failed"

echo "== cgroup v2 (emulated machine)"
scripts/test-vm.sh 2>&1 | tee "$logs/vm"
status=${PIPESTATUS[0]}
vm_passed=$(grep -Eo 'vm: [0-9]+ passed' "$logs/vm" | grep -Eo '[0-9]+' || echo 0)
vm_failed=$(grep -Eo 'vm: [0-9]+ passed, [0-9]+ failed' "$logs/vm" | grep -Eo '[0-9]+ failed' | grep -Eo '[0-9]+' || echo 0)
[ "$status" -ne 0 ] && [ "$vm_failed" -eq 0 ] && vm_failed=1
count "cgroup v2" "$vm_passed" "$vm_failed"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
