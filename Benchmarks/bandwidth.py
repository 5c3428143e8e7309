#!/usr/bin/env python3
"""How exactly --network-bandwidth holds: what interfaces count over ten seconds of TCP, sixteen streams and a flood of UDP,
both ways, before and after a change of the limit on the running container; on the bridge, and in the machine's network.
Root; APUS_BIN names the programs.

    Benchmarks/bandwidth.py [--seconds 10] [RATE…]          rates in Mbit/s, default 10 100 500

It runs in a network namespace of its own, with a server of its own, and leaves nothing.
"""

import argparse
import contextlib
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/EndToEnd"))
import test_bandwidth_host as host  # noqa: E402
from conftest import ROOT, Server, eventually, run  # noqa: E402
from test_bandwidth import flow, listens, programs, received, sink  # noqa: E402
from test_network import Lan  # noqa: E402


def measure(count, seconds):
    before, begin = count(), time.monotonic()
    time.sleep(seconds)
    got, end = count() - before, time.monotonic()
    return got * 8 / (end - begin)


def show(label, rate, kind, streams, way, got):
    print(f"{label:24} {kind} x{streams:<3} {way:9} {got / 1e6:9.2f} Mbit/s  {100 * got / rate:6.1f} %", flush=True)
    time.sleep(0.5)


def all_flows(server, label, rate, seconds):
    for kind, streams in [("tcp", 1), ("tcp", 16), ("udp", 1)]:
        for way, source, target in [("received", "peer", "limited"), ("sent", "limited", "peer")]:
            with programs(flow(server, source, target, kind, streams)):
                time.sleep(1)
                got = measure(lambda target=target: received(server, target), seconds)
            show(label, rate, kind, streams, way, got)


def host_flows(server, lan, label, rate, seconds):
    """A container in the machine's network and another machine on the wire. What comes in is counted behind the bucket."""
    ways = [("received", host.outside(lan, *host.source(lan.host, "{}", "{}")), lambda: host.passed(server, "limited", "r")),
            ("sent", host.inside(server, "limited", *host.source(lan.guest, "{}", "{}")), lambda: host.arrived(lan))]
    for kind, streams in [("tcp", 1), ("tcp", 16), ("udp", 1)]:
        for way, command, count in ways:
            with programs([*command[:-2], kind, str(streams)]):
                time.sleep(1)
                got = measure(count, seconds)
            show(label, rate, kind, streams, way, got)


def in_the_machines_network(server, rate, seconds):
    lan = Lan()
    try:
        host.start(server, "limited", f"{rate}mbit")
        with host.sinks(server, lan, "limited"):
            host_flows(server, lan, f"host, {rate} Mbit/s", rate * 1e6, seconds)
            server.apus("update", "--network-bandwidth", f"{rate * 2}mbit", "limited", check=0)
            host_flows(server, lan, f"host, changed to {rate * 2}", rate * 2e6, seconds)
        server.apus("rm", "-f", "limited", check=0)
    finally:
        lan.close()


def starts(server, count=15):
    """The median of a start with and without a limit, in milliseconds, one after the other in turn."""
    times = {"": [], "100mbit": []}
    for _ in range(count):
        for bandwidth, list_ in times.items():
            limit = ["--network-bandwidth", bandwidth] if bandwidth else []
            begin = time.monotonic()
            server.apus("run", "--rm", *limit, "busybox", "true", check=0)
            list_.append((time.monotonic() - begin) * 1000)
    without, limited = (sorted(list_)[count // 2] for list_ in times.values())
    print(f"run --rm busybox true: {without:.1f} ms without a limit, {limited:.1f} ms with one")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("rates", nargs="*", type=int, default=[10, 100, 500])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apus-bandwidth-", dir="/tmp") as directory, contextlib.ExitStack() as stack:
        directory = pathlib.Path(directory)
        run(ROOT / "scripts/busybox-image.sh", directory / "image", check=0)
        run("tar", "-C", directory / "image", "-cf", directory / "image.tar", ".", check=0)
        server = Server(directory / "server", "bandwidth").start()
        stack.callback(server.clean)
        server.apus("load", "-i", directory / "image.tar", check=0)
        starts(server)
        server.apus("run", "-d", "--name", "peer", "busybox", "sleep", "100000", check=0)
        stack.enter_context(programs(sink(server, "peer")))
        for rate in options.rates:
            server.apus("run", "-d", "--name", "limited", "--network-bandwidth", f"{rate}mbit", "busybox", "sleep", "100000",
                        check=0)
            with programs(sink(server, "limited")):
                for name in ["peer", "limited"]:
                    eventually(lambda name=name: listens(server, name), what="the sinks listen")
                all_flows(server, f"{rate} Mbit/s", rate * 1e6, options.seconds)
                if server.apus("update", "--network-bandwidth", f"{rate * 2}mbit", "limited").returncode == 0:
                    all_flows(server, f"changed to {rate * 2} Mbit/s", rate * 2e6, options.seconds)
            server.apus("rm", "-f", "limited", check=0)
            in_the_machines_network(server, rate, options.seconds)


main()
