"""Limits of what a container receives and sends: that they hold whatever the container does, and that nothing of them is left.

Bytes are counted by the interfaces, and judged by an upper bound that no load of the machine can break: what the rate lets
pass in the time that was surely over, and the burst.
"""

import contextlib
import json
import subprocess
import time

import docker
import pytest

from conftest import DOCKER, eventually, run

# In bits a second: low enough that a slow machine would pass much more.
RECEIVE, TRANSMIT = 16_000_000, 8_000_000
LIMIT = f"rx={RECEIVE},tx={TRANSMIT}"

# Takes connections and datagrams at port 9000, and throws away what they bring.
SINK = """
import socket, threading
def drain(one):
    while one.recv(1 << 16): pass
def accept():
    server = socket.create_server(('::', 9000), backlog=64, family=socket.AF_INET6, dualstack_ipv6=True)
    while True: threading.Thread(target=drain, args=[server.accept()[0]], daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
datagrams.bind(('::', 9000))
while True: datagrams.recv(1 << 16)
"""
# Sends to it until it is killed: over some connections, or a flood of datagrams.
SOURCE = """
import socket, sys, threading
host, kind, streams = sys.argv[1], sys.argv[2], int(sys.argv[3])
def tcp():
    one = socket.create_connection((host, 9000))
    while True: one.sendall(bytes(1 << 16))
def udp():
    one = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
    one.connect((host, 9000))
    while True:
        try: one.send(bytes(1400))
        except OSError: pass
threads = [threading.Thread(target={'tcp': tcp, 'udp': udp}[kind], daemon=True) for _ in range(streams)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.fixture
def server(own_server):
    yield own_server
    own_server.remove_all()
    run(DOCKER, "-H", own_server.host, "network", "prune", "-f")
    own_server.stop()
    own_server.assert_no_network_left()


def start(server, name, *options, bandwidth=None):
    limit = ["--network-bandwidth", bandwidth] if bandwidth else []
    server.apus("run", "-d", "--name", name, *limit, *options, "busybox", "sleep", "100000", check=0)


def inside(server, name):
    """How to run a program of this machine in a container's network."""
    return ["nsenter", f"--net={server.inspect(name)['NetworkSettings']['SandboxKey']}"]


def address(server, name, network="bridge"):
    return server.inspect(name)["NetworkSettings"]["Networks"][network]["IPAddress"]


def received(server, name, interface="eth0"):
    """What a container's interface has taken in, in bytes."""
    lines = run(*inside(server, name), "cat", "/proc/net/dev", check=0).stdout.splitlines()
    return sum(int(line.split(":")[1].split()[0]) for line in lines if line.strip().startswith(interface))


@contextlib.contextmanager
def programs(*commands):
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def flow(server, source, target, kind="tcp", streams=1, network="bridge"):
    return [*inside(server, source), "/usr/bin/python3", "-c", SOURCE, address(server, target, network), kind, str(streams)]


def sink(server, name):
    return [*inside(server, name), "/usr/bin/python3", "-c", SINK]


def listens(server, name):
    sockets = run(*inside(server, name), "cat", "/proc/net/tcp6", "/proc/net/udp6").stdout
    return sockets.count(":2328 ") >= 2


def assert_held(server, name, rate, interface="eth0", seconds=1.5):
    """What an interface takes in while something flows is no more than a rate allows."""
    burst = 64 << 10
    begin = time.monotonic()
    before = received(server, name, interface)
    eventually(lambda: received(server, name, interface) > before + 2 * burst, 60, "something flows")
    time.sleep(seconds)
    count, end = received(server, name, interface) - before, time.monotonic()
    assert count <= rate / 8 * (end - begin) * 1.05 + burst, f"{count * 8 / (end - begin):.0f} bit/s instead of {rate}"


@pytest.mark.parametrize("kind, streams", [("tcp", 1), ("tcp", 16), ("udp", 1)])
def test_the_limit_holds_both_ways(server, kind, streams):
    start(server, "limited", bandwidth=LIMIT)
    start(server, "peer")
    with programs(sink(server, "limited"), sink(server, "peer")):
        for name in ["limited", "peer"]:
            eventually(lambda name=name: listens(server, name), what="the sinks listen")
        with programs(flow(server, "peer", "limited", kind, streams)):
            assert_held(server, "limited", RECEIVE)
        # What waits comes first.
        time.sleep(0.2)
        with programs(flow(server, "limited", "peer", kind, streams)):
            assert_held(server, "peer", TRANSMIT)
    qdiscs = {link["dev"][-1]: link for link in json.loads(run("tc", "-s", "-j", "qdisc", "show", check=0).stdout)
              if link["dev"].startswith("ifb")}
    assert set(qdiscs) == {"r", "t"} and all(one["overlimits"] > 0 and one["bytes"] > 0 for one in qdiscs.values())


def test_the_container_cannot_lift_it(server):
    start(server, "limited", "--privileged", bandwidth=LIMIT)
    start(server, "peer")
    # All that it sees is its own end of the cable; what it does there changes nothing.
    links = json.loads(run(*inside(server, "limited"), "ip", "-j", "link", check=0).stdout)
    assert sorted(link["ifname"] for link in links) == ["eth0", "lo"]
    for words in ["qdisc replace dev eth0 root pfifo limit 10000", "qdisc add dev eth0 clsact"]:
        run(*inside(server, "limited"), "tc", *words.split(), check=0)
    for words in ["set eth0 mtu 65535", "set eth0 txqueuelen 100000"]:
        run(*inside(server, "limited"), "ip", "link", *words.split(), check=0)
    with programs(sink(server, "peer")):
        eventually(lambda: listens(server, "peer"), what="the sink listens")
        with programs(flow(server, "limited", "peer", "udp", 2)):
            assert_held(server, "peer", TRANSMIT)


def test_one_limit_for_all_networks(server):
    """A container in two networks has no more than one in a single one, also in a network that it comes into later."""
    for name in ["one", "two"]:
        server.docker("network", "create", name, check=0)
    start(server, "limited", "--network", "one", bandwidth=LIMIT)
    for name in ["one", "two"]:
        start(server, f"peer-{name}", "--network", name)
    server.docker("network", "connect", "two", "limited", check=0)
    with programs(sink(server, "limited")):
        eventually(lambda: listens(server, "limited"), what="the sink listens")
        with programs(*(flow(server, f"peer-{name}", "limited", "udp", network=name) for name in ["one", "two"])):
            assert_held(server, "limited", RECEIVE, interface="eth")
            assert received(server, "limited", "eth1") > 0
    server.docker("network", "disconnect", "one", "limited", check=0)
    with programs(sink(server, "limited")):
        eventually(lambda: listens(server, "limited"), what="the sink listens")
        with programs(flow(server, "peer-two", "limited", network="two")):
            assert_held(server, "limited", RECEIVE, interface="eth1")


def limiters(server):
    return [link for link in server.links() if link.startswith("ifb")]


def test_it_is_shown_and_kept(server):
    start(server, "both", bandwidth="50mbit")
    start(server, "one", bandwidth="tx=10mbit,burst=64k")
    assert server.inspect("both")["HostConfig"]["NetworkBandwidth"] == {"Receive": 50_000_000, "Transmit": 50_000_000, "Burst": 0}
    assert server.inspect("one")["HostConfig"]["NetworkBandwidth"] == {"Receive": 0, "Transmit": 10_000_000, "Burst": 65536}
    # One link for each way that has a limit.
    identity = {name: server.inspect(name)["Id"][:9] for name in ["both", "one"]}
    assert limiters(server) == sorted([f"ifb{identity['both']}r", f"ifb{identity['both']}t", f"ifb{identity['one']}t"])
    shown = json.loads(run("tc", "-j", "qdisc", "show", "dev", f"ifb{identity['one']}t", check=0).stdout)[0]
    # tc shows the burst as the kernel gives it, which is a time.
    assert shown["kind"] == "tbf" and shown["options"]["rate"] == 1_250_000
    assert abs(shown["options"]["burst"] - 65536) < 16
    server.docker("stop", "-t", "0", "both", check=0)
    eventually(lambda: limiters(server) == [f"ifb{identity['one']}t"], what="its links are gone")
    server.docker("start", "both", check=0)
    assert len(limiters(server)) == 3
    # By the API, as docker-py sends it; without a limit there is nothing of it.
    client = docker.DockerClient(base_url=server.host)
    made = client.api._result(client.api._post_json(
        client.api._url("/containers/create"),
        data={"Image": "busybox", "Cmd": ["true"], "HostConfig": {"NetworkBandwidth": {"Receive": 1_000_000, "Transmit": 0}}}),
        True)
    assert client.api.inspect_container(made["Id"])["HostConfig"]["NetworkBandwidth"] == {"Receive": 1_000_000, "Transmit": 0, "Burst": 0}
    free = client.containers.create("busybox", "true")
    assert client.api.inspect_container(free.id)["HostConfig"]["NetworkBandwidth"] is None
    # A template finds the fields whether there is a limit or not.
    assert server.docker("inspect", "-f", "{{.HostConfig.NetworkBandwidth.Burst}}", "both", check=0).stdout == "0\n"
    assert "no value" in server.docker("inspect", "-f", "{{.HostConfig.NetworkBandwidth}}", free.id, check=0).stdout
    client.close()


@pytest.mark.parametrize("options, sentence", [
    (["--network", "none", "--network-bandwidth", "1mbit"], "conflicting options: network bandwidth and the network mode none"),
    (["--network", "container:other", "--network-bandwidth", "1mbit"],
     "conflicting options: network bandwidth and the container type network mode"),
    (["--network-bandwidth", "7999"], "invalid network bandwidth: 7999 bits a second (from 8kbit to 1tbit"),
    (["--network-bandwidth", "2tbit"], "invalid network bandwidth: 2000000000000 bits a second"),
    (["--network-bandwidth", "rx=1mbit,burst=1000"], "invalid burst of the network bandwidth: 1000 bytes"),
])
def test_limits_that_cannot_be(server, options, sentence):
    start(server, "other")
    done = server.apus("create", *options, "busybox", "true")
    assert done.returncode == 1 and sentence in done.stderr, done.stderr


def test_a_negative_limit(server):
    client = docker.DockerClient(base_url=server.host)
    for limit in [{"Receive": -1}, {"Transmit": -(1 << 62)}, {"Receive": 1_000_000, "Burst": -5}, {"Burst": 65536}]:
        answer = client.api._post_json(
            client.api._url("/containers/create"), data={"Image": "busybox", "HostConfig": {"NetworkBandwidth": limit}})
        assert answer.status_code == 400 and "network bandwidth" in answer.json()["message"], answer.text
    client.close()


@pytest.mark.parametrize("point", ["network.after-record", "network.before-cables", "network.after-connect",
                                   "start.after-created"])
def test_nothing_is_left_of_a_start_that_fails_or_dies(server, point):
    server.restart(failpoints=f"{point}=error")
    assert server.apus("run", "-d", "--network-bandwidth", LIMIT, "busybox", "sleep", "1000").returncode != 0
    server.remove_all()
    eventually(lambda: not limiters(server), 15, "no limiter is left after an error")
    server.restart(failpoints=f"{point}=die")
    server.apus("run", "-d", "--network-bandwidth", LIMIT, "busybox", "sleep", "1000")
    server.process.wait(30)
    server.start()
    server.remove_all()
    eventually(lambda: not limiters(server), 15, "no limiter is left after a death")


def test_what_ends_while_no_server_runs(server):
    """The next server takes it away, whether or not another container goes on."""
    start(server, "goes", bandwidth=LIMIT)
    start(server, "stays", bandwidth=LIMIT)
    pid, stays = server.inspect("goes")["State"]["Pid"], server.inspect("stays")["Id"][:9]
    server.kill()
    run("kill", "-9", pid, check=0)
    # What somebody else took away meanwhile is put back.
    run("ip", "link", "del", f"ifb{stays}r", check=0)
    server.start()
    eventually(lambda: limiters(server) == [f"ifb{stays}r", f"ifb{stays}t"], what="only the limits of the other one")
    start(server, "peer")
    with programs(sink(server, "stays")):
        eventually(lambda: listens(server, "stays"), what="the sink listens")
        with programs(flow(server, "peer", "stays")):
            assert_held(server, "stays", RECEIVE)
    pid = server.inspect("stays")["State"]["Pid"]
    server.docker("rm", "-f", "peer", check=0)
    server.kill()
    run("kill", "-9", pid, check=0)
    server.start()
    eventually(lambda: not limiters(server), what="no limiter is left")


def test_nothing_is_left_after_many_starts(server):
    server.docker("run", "--rm", "busybox", "true", check=0)
    before = server.links()
    for _ in range(10):
        server.apus("run", "--rm", "--network-bandwidth", LIMIT, "busybox", "true", check=0)
        start(server, "again", bandwidth=LIMIT)
        # One after the other at once: what the last run left must not take away what the next one has.
        server.docker("stop", "-t", "0", "again", check=0)
        server.docker("start", "again", check=0)
        time.sleep(0.1)
        identity = server.inspect("again")["Id"][:9]
        assert {f"ifb{identity}r", f"ifb{identity}t"} <= set(limiters(server))
        server.docker("rm", "-f", "again", check=0)
    eventually(lambda: server.links() == before, what="as it was before")


def test_a_change_while_it_runs(server):
    """Narrower, wider, one way only, none, and limited again; what flows goes on flowing."""
    start(server, "limited", bandwidth=LIMIT)
    start(server, "peer")
    identity = server.inspect("limited")["Id"][:9]

    def change(bandwidth):
        server.apus("update", "--network-bandwidth", bandwidth, "limited", check=0)
    with programs(sink(server, "limited"), sink(server, "peer")):
        for name in ["limited", "peer"]:
            eventually(lambda name=name: listens(server, name), what="the sinks listen")
        with programs(flow(server, "peer", "limited"), flow(server, "limited", "peer")):
            assert_held(server, "limited", RECEIVE)
            told = json.loads(run("curl", "-s", "--unix-socket", server.socket,
                                  "http://x/containers/limited/stats?stream=false&one-shot=true", check=0).stdout)
            for way in ["receive", "transmit"]:
                held = told["network_bandwidth"][way]
                assert held["bytes"] > 0 and held["delayed"] > 0 and held["packets"] > 0
            change("rx=4mbit,tx=2mbit")
            # What waited for the old rate is through.
            time.sleep(0.5)
            assert_held(server, "limited", 4_000_000)
            assert_held(server, "peer", 2_000_000)
            change("tx=0")
            assert server.inspect("limited")["HostConfig"]["NetworkBandwidth"] == {"Receive": 4_000_000, "Transmit": 0, "Burst": 0}
            assert limiters(server) == [f"ifb{identity}r"]
            assert_held(server, "limited", 4_000_000)
            change("rx=0")
            assert server.inspect("limited")["HostConfig"]["NetworkBandwidth"] is None and not limiters(server)
            # More than the limit ever was, on whatever machine.
            before = received(server, "limited")
            eventually(lambda: received(server, "limited") > before + 4_000_000, 60, "it flows freely")
            change("8mbit")
            time.sleep(0.5)
            assert_held(server, "limited", 8_000_000)
            assert_held(server, "peer", 8_000_000)
    # A server that comes after keeps the last word.
    server.kill()
    server.start()
    assert limiters(server) == [f"ifb{identity}r", f"ifb{identity}t"]
    assert server.inspect("limited")["HostConfig"]["NetworkBandwidth"] == {"Receive": 8_000_000, "Transmit": 8_000_000, "Burst": 0}


def test_a_limit_that_another_program_deletes_comes_back(server):
    start(server, "limited", bandwidth="rx=8mbit")
    [name] = limiters(server)
    before = json.loads(run("ip", "-j", "link", "show", name, check=0).stdout)[0]["ifindex"]
    run("ip", "link", "del", name, check=0)
    eventually(lambda: limiters(server) == [name], what="it is there again")
    assert json.loads(run("ip", "-j", "link", "show", name, check=0).stdout)[0]["ifindex"] != before
    eventually(lambda: f"{name} was deleted" in server.log.read_text(), what="the log says so")
