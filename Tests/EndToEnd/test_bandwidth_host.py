"""Limits of what a container in the machine's own network receives and sends: of its sockets alone, on all links there are.

Another machine is on the wire. Bytes are judged by an upper bound that no load of the machine can break: what the rate lets
pass in the time that was surely over, and what may wait or pass at once.
"""

import contextlib
import json
import pathlib
import time

import pytest

from conftest import eventually, run
from test_bandwidth import LIMIT, RECEIVE, SINK, SOURCE, TRANSMIT, limiters, programs
from test_network import lan  # noqa: F401 (a fixture)


@pytest.fixture
def server(network_server):
    return network_server


def start(server, name, bandwidth=None, *options):
    limit = ["--network-bandwidth", bandwidth] if bandwidth else []
    server.apus("run", "-d", "--name", name, "--network", "host", *limit, *options, "busybox", "sleep", "100000", check=0)


def cgroup(server, name):
    """Its directory in the hierarchy of version 2."""
    root = run("findmnt", "-t", "cgroup2", "-n", "-o", "TARGET", check=0).stdout.splitlines()[0]
    lines = pathlib.Path(f"/proc/{server.inspect(name)['State']['Pid']}/cgroup").read_text().splitlines()
    return root + next(line[3:] for line in lines if line.startswith("0::"))


def inside(server, name, *command):
    """How to run a program of this machine as one of the container's."""
    return ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', cgroup(server, name), *command]


def outside(lan, *command):  # noqa: F811
    return ["ip", "netns", "exec", lan.name, *command]


def source(target, kind="tcp", streams=1):
    return ["/usr/bin/python3", "-c", SOURCE, target, kind, str(streams)]


def sink():
    return ["/usr/bin/python3", "-c", SINK]


@contextlib.contextmanager
def sinks(server, lan, name):  # noqa: F811
    """The container and the other machine take what comes."""
    with programs(inside(server, name, *sink()), outside(lan, *sink())):
        for prefix in [[], ["ip", "netns", "exec", lan.name]]:
            eventually(lambda prefix=prefix: "9000" in run(*prefix, "ss", "-tlnH").stdout
                       and "9000" in run(*prefix, "ss", "-ulnH").stdout, what="the sinks listen")
        yield


def passed(server, name, way):
    """What its bucket has let pass, in bytes; before there is one, nothing."""
    link = f"ifb{server.inspect(name)['Id'][:9]}{way}"
    shown = run("tc", "-s", "-j", "qdisc", "show", "dev", link)
    return json.loads(shown.stdout)[0]["bytes"] if shown.returncode == 0 else 0


def taken_in(interface, *where):
    """What an interface has taken in, in bytes; `where` is how to run a program in its network."""
    shown = json.loads(run(*where, "ip", "-s", "-j", "link", "show", interface, check=0).stdout)
    return shown[0]["stats64"]["rx"]["bytes"]


def arrived(lan):  # noqa: F811
    """What the other machine has got, in bytes."""
    return taken_in("lan1", "ip", "netns", "exec", lan.name)


def assert_held(count, rate, seconds=1.5):
    burst = 64 << 10
    begin, before = time.monotonic(), count()
    eventually(lambda: count() > before + 2 * burst, 60, "something flows")
    time.sleep(seconds)
    got, end = count() - before, time.monotonic()
    assert got <= rate / 8 * (end - begin) * 1.05 + burst, f"{got * 8 / (end - begin):.0f} bit/s instead of {rate}"


def flows_freely(count):
    """More than the limit ever was, on whatever machine."""
    before = count()
    eventually(lambda: count() > before + 8 * RECEIVE / 8, 60, "it flows freely")


@pytest.mark.parametrize("kind, streams", [("tcp", 1), ("tcp", 16), ("udp", 1)])
@pytest.mark.parametrize("version", [4, 6])
def test_the_limit_holds_both_ways(server, lan, version, kind, streams):  # noqa: F811
    start(server, "limited", LIMIT)
    host, guest = (lan.host, lan.guest) if version == 4 else (lan.host6, lan.guest6)
    with sinks(server, lan, "limited"):
        with programs(inside(server, "limited", *source(guest, kind, streams))):
            assert_held(lambda: arrived(lan), TRANSMIT)
        with programs(outside(lan, *source(host, kind, streams))):
            # What arrives before the bucket and is dropped there is nobody's; what the bucket lets pass reaches the sockets.
            assert_held(lambda: passed(server, "limited", "r"), RECEIVE)
            held = json.loads(run("curl", "-s", "--unix-socket", server.socket,
                                  "http://x/containers/limited/stats?stream=false&one-shot=true", check=0).stdout)
            for way in ["receive", "transmit"]:
                assert held["network_bandwidth"][way]["bytes"] > 0 and held["network_bandwidth"][way]["delayed"] > 0


def test_it_is_the_containers_alone(server, lan):  # noqa: F811
    """Programs of the machine, and other containers in its network, are as fast as before; so is what stays on loopback."""
    start(server, "limited", LIMIT)
    start(server, "free")
    with sinks(server, lan, "free"):
        for words in [source(lan.guest), inside(server, "free", *source(lan.guest))]:
            with programs(words):
                flows_freely(lambda: arrived(lan))
        with programs(inside(server, "limited", *source("127.0.0.1"))):
            flows_freely(lambda: taken_in("lo"))
    assert passed(server, "limited", "r") == 0


def test_its_children_too(server, lan):  # noqa: F811
    """What runs in a cgroup below the container's is the container's."""
    start(server, "limited", LIMIT)
    below = pathlib.Path(cgroup(server, "limited")) / "below"
    below.mkdir()
    with programs(outside(lan, *sink())):
        eventually(lambda: "9000" in lan.run("ss", "-tlnH").stdout, what="the sink listens")
        with programs(["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(below), *source(lan.guest)]):
            assert_held(lambda: arrived(lan), TRANSMIT)
    eventually(lambda: not (below / "cgroup.procs").read_text(), what="it is empty")
    below.rmdir()


def test_a_bridged_container_is_reached_no_faster(server, lan):  # noqa: F811
    """The bridge of our own networks is one of the machine's links, too."""
    start(server, "limited", "tx=8mbit")
    server.apus("run", "-d", "--name", "bridged", "busybox", "sleep", "100000", check=0)
    key = server.inspect("bridged")["NetworkSettings"]["SandboxKey"]
    address = server.inspect("bridged")["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    within = ["nsenter", f"--net={key}"]
    with programs([*within, "/usr/bin/python3", "-c", SINK]):
        eventually(lambda: ":2328 " in run(*within, "cat", "/proc/net/tcp6").stdout, what="the sink listens")
        with programs(inside(server, "limited", *source(address))):
            assert_held(lambda: passed(server, "limited", "t"), TRANSMIT)
            assert taken_in("eth0", *within) <= passed(server, "limited", "t") + (64 << 10)


def detours(link):
    """The links that packets of sockets are led to, by direction."""
    found = {}
    for direction in ["ingress", "egress"]:
        done = run("tc", "-j", "filter", "show", "dev", link, direction)
        filters = json.loads(done.stdout or "[]") if done.returncode == 0 else []
        found[direction] = [one["options"]["actions"][0]["to_dev"] for one in filters if one.get("pref") == 61440 and "options" in one]
    return found


def test_a_change_while_it_runs(server, lan):  # noqa: F811
    """Limited late, narrower, one way only, none: what flows goes on flowing."""
    start(server, "limited")
    link = f"ifb{server.inspect('limited')['Id'][:9]}"

    def change(bandwidth):
        server.apus("update", "--network-bandwidth", bandwidth, "limited", check=0)
    with sinks(server, lan, "limited"):
        with programs(outside(lan, *source(lan.host)), inside(server, "limited", *source(lan.guest))):
            flows_freely(lambda: arrived(lan))
            change(LIMIT)
            time.sleep(0.5)
            # Sockets from before the limit are in it.
            assert_held(lambda: arrived(lan), TRANSMIT)
            assert_held(lambda: passed(server, "limited", "r"), RECEIVE)
            assert server.inspect("limited")["HostConfig"]["NetworkBandwidth"] == {"Receive": RECEIVE, "Transmit": TRANSMIT}
            change("rx=4mbit,tx=2mbit")
            time.sleep(0.5)
            assert_held(lambda: arrived(lan), 2_000_000)
            assert_held(lambda: passed(server, "limited", "r"), 4_000_000)
            change("rx=0")
            assert limiters(server) == [f"{link}t"] and detours("lan0") == {"ingress": [], "egress": [f"{link}t"]}
            change("tx=0")
            assert limiters(server) == [] and detours("lan0") == {"ingress": [], "egress": []}
            assert "NetworkBandwidth" not in server.inspect("limited")["HostConfig"]
            flows_freely(lambda: arrived(lan))
    assert "clsact" not in run("tc", "qdisc", "show", "dev", "lan0", check=0).stdout


def test_links_come_and_go(server, lan):  # noqa: F811
    """A link that is new is led by the limit, and what another program takes away comes back."""
    start(server, "limited", LIMIT)
    link = f"ifb{server.inspect('limited')['Id'][:9]}"
    whole = {"ingress": [f"{link}r"], "egress": [f"{link}t"]}
    assert detours("lan0") == whole
    try:
        run("ip", "link", "add", "lan5", "type", "bridge", check=0)
        run("ip", "link", "set", "lan5", "up", check=0)
        eventually(lambda: detours("lan5") == whole, what="the new link is led, too")
    finally:
        run("ip", "link", "del", "lan5")
    run("tc", "filter", "del", "dev", "lan0", "egress", check=0)
    eventually(lambda: detours("lan0") == whole, what="the filter is back")
    run("ip", "link", "del", f"{link}r", check=0)
    eventually(lambda: limiters(server) == [f"{link}r", f"{link}t"] and detours("lan0") == whole, what="the link is back")
    with sinks(server, lan, "limited"):
        with programs(outside(lan, *source(lan.host))):
            assert_held(lambda: passed(server, "limited", "r"), RECEIVE)


def test_filters_of_others_stay(server, lan):  # noqa: F811
    """They come before ours, and the link keeps them when the limit has gone."""
    run("tc", "qdisc", "add", "dev", "lan0", "clsact", check=0)
    run("tc", "filter", "add", "dev", "lan0", "egress", "pref", "7", "protocol", "all", "u32", "match", "u32", "0", "0",
        "classid", "1:1", check=0)
    start(server, "limited", LIMIT)
    assert detours("lan0")["ingress"] == limiters(server)[:1]
    server.docker("rm", "-f", "limited", check=0)
    eventually(lambda: not limiters(server), what="its links are gone")
    shown = run("tc", "filter", "show", "dev", "lan0", "egress", check=0).stdout
    assert "pref 7" in shown and "61440" not in shown
    assert "clsact" in run("tc", "qdisc", "show", "dev", "lan0", check=0).stdout
    # A qdisc that leaves no place for what is sent.
    run("tc", "qdisc", "del", "dev", "lan0", "clsact", check=0)
    run("tc", "qdisc", "add", "dev", "lan0", "ingress", check=0)
    done = server.apus("run", "--network", "host", "--network-bandwidth", LIMIT, "busybox", "true")
    assert done.returncode != 0 and "what is sent by the link lan0 cannot be limited: another program filters" in done.stderr
    server.remove_all()
    eventually(lambda: not limiters(server), what="nothing is left of it")


@pytest.mark.parametrize("point", ["start.after-created", "start.before-record", "update.after-record", "update.after-publish"])
def test_nothing_is_left_of_a_death(server, lan, point):  # noqa: F811
    start(server, "other", "tx=8mbit")
    kept = limiters(server)
    server.restart(failpoints=f"{point}=die")
    if point.startswith("update"):
        server.apus("update", "--network-bandwidth", LIMIT, "other")
    else:
        server.apus("run", "-d", "--network", "host", "--network-bandwidth", LIMIT, "busybox", "sleep", "1000")
    server.process.wait(30)
    server.start()
    if point.startswith("update"):
        # What was written down counts.
        eventually(lambda: len(limiters(server)) == 2 and detours("lan0")["ingress"] == limiters(server)[:1],
                   what="the next server has set it")
    else:
        eventually(lambda: set(limiters(server)) >= set(kept) and len(limiters(server)) in (1, 3), what="no stray limiter")
    server.remove_all()
    eventually(lambda: not limiters(server) and detours("lan0") == {"ingress": [], "egress": []}, what="nothing is left")


def test_what_ends_while_no_server_runs(server, lan):  # noqa: F811
    start(server, "goes", LIMIT)
    start(server, "stays", "rx=8mbit")
    pid, link = server.inspect("goes")["State"]["Pid"], f"ifb{server.inspect('stays')['Id'][:9]}r"
    server.kill()
    run("kill", "-9", pid, check=0)
    # What somebody else took away meanwhile is put back.
    run("tc", "filter", "del", "dev", "lan0", "ingress", check=0)
    server.start()
    eventually(lambda: limiters(server) == [link] and detours("lan0") == {"ingress": [link], "egress": []},
               what="only the limit of the other one")
    server.docker("stop", "-t", "0", "stays", check=0)
    eventually(lambda: limiters(server) == [], what="it goes with the container")
    server.docker("start", "stays", check=0)
    assert limiters(server) == [link] and detours("lan0") == {"ingress": [link], "egress": []}
    with sinks(server, lan, "stays"):
        with programs(outside(lan, *source(lan.host))):
            assert_held(lambda: passed(server, "stays", "r"), 8_000_000)
