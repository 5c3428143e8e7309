"""Throughput, latency and the answers to names, between containers and to the machine."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from measuring import report, verdict
from place import network_of
from servers import ROOT, busybox_rootfs

PORT = 5300
SECONDS = 2
ROUNDS = 20000

# Sent from within the asker's network namespace: a question for an address, and its answer.
ASK = """
import socket, statistics, sys, time
name, count = sys.argv[1], int(sys.argv[2])
question = bytes(4) + b"\\0\\1" + bytes(6) + bytes([len(name)]) + name.encode() + b"\\0\\0\\1\\0\\1"
question = question[:2] + b"\\1\\0" + question[4:]
asker = socket.socket(type=socket.SOCK_DGRAM)
asker.settimeout(2)
asker.connect(("127.0.0.11", 53))
times = []
for _ in range(count):
    begin = time.perf_counter()
    asker.send(question)
    answer = asker.recv(512)
    times.append((time.perf_counter() - begin) * 1e6)
    if answer[3] & 15 or answer[6:8] == b"\\0\\0":
        sys.exit(f"no answer for {name}: {answer.hex()}")
print(*times)
"""


def image(place):
    """A root of busybox, iperf3 with its libraries, and our own program for round trips."""
    folder = place / "tools"
    busybox_rootfs(folder)
    program = shutil.which("iperf3")
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for path in [program, *(word for word in listed.split() if word.startswith("/"))]:
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path[1:])
    subprocess.run([shutil.which("clang") or "cc", "-O2", "-static", "-o", folder / "bin/pingpong",
                    ROOT / "Benchmarks/pingpong.c"], check=True)
    tar = place / "tools.tar"
    subprocess.run(["tar", "-C", folder, "-cf", tar, "."], check=True)
    return tar


def in_network_of(engine, *command):
    """A command in the network that the engine takes for its machine's."""
    return ["nsenter", f"--net=/proc/{engine.process.pid}/ns/net", *map(str, command)]


class Pair:
    """Two containers of one engine, and the machine below them, each with a server for both measures."""

    def __init__(self, engine, place):
        self.engine = engine
        for name in ["far", "near"]:
            engine.do("run", "-d", "--name", name, "tools", "pingpong", "serve", PORT)
            engine.do("exec", "-d", name, "iperf3", "-s")
        format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}"
        self.far, self.machine = engine.do("inspect", "-f", format, "far").split()
        self.servers = [subprocess.Popen(in_network_of(engine, *command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                        for command in [["iperf3", "-s"], [place / "tools/bin/pingpong", "serve", PORT]]]

    def end(self):
        for server in self.servers:
            server.kill()
            server.wait()
        self.engine.do("rm", "-f", "far", "near")

    def throughput(self, address):
        """Gbit/s of one TCP stream; sender and receiver each on a processor of its own, where there are two."""
        pinned = ["-A", "0,1"] if os.cpu_count() > 1 else []
        shown = self.engine.do("exec", "near", "iperf3", "-c", address, "-t", SECONDS, "-J", *pinned)
        return json.loads(shown)["end"]["sum_received"]["bits_per_second"] / 1e9

    def latency(self, protocol, address):
        """Microseconds, the median of the round trips."""
        return float(self.engine.do("exec", "near", "pingpong", protocol, address, PORT, ROUNDS))


def bench(engines, turns):
    place = pathlib.Path(engines[0].host.removeprefix("unix://")).parent
    pairs = []
    try:
        for engine in engines:
            pairs.append(Pair(engine, place))
        time.sleep(0.5)
        for where, address in [("container to container", lambda pair: pair.far), ("container to the machine", lambda pair: pair.machine)]:
            compare(f"{where}, TCP throughput", pairs, turns, lambda pair: pair.throughput(address(pair)), "Gbit/s")
            for protocol in ["tcp", "udp"]:
                compare(f"{where}, {protocol} round trip", pairs, turns, lambda pair: pair.latency(protocol, address(pair)), "us")
    finally:
        for pair in pairs:
            pair.end()


def compare(title, pairs, turns, measure, unit):
    values = {pair.engine.name: [] for pair in pairs}
    for turn in range(turns):
        # Who is first changes from turn to turn.
        for pair in pairs if turn % 2 else reversed(pairs):
            values[pair.engine.name].append(measure(pair))
    report(title, values, "apus", unit)
    ratio = statistics.median([ours / theirs for ours, theirs in zip(values["apus"], values["docker"])])
    verdict("beside dockerd, times as slow", 1 / ratio if unit == "Gbit/s" else ratio, 1.03)


def names(engines):
    """A container asks for another one's address."""
    times = {}
    for engine in engines:
        engine.do("network", "create", "names")
        for name in ["asked", "asker"]:
            engine.do("run", "-d", "--name", name, "--network", "names", "tools", "sleep", "100000")
        pid = engine.do("inspect", "-f", "{{.State.Pid}}", "asker")
        assert network_of(pid) != network_of(engine.process.pid)
        done = subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "python3", "-c", ASK, "asked", "1000"],
                              capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"bench: names of {engine.name}: {done.stderr}")
        times[engine.name] = [float(word) for word in done.stdout.split()]
    report("1000 questions for a container's name", times, "apus", "us")
    verdict("an answer", statistics.median(times["apus"]), 300, " us")
