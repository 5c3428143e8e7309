#!/bin/sh
# The end-to-end tests of networks, in the emulated machine; prints one line a test. Each is in Tests/EndToEnd.
cd /root/tests || exit 1
APUS_TEST_ARCHIVE=/images/busybox.tar APUS_BIN=/apus timeout "${1:-4800}" /usr/bin/python3 -B -m pytest -p no:cacheprovider \
  -v -rs --tb=short --durations=8 Tests/EndToEnd/test_network_parents.py Tests/EndToEnd/test_network.py \
  Tests/EndToEnd/test_network_live.py Tests/EndToEnd/test_network_attacks.py Tests/EndToEnd/test_names.py \
  Tests/EndToEnd/test_network_changes.py Tests/EndToEnd/test_network_flows.py Tests/EndToEnd/test_bandwidth_host.py >/tmp/networks 2>&1
code=$?
sed -n 's/^Tests[^:]*::\(.*\) PASSED .*/ok \1/p; s/^Tests[^:]*::\(.*\) \(FAILED\|ERROR\) .*/not ok \1/p' /tmp/networks
[ $code -eq 0 ] || sed 's/^/# /' /tmp/networks | grep -v ' PASSED ' | tail -120
grep -E '^[0-9.]+s (call|setup)|in [0-9.]+s' /tmp/networks | sed 's/^/# /'
[ $code -eq 0 ] || echo "not ok the end-to-end tests of networks end with $code"
exit $code
