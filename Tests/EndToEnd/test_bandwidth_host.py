"""Limits of what a container in the machine's own network receives and sends: of its sockets alone, on all links there are.

Another machine is on the wire. Bytes are judged by an upper bound that no load of the machine can break: what the rate lets
pass in the time that was surely over, and what may wait or pass at once.
"""

import contextlib
import json
import pathlib
import time

import docker
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
    mounts = [line.split() for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
    root = next(place for _, place, kind, *_ in mounts if kind == "cgroup2")
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
            client = docker.DockerClient(base_url=server.host)
            held = client.api.stats("limited", stream=False)["network_bandwidth"]
            client.close()
            assert all(held[way]["bytes"] > 0 and held[way]["delayed"] > 0 for way in ["receive", "transmit"])


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
            assert server.inspect("limited")["HostConfig"]["NetworkBandwidth"] == {
                "Receive": RECEIVE, "Transmit": TRANSMIT, "Burst": 0}
            change("rx=4mbit,tx=2mbit")
            time.sleep(0.5)
            assert_held(lambda: arrived(lan), 2_000_000)
            assert_held(lambda: passed(server, "limited", "r"), 4_000_000)
            change("rx=0")
            assert limiters(server) == [f"{link}t"] and detours("lan0") == {"ingress": [], "egress": [f"{link}t"]}
            change("tx=0")
            assert limiters(server) == [] and detours("lan0") == {"ingress": [], "egress": []}
            assert server.inspect("limited")["HostConfig"]["NetworkBandwidth"] is None
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
    """They come before ours, which the log says, and the link keeps them when the limit has gone."""
    run("tc", "qdisc", "add", "dev", "lan0", "clsact", check=0)
    run("tc", "filter", "add", "dev", "lan0", "egress", "pref", "7", "protocol", "ip", "u32", "match", "ip", "dport", "9", "0xffff",
        "classid", "1:1", check=0)
    start(server, "limited", LIMIT)
    assert "on lan0 its bandwidth is limited only as far as filters of others leave packets undecided" in server.log.read_text()
    assert detours("lan0")["ingress"] == limiters(server)[:1]
    with programs(outside(lan, *sink())):
        eventually(lambda: "9000" in lan.run("ss", "-tlnH").stdout, what="the sink listens")
        with programs(inside(server, "limited", *source(lan.guest))):
            assert_held(lambda: arrived(lan), TRANSMIT)
    server.docker("rm", "-f", "limited", check=0)
    eventually(lambda: not limiters(server), what="its links are gone")
    shown = run("tc", "filter", "show", "dev", "lan0", "egress", check=0).stdout
    assert "pref 7" in shown and "61440" not in shown
    assert "clsact" in run("tc", "qdisc", "show", "dev", "lan0", check=0).stdout
    # A qdisc that leaves no place for what is sent.
    run("tc", "qdisc", "del", "dev", "lan0", "clsact", check=0)
    run("tc", "qdisc", "add", "dev", "lan0", "ingress", check=0)
    start(server, "only", "rx=8mbit")
    server.docker("rm", "-f", "only", check=0)
    done = server.apus("run", "--network", "host", "--network-bandwidth", LIMIT, "busybox", "true")
    assert done.returncode != 0 and "what is sent by the link lan0 cannot be limited: another program filters" in done.stderr
    server.remove_all()
    eventually(lambda: not limiters(server), what="nothing is left of it")
    assert detours("lan0") == {"ingress": [], "egress": []}


def test_what_the_machine_forwards_is_not_the_containers(server, lan):  # noqa: F811
    """Also where the container listens, at every address, at the port that it is for."""
    start(server, "limited", LIMIT)
    server.apus("run", "-d", "--name", "bridged", "busybox", "sleep", "100000", check=0)
    key = server.inspect("bridged")["NetworkSettings"]["SandboxKey"]
    with sinks(server, lan, "limited"):
        # All of its sockets have had a packet.
        for kind in ["tcp", "udp"]:
            with programs(outside(lan, *source(lan.host, kind))):
                before = passed(server, "limited", "r")
                eventually(lambda before=before: passed(server, "limited", "r") > before + (64 << 10), what="they are known")
        time.sleep(0.5)
        before = passed(server, "limited", "r")
        for kind in ["tcp", "udp"]:
            with programs(["nsenter", f"--net={key}", *source(lan.guest, kind)]):
                flows_freely(lambda: arrived(lan))
        assert passed(server, "limited", "r") <= before + 2000


def test_links_of_other_kinds(server, lan):  # noqa: F811
    """One without a header of its own, and a VLAN, whose packets pass two links and are counted once; larger packets, too."""
    lan.run("ip", "link", "add", "tun1", "type", "ipip", "local", lan.guest, "remote", lan.host)
    run("ip", "link", "add", "tun0", "type", "ipip", "local", lan.host, "remote", lan.guest)
    lan.run("ip", "link", "add", "link", "lan1", "name", "lan1.7", "type", "vlan", "id", "7")
    run("ip", "link", "add", "link", "lan0", "name", "lan0.7", "type", "vlan", "id", "7")
    made = [name for name in ["tun0", "lan0.7"] if pathlib.Path(f"/proc/sys/net/ipv4/conf/{name}").exists()]
    try:
        start(server, "limited", LIMIT)
        for number, name in enumerate(made):
            peer = name.replace("lan0", "lan1").replace("tun0", "tun1")
            run("ip", "addr", "add", f"198.51.10{number}.1/24", "dev", name, check=0)
            run("ip", "link", "set", name, "up", check=0)
            lan.run("ip", "addr", "add", f"198.51.10{number}.2/24", "dev", peer, check=0)
            lan.run("ip", "link", "set", peer, "up", check=0)
            link = f"ifb{server.inspect('limited')['Id'][:9]}"
            eventually(lambda name=name: detours(name) == {"ingress": [f"{link}r"], "egress": [f"{link}t"]}, what="it is led")
        with sinks(server, lan, "limited"):
            for number, name in enumerate(made):
                with programs(outside(lan, *source(f"198.51.10{number}.1"))):
                    assert_held(lambda name=name: taken_in(name), RECEIVE)
                with programs(inside(server, "limited", *source(f"198.51.10{number}.2"))):
                    assert_held(lambda: arrived(lan), TRANSMIT)
                    # Led twice, each byte would count twice.
                    before = (arrived(lan), passed(server, "limited", "t"))
                    time.sleep(1)
                    assert passed(server, "limited", "t") - before[1] < 1.5 * (arrived(lan) - before[0]) + (64 << 10)
            # What has become larger passes.
            lan.run("ip", "link", "set", "lan1", "mtu", "9000", check=0)
            run("ip", "link", "set", "lan0", "mtu", "9000", check=0)
            before = arrived(lan)
            big = "import socket,sys; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(bytes(8000), (sys.argv[1], 9000))"
            eventually(lambda: (run(*inside(server, "limited", "/usr/bin/python3", "-c", big, lan.guest), check=0)
                                and arrived(lan) > before + 8000), what="large packets arrive")
    finally:
        for name in made:
            run("ip", "link", "del", name)


def test_the_place_for_filters_goes_with_the_last(server, lan):  # noqa: F811
    """Also where another server has made it."""
    start(server, "limited", LIMIT)
    server.kill()
    server.start()
    assert "clsact" in run("tc", "qdisc", "show", "dev", "lan0", check=0).stdout
    server.docker("rm", "-f", "limited", check=0)
    eventually(lambda: "clsact" not in run("tc", "qdisc", "show", "dev", "lan0", check=0).stdout, what="it has gone")


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
