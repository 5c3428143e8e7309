"""What containers use, as docker's client, docker-py and ours read it."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import docker
import pytest

from conftest import BIN, eventually, run

NEVER = "0001-01-01T00:00:00Z"


@pytest.fixture
def client(server):
    client = docker.DockerClient(base_url=server.host)
    yield client
    client.close()


def start(server, name, *options, program=("sleep", "1000")):
    server.docker("run", "-d", "--name", name, *options, "busybox", *program, check=0)


BUSY = ("sh", "-c", "while true; do :; done")


def ask(server, path):
    """What the server answers, and the status."""
    done = run("curl", "-s", "-w", " %{http_code}", "--unix-socket", server.socket, f"http://x/v1.51{path}", check=0)
    return done.stdout.rsplit(" ", 1)


def read_once(server, name):
    text, status = ask(server, f"/containers/{name}/stats?stream=false&one-shot=true")
    assert status == "200", text
    return json.loads(text)


def test_the_shape_of_a_reading(server, client):
    start(server, "busy", "-m", "64m", "--pids-limit", "20", program=BUSY)
    first = read_once(server, "busy")
    assert first["preread"] == NEVER and first["read"] > "2020" and "system_cpu_usage" not in first["precpu_stats"]
    reading = client.containers.get("busy").stats(stream=False)
    assert reading["name"] == "/busy" and reading["id"] == server.inspect("busy")["Id"]
    assert reading["num_procs"] == 0 and reading["storage_stats"] == {}
    now, before = reading["cpu_stats"], reading["precpu_stats"]
    assert now["online_cpus"] == os.cpu_count()
    assert now["cpu_usage"]["total_usage"] > before["cpu_usage"]["total_usage"] > 0
    assert now["system_cpu_usage"] > before["system_cpu_usage"] > 0
    assert set(now["throttling_data"]) == {"periods", "throttled_periods", "throttled_time"}
    assert {"usage_in_kernelmode", "usage_in_usermode"} <= set(now["cpu_usage"])
    assert reading["preread"] < reading["read"] and reading["preread"] != NEVER
    assert reading["memory_stats"]["limit"] == 64 << 20 and 0 < reading["memory_stats"]["usage"] < 64 << 20
    assert "inactive_file" in reading["memory_stats"]["stats"]
    assert reading["pids_stats"] == {"current": 1, "limit": 20}
    blocks = reading["blkio_stats"]
    assert set(blocks) == {f"io_{kind}_recursive" for kind in [
        "service_bytes", "serviced", "queue", "service_time", "wait_time", "merged", "time"]} | {"sectors_recursive"}
    for entry in blocks["io_service_bytes_recursive"] or []:
        assert set(entry) == {"major", "minor", "op", "value"} and entry["op"] in ("read", "write")
    assert set(reading["networks"]) == {"eth0"}
    assert set(reading["networks"]["eth0"]) == {
        f"{way}_{what}" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")}


def test_a_container_that_does_not_run(server, client):
    server.docker("create", "--name", "still", "busybox", "true", check=0)
    reading = client.containers.get("still").stats(stream=False)
    assert (reading["name"], reading["read"], reading["preread"]) == ("/still", NEVER, NEVER)
    assert reading["memory_stats"] == {} and reading["pids_stats"] == {} and "networks" not in reading
    assert reading["cpu_stats"]["cpu_usage"] == {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0}
    for tool in (server.docker, server.apus):
        shown = tool("stats", "--no-stream", "--format", "{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}", "still", check=0)
        assert shown.stdout == "still 0.00% 0B / 0B 0\n"


def test_interfaces(server):
    """Bytes that went through, and whose they are in the modes that share a network."""
    server.docker("network", "create", "front", check=0)
    server.docker("network", "create", "side", check=0)
    try:
        start(server, "two", "--network", "front", "--network", "side")
        start(server, "inhost", "--network", "host")
        start(server, "alone", "--network", "none")
        start(server, "shares", "--network", "container:two")

        def interfaces(name):
            return read_once(server, name).get("networks")
        before = interfaces("two")
        assert set(before) == {"eth0", "eth1"}
        gateway = server.inspect("two")["NetworkSettings"]["Networks"]["side"]["IPAddress"].rsplit(".", 1)[0] + ".1"
        server.docker("exec", "two", "ping", "-c", "3", "-s", "1000", "-i", "0.1", "-W", "2", gateway, check=0)
        after = interfaces("two")
        used = max(after, key=lambda name: after[name]["tx_bytes"] - before[name]["tx_bytes"])
        # Three packets of 1042 bytes each way, and perhaps some of ARP.
        for way in ("rx", "tx"):
            assert 3126 <= after[used][f"{way}_bytes"] - before[used][f"{way}_bytes"] < 3600
            assert after[used][f"{way}_packets"] - before[used][f"{way}_packets"] >= 3
            assert after[used][f"{way}_errors"] == 0
        assert interfaces("inhost") is None and interfaces("alone") is None
        assert set(interfaces("shares")) == {"eth0", "eth1"}
        server.restart()
        assert interfaces("two")[used]["tx_bytes"] >= after[used]["tx_bytes"]
    finally:
        server.remove_all()
        server.docker("network", "rm", "front", "side", check=0)


def test_a_stream_goes_on_until_the_container_is_removed(server, client):
    start(server, "vv")
    readings = []
    stream = client.containers.get("vv").stats(stream=True, decode=True)
    readings.append(next(stream))
    readings.append(next(stream))
    assert readings[0]["preread"] == NEVER and readings[1]["preread"] == readings[0]["read"]
    assert readings[1]["precpu_stats"] == readings[0]["cpu_stats"]
    server.docker("stop", "-t", "0", "vv", check=0)
    # It goes on, with nothing in it.
    assert any(reading["read"] == NEVER for reading in (next(stream), next(stream), next(stream)))
    server.docker("start", "vv", check=0)
    assert any(reading["read"] != NEVER for reading in (next(stream), next(stream), next(stream)))
    rest = []
    reader = threading.Thread(target=lambda: rest.extend(stream))
    reader.start()
    server.docker("rm", "-f", "vv", check=0)
    reader.join(10)
    assert not reader.is_alive()


def test_a_client_that_goes_leaves_nothing_behind(server):
    start(server, "vv")
    def descriptors():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    def stands_still():
        first = descriptors()
        time.sleep(0.5)
        return descriptors() == first

    def come_and_go():
        for _ in range(5):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(server.socket))
                connection.sendall(b"GET /v1.51/containers/vv/stats HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"200 OK" in connection.recv(100)
    # After a start a shim is made ready for the next one, and with its first clients each event loop gets a timer.
    come_and_go()
    eventually(stands_still, what="the start is over")
    before = descriptors()
    come_and_go()
    eventually(lambda: descriptors() <= before, what="all are closed")


def test_what_cannot_be_asked(server):
    start(server, "vv")
    for query in ("", "?stream=0", "?stream=0&one-shot=1"):
        text, status = ask(server, f"/containers/nobody/stats{query}")
        assert status == "404" and "No such container: nobody" in text
    text, status = ask(server, "/containers/vv/stats?one-shot=1")
    assert status == "400" and "cannot have stream=true and one-shot=true" in text


def test_both_clients_show_the_same(server):
    start(server, "idle", "-m", "32m")
    start(server, "busy", program=BUSY)
    server.docker("create", "--name", "still", "busybox", "true", check=0)

    def table(tool, *words):
        lines = tool("stats", "--no-stream", *words, check=0).stdout.splitlines()
        return lines[0], {re.split(r"\s{2,}", line)[1]: re.split(r"\s{2,}", line.strip()) for line in lines[1:]}
    for words in ([], ["-a"], ["idle", "busy"], ["--no-trunc", "busy"]):
        heading, theirs = table(server.docker, *words)
        ours_heading, ours = table(server.apus, *words)
        assert ours_heading.split() == heading.split() and list(ours) == list(theirs)
        for name, row in ours.items():
            assert row[0] == theirs[name][0] and len(row) == len(theirs[name])
    assert ours["busy"][2] != "0.00%"
    _, all_of_them = table(server.apus, "-a")
    assert all_of_them["idle"][3].endswith(" / 32MiB") and all_of_them["still"][2:] == [
        "0.00%", "0B / 0B", "0.00%", "0B / 0B", "0B / 0B", "0"]
    row = json.loads(server.apus("stats", "--no-stream", "--format", "json", "idle", check=0).stdout)
    assert list(row) == list(json.loads(server.docker("stats", "--no-stream", "--format", "json", "idle", check=0).stdout))
    assert row["Container"] == "idle" and row["PIDs"] == "1"
    missing = server.apus("stats", "--no-stream", "nobody", "idle")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == server.docker("stats", "--no-stream", "nobody", "idle").stderr


def test_the_live_table(server):
    start(server, "first")
    process = subprocess.Popen([BIN / "apus", "-H", server.host, "stats", "--format", "{{.Name}}"], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    shown = b""

    def until(condition):
        nonlocal shown
        while not condition(shown.split(b"\x1b[H")[-1] if shown.endswith(b"\x1b[J") else b""):
            piece = os.read(process.stdout.fileno(), 65536)
            assert piece, shown
            shown += piece
    try:
        until(lambda page: b"first" in page)
        start(server, "second")
        until(lambda page: b"first" in page and b"second" in page)
        server.docker("rm", "-f", "first", check=0)
        until(lambda page: b"first" not in page and b"second" in page)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)
        process.stdout.close()
    # Of one that was named it is over with its removal.
    process = subprocess.Popen([BIN / "apus", "-H", server.host, "stats", "second"], stdout=subprocess.PIPE,
                               stdin=subprocess.DEVNULL)
    assert b"CPU %" in process.stdout.readline()
    server.docker("rm", "-f", "second", check=0)
    assert process.wait(20) == 0
    process.stdout.close()
