#!/bin/bash
# Builds once (debug) and runs every test: the rooms' own (Swift Testing), the style, the end-to-end suite with the real
# clients, and the main flows on cgroup v2 in an emulated machine. Ends with the names of what failed, and one line:
# N passed, N failed.
set -uo pipefail
cd "$(dirname "$0")/.."

logs=$(mktemp -d)
trap 'rm -rf --one-file-system "$logs"' EXIT
# The tools' own temporary files too: each run of swift and pytest leaves some.
mkdir "$logs/tmp"
export TMPDIR=$logs/tmp
passed=0
failed=0

# count NAME PASSED FAILED: adds up. The names of what failed come on standard input, one a line.
count() {
  sed "s|^|$1: |" >>"$logs/failed"
  echo "== $1: $2 passed, $3 failed"
  passed=$((passed + $2))
  failed=$((failed + $3))
}

# finish: the last lines, which a log that was cut at its start still has.
finish() {
  if [ "$failed" -gt 0 ]; then
    echo "== failed"
    cat "$logs/failed"
  fi
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

echo "== style"
if swift format lint --strict --recursive Sources Tests Examples Package.swift; then
  count style 1 0 </dev/null
else
  count style 0 1 <<<"swift format lint --strict"
fi

echo "== build"
if ! swift build --build-tests 2>&1 | tail -40; then
  count build 0 1 <<<"swift build --build-tests"
  finish
fi

echo "== rooms (Swift Testing)"
NO_COLOR=1 APUS_BIN=$PWD/.build/debug swift test --skip-build 2>&1 | tee "$logs/swift" | grep -Ev '^(◇|✔) ' | tail -200
# Each test that failed, once: by its last line, or by its issues where it could not even begin. "✘ Test run with N tests
# … failed" sums up and is no test; a crash ends the run without such a line.
awk '!sub(/^✘ Test /, "") || /^(run with|case passing) / { next }
  sub(/( with [0-9]+ test cases?)? failed after [0-9.]+ seconds.*/, "") { print; ended[$0] = 1 }
  sub(/ recorded an issue.*/, "") { begun[$0] = 1 }
  END { for (name in begun) if (!(name in ended)) print name }' "$logs/swift" >"$logs/swift-failed"
run=$(grep -Eo 'Test run with [0-9]+ tests?' "$logs/swift" | tail -1 | grep -Eo '[0-9]+')
bad=$(wc -l <"$logs/swift-failed")
if [ "$bad" -eq 0 ] && ! grep -q 'Test run with .* passed after' "$logs/swift"; then
  echo "the run failed: $(grep -E '^✘' "$logs/swift" | head -1 | grep . || tail -1 "$logs/swift")" >"$logs/swift-failed"
  bad=1
fi
good=$((${run:-0} - bad))
count rooms $((good > 0 ? good : 0)) "$bad" <"$logs/swift-failed"

echo "== end to end (the real clients)"
APUS_BIN=$PWD/.build/debug /usr/bin/python3 -m pytest -p no:cacheprovider -q -rfE Tests/EndToEnd 2>&1 | tee "$logs/e2e"
status=${PIPESTATUS[0]}
grep -E '^(FAILED|ERROR) ' "$logs/e2e" | cut -c1-200 >"$logs/e2e-failed"
good=$(tail -1 "$logs/e2e" | grep -Eo '[0-9]+ passed' | grep -Eo '[0-9]+')
bad=$(wc -l <"$logs/e2e-failed")
if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
  echo "pytest ended with $status" >"$logs/e2e-failed"
  bad=1
fi
count "end to end" "${good:-0}" "$bad" <"$logs/e2e-failed"

echo "== cgroup v2 (emulated machine)"
scripts/test-vm.sh 2>&1 | tee "$logs/vm"
status=${PIPESTATUS[0]}
grep -E '^not ok ' "$logs/vm" >"$logs/vm-failed"
good=$(grep -Eo 'vm: [0-9]+ passed' "$logs/vm" | grep -Eo '[0-9]+')
bad=$(wc -l <"$logs/vm-failed")
if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
  echo "scripts/test-vm.sh ended with $status" >"$logs/vm-failed"
  bad=1
fi
count "cgroup v2" "${good:-0}" "$bad" <"$logs/vm-failed"

finish
