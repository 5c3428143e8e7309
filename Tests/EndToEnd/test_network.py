"""Networks: addresses, published ports, isolation, changes while a container runs, and what is left afterwards."""

import contextlib
import ipaddress
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import docker
import pytest

from conftest import eventually, run

# It listens all the time: between two of a loop's callers would be a moment when nobody does.
SERVE = "exec nc -ll -p {port} -e /bin/sh -c 'echo hello from $(hostname)'"


class Lan:
    """Another machine on the wire: a network namespace with a cable to the one that the tests are in."""

    host, guest = "203.0.113.1", "203.0.113.2"
    host6, guest6 = "2001:db8::1", "2001:db8::2"

    def __init__(self):
        self.name = f"apus-lan-{os.getpid()}"
        run("ip", "netns", "add", self.name, check=0)
        run("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan1", "netns", self.name, check=0)
        run("ip", "addr", "add", f"{self.host}/24", "dev", "lan0", check=0)
        run("ip", "addr", "add", f"{self.host6}/64", "dev", "lan0", "nodad", check=0)
        run("ip", "link", "set", "lan0", "up", check=0)
        for command in ["ip link set lo up", f"ip addr add {self.guest}/24 dev lan1", "ip link set lan1 up",
                        f"ip addr add {self.guest6}/64 dev lan1 nodad", f"ip route add default via {self.host}",
                        f"ip -6 route add default via {self.host6}"]:
            self.run(*command.split(), check=0)

    def run(self, *command, **options):
        return run("ip", "netns", "exec", self.name, *command, **options)

    def close(self):
        run("ip", "link", "del", "lan0")
        run("ip", "netns", "del", self.name)


@pytest.fixture
def lan():
    machine = Lan()
    yield machine
    machine.close()


@pytest.fixture
def server(network_server):
    return network_server


ASK = ("import socket,sys; c=socket.create_connection((sys.argv[1],int(sys.argv[2])),3); c.settimeout(3); "
       "print(c.recv(100).decode(),end='')")


def ask(host, port, lan=None):
    """What a TCP server says first, or why there is none."""
    command = ["/usr/bin/python3", "-c", ASK, host, str(port)]
    done = lan.run(*command) if lan else run(*command)
    return done.stdout if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def serve(server, name, *options, port=80):
    """A container whose TCP server says hello."""
    server.docker("run", "-d", "--name", name, "--hostname", name, *options, "busybox", "sh", "-c",
                  SERVE.format(port=port), check=0)
    eventually(lambda: server.docker("exec", name, "sh", "-c", f"netstat -ltn | grep -q :{port}").returncode == 0,
               what="it listens")


def settings(server, name):
    return server.inspect(name)["NetworkSettings"]


def has_sctp():
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132).close()
        return True
    except OSError:
        return False


def reaches(server, name, address, port):
    """Whether a server is reached from inside a container."""
    done = server.docker("exec", name, "sh", "-c", f"nc -w 2 {address} {port} </dev/null")
    return "hello" in done.stdout


def test_the_default_network(server):
    server.docker("run", "-d", "--name", "one", "--hostname", "first", "busybox", "sleep", "1000", check=0)
    shown = settings(server, "one")
    endpoint = shown["Networks"]["bridge"]
    assert endpoint["IPAddress"] == shown["IPAddress"] and endpoint["Gateway"] == shown["Gateway"]
    length = endpoint["IPPrefixLen"]
    assert re.fullmatch("[0-9a-f]{64}", endpoint["EndpointID"])
    inside = server.docker("exec", "one", "ip", "addr", "show", "eth0", check=0).stdout
    assert f"inet {endpoint['IPAddress']}/{length}" in inside and endpoint["MacAddress"] in inside and "inet6" not in inside
    assert f"default via {endpoint['Gateway']}" in server.docker("exec", "one", "ip", "route", check=0).stdout
    server.docker("exec", "one", "ping", "-c", "1", "-W", "2", endpoint["Gateway"], check=0)
    hosts = server.docker("exec", "one", "cat", "/etc/hosts", check=0).stdout
    assert f"{endpoint['IPAddress']}\tfirst\n" in hosts and f"{endpoint['Gateway']}\thost.docker.internal\n" in hosts
    assert os.stat(shown["SandboxKey"]).st_ino == os.stat(
        f"/proc/{server.inspect('one')['State']['Pid']}/ns/net").st_ino
    network = json.loads(server.docker("network", "inspect", "bridge", check=0).stdout)[0]
    [member] = network["Containers"].values()
    assert member["Name"] == "one" and member["IPv4Address"] == f"{endpoint['IPAddress']}/{length}"
    assert network["IPAM"]["Config"][0]["Gateway"] == endpoint["Gateway"]
    # Containers of one network reach each other, and each has an address of its own.
    serve(server, "two")
    other = settings(server, "two")["IPAddress"]
    assert other != endpoint["IPAddress"] and reaches(server, "one", other, 80)
    server.docker("stop", "-t", "0", "one", check=0)
    assert settings(server, "one")["IPAddress"] == "" and settings(server, "one")["Ports"] == {}


def test_published_ports(server, lan):
    serve(server, "web", "-p", "18080:80", "-p", "127.0.0.1:18081:80", "-p", f"{lan.host}:18082:80", "-p", "80")
    assert "hello from web" in ask("127.0.0.1", 18080)
    assert "hello" in ask("127.0.0.1", 18081)
    assert "hello" in ask(lan.host, 18080) and "hello" in ask(lan.host, 18082)
    ports = settings(server, "web")["Ports"]["80/tcp"]
    assert {"HostIp": "0.0.0.0", "HostPort": "18080"} in ports and {"HostIp": "127.0.0.1", "HostPort": "18081"} in ports
    random = next(port["HostPort"] for port in ports if port["HostPort"] not in ("18080", "18081", "18082"))
    assert "hello" in ask("127.0.0.1", random)
    assert f"0.0.0.0:{random}" in server.docker("port", "web", "80", check=0).stdout
    assert "0.0.0.0:18080->80/tcp" in server.docker("ps", "--format", "{{.Ports}}", check=0).stdout
    # From another machine: by what is published for it, and by nothing else.
    assert "hello" in ask(lan.host, 18080, lan) and "hello" in ask(lan.host, 18082, lan)
    assert "hello" not in ask(lan.host, 18081, lan)
    # From other containers, and from itself.
    server.docker("run", "-d", "--name", "peer", "busybox", "sleep", "1000", check=0)
    gateway = settings(server, "web")["Gateway"]
    assert reaches(server, "peer", gateway, 18080) and reaches(server, "web", gateway, 18080)
    # The client's own address arrives.
    server.docker("run", "-d", "--name", "who", "-p", "18090:90", "busybox", "nc", "-l", "-p", "90", "-e", "/bin/sh",
                  "-c", "sleep 1", check=0)
    script = ("import socket,time; c=socket.create_connection(('%s',18090),3); time.sleep(1)" % lan.host)
    eventually(lambda: server.docker("exec", "who", "sh", "-c", "netstat -ltn | grep -q :90").returncode == 0)
    caller = subprocess.Popen(["ip", "netns", "exec", lan.name, "/usr/bin/python3", "-c", script])
    eventually(lambda: lan.guest in server.docker("exec", "who", "netstat", "-tn").stdout, 10, "the caller is seen")
    caller.wait(10)
    server.docker("rm", "-f", "web", check=0)
    assert "refused" in ask("127.0.0.1", 18080)


def test_udp_and_ranges(server):
    server.docker("run", "-d", "--name", "echo", "-p", "19000:53/udp", "-p", "19010-19012:90-92", "-p", "19020-19025:99",
                  "busybox", "sleep", "1000", check=0)
    ports = settings(server, "echo")["Ports"]
    assert [ports[f"{n}/tcp"][0]["HostPort"] for n in (90, 91, 92)] == ["19010", "19011", "19012"]
    assert ports["99/tcp"][0]["HostPort"] == "19020"
    # busybox has no server for UDP: one of this machine's, in the container's network.
    script = "import socket; s=socket.socket(type=socket.SOCK_DGRAM); s.bind(('',53))\nwhile 1: s.sendto(*s.recvfrom(99))"
    echo = subprocess.Popen(["nsenter", f"--net={settings(server, 'echo')['SandboxKey']}", "/usr/bin/python3", "-c", script])
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(1)

            def answers():
                client.sendto(b"ping", ("127.0.0.1", 19000))
                with contextlib.suppress(OSError):
                    return client.recv(100) == b"ping"
            eventually(answers, what="an answer")
    finally:
        echo.kill()
        echo.wait()
    # The next one of the range.
    server.docker("run", "-d", "--name", "more", "-p", "19020-19025:99", "busybox", "sleep", "1000", check=0)
    assert settings(server, "more")["Ports"]["99/tcp"][0]["HostPort"] == "19021"
    # Exposed ports, all at once.
    server.docker("run", "-d", "--name", "all", "-P", "--expose", "70", "--expose", "71/udp", "busybox", "sleep", "1000",
                  check=0)
    published = settings(server, "all")["Ports"]
    assert published["70/tcp"][0]["HostPort"] and published["71/udp"][0]["HostPort"]


def test_ports_that_are_taken(server):
    server.docker("run", "-d", "--name", "first", "-p", "18100:80", "busybox", "sleep", "1000", check=0)
    second = server.docker("run", "-d", "--name", "second", "-p", "18100:80", "busybox", "sleep", "1000")
    assert second.returncode == 125
    assert "Bind for 0.0.0.0:18100 failed: port is already allocated" in second.stderr
    with socket.create_server(("127.0.0.1", 18101)):
        third = server.docker("run", "-d", "--name", "third", "-p", "18101:80", "busybox", "sleep", "1000")
        assert third.returncode == 125 and "18101" in third.stderr and "address already in use" in third.stderr
    # And the other way round: nobody else gets what a container has.
    with pytest.raises(OSError):
        socket.create_server(("0.0.0.0", 18100))
    before = server.links()
    assert len([link for link in before if link.startswith("veth")]) == 1
    server.docker("start", "third", check=0)
    server.docker("rm", "-f", "first", check=0)
    server.docker("start", "second", check=0)
    server.docker("rm", "-f", "second", "third", check=0)
    socket.create_server(("0.0.0.0", 18100)).close()


def test_a_port_twice_in_one_container(server):
    refused = server.docker("run", "-d", "-p", "18031:80", "-p", "18031:81", "busybox", "true")
    assert refused.returncode == 125 and "Bind for 0.0.0.0:18031 failed: port is already allocated" in refused.stderr
    refused = server.docker("run", "-d", "-p", "18031:80", "-p", "127.0.0.1:18031:81", "busybox", "true")
    assert refused.returncode == 125 and "Bind for 127.0.0.1:18031 failed: port is already allocated" in refused.stderr
    # Two that may choose from one range each get one.
    server.docker("run", "-d", "--name", "both", "-p", "18032-18033:80", "-p", "18032-18033:81", "busybox", "sleep", "1000", check=0)
    assert {bindings[0]["HostPort"] for bindings in settings(server, "both")["Ports"].values()} == {"18032", "18033"}


@pytest.mark.skipif(has_sctp(), reason="this kernel has sctp")
def test_a_protocol_that_the_kernel_lacks(server):
    for options in [["-p", "7000/sctp"], ["-p", "18034:7000/sctp"], ["-P", "--expose", "7000/sctp"]]:
        refused = server.docker("run", "-d", *options, "busybox", "true")
        assert refused.returncode == 125 and "port 7000/sctp cannot be published: this kernel has no SCTP" in refused.stderr
        assert "modprobe sctp" in refused.stderr


def test_networks_are_apart(server, lan):
    server.docker("network", "create", "red", check=0)
    server.docker("network", "create", "blue", check=0)
    serve(server, "inred", "--network", "red", "-p", "18200:80")
    server.docker("run", "-d", "--name", "inblue", "--network", "blue", "busybox", "sleep", "1000", check=0)
    server.docker("run", "-d", "--name", "alsored", "--network", "red", "busybox", "sleep", "1000", check=0)
    address = settings(server, "inred")["Networks"]["red"]["IPAddress"]
    assert reaches(server, "alsored", address, 80)
    assert not reaches(server, "inblue", address, 80)
    # What is published is for everybody.
    assert reaches(server, "inblue", settings(server, "inblue")["Networks"]["blue"]["Gateway"], 18200)
    # Other machines do not reach a container by its address, though this one would route there.
    assert "hello" not in ask(address, 80, lan)
    assert ask(lan.host, 18200, lan).startswith("hello")


def test_networks_without_a_way_out(server, lan):
    server.docker("network", "create", "--internal", "inner", check=0)
    server.docker("run", "-d", "--name", "kept", "--network", "inner", "--cap-add", "NET_ADMIN", "busybox", "sleep", "1000",
                  check=0)
    shown = settings(server, "kept")["Networks"]["inner"]
    assert shown["Gateway"] == ""
    network = json.loads(server.docker("network", "inspect", "inner", check=0).stdout)[0]
    gateway = network["IPAM"]["Config"][0]["Gateway"]
    server.docker("exec", "kept", "ping", "-c", "1", "-W", "1", gateway, check=0)
    assert server.docker("exec", "kept", "ping", "-c", "1", "-W", "1", lan.guest).returncode != 0
    # Not even with a route of its own making, nor to this machine's other addresses.
    server.docker("exec", "kept", "ip", "route", "add", "default", "via", gateway, check=0)
    assert server.docker("exec", "kept", "ping", "-c", "1", "-W", "1", lan.guest).returncode != 0
    assert server.docker("exec", "kept", "ping", "-c", "1", "-W", "1", lan.host).returncode != 0
    # The way out of others.
    server.docker("run", "--rm", "busybox", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
    # No way between containers either, where that is asked for.
    server.docker("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "shy", check=0)
    serve(server, "shyone", "--network", "shy")
    server.docker("run", "-d", "--name", "shytwo", "--network", "shy", "busybox", "sleep", "1000", check=0)
    assert not reaches(server, "shytwo", settings(server, "shyone")["Networks"]["shy"]["IPAddress"], 80)


def test_ipv6(server, lan):
    server.docker("network", "create", "--ipv6", "--subnet", "2001:db8:1::/64", "six", check=0)
    serve(server, "web", "--network", "six", "-p", "18300:80")
    shown = settings(server, "web")["Networks"]["six"]
    assert shown["GlobalIPv6Address"].startswith("2001:db8:1::") and shown["GlobalIPv6PrefixLen"] == 64
    assert f"default via {shown['IPv6Gateway']}" in server.docker("exec", "web", "ip", "-6", "route", check=0).stdout
    server.docker("exec", "web", "ping", "-6", "-c", "1", "-W", "2", shown["IPv6Gateway"], check=0)
    assert {"HostIp": "::", "HostPort": "18300"} in settings(server, "web")["Ports"]["80/tcp"]
    # busybox's nc listens at both families.
    assert "hello" in ask(lan.host6, 18300, lan)
    assert "hello" in ask(lan.host6, 18300)
    assert "hello" in ask("::1", 18300)
    # From the first moment: nobody asks first who else has the bridge's address.
    server.docker("network", "create", "--ipv6", "--subnet", "2001:db8:2::/64", "early", check=0)
    server.docker("run", "-d", "--name", "early", "--network", "early", "busybox", "sleep", "1000", check=0)
    bridge = "br-" + server.docker("network", "inspect", "-f", "{{.Id}}", "early", check=0).stdout[:12]
    assert "tentative" not in run("ip", "-6", "addr", "show", "dev", bridge, check=0).stdout
    # One without a subnet of its own gets a unique local one.
    server.docker("network", "create", "--ipv6", "local", check=0)
    network = json.loads(server.docker("network", "inspect", "local", check=0).stdout)[0]
    assert any(pool["Subnet"].startswith("fd") for pool in network["IPAM"]["Config"])


def test_addresses_that_are_asked_for(server):
    server.docker("network", "create", "--subnet", "10.77.0.0/24", "--ip-range", "10.77.0.128/30", "--gateway", "10.77.0.254",
                  "--aux-address", "printer=10.77.0.129", "planned", check=0)
    server.docker("run", "-d", "--name", "fixed", "--network", "planned", "--ip", "10.77.0.9", "--mac-address",
                  "02:42:0a:4d:00:09", "busybox", "sleep", "1000", check=0)
    shown = settings(server, "fixed")["Networks"]["planned"]
    assert (shown["IPAddress"], shown["Gateway"], shown["MacAddress"]) == ("10.77.0.9", "10.77.0.254", "02:42:0a:4d:00:09")
    taken = server.docker("run", "--rm", "--network", "planned", "--ip", "10.77.0.9", "busybox", "true")
    assert taken.returncode == 125 and "Address already in use" in taken.stderr
    outside = server.docker("run", "--rm", "--network", "planned", "--ip", "10.78.0.9", "busybox", "true")
    assert outside.returncode == 125 and "10.78.0.9" in outside.stderr
    # The range has four addresses, of which one is the printer's.
    for number in range(3):
        server.docker("run", "-d", "--name", f"r{number}x", "--network", "planned", "busybox", "sleep", "1000", check=0)
    full = server.docker("run", "--rm", "--network", "planned", "busybox", "true")
    assert full.returncode == 125 and "no available IPv4 addresses" in full.stderr
    server.docker("rm", "-f", "r1x", check=0)
    server.docker("run", "--rm", "--network", "planned", "busybox", "true", check=0)


@pytest.mark.parametrize("arguments, words", [
    (["--subnet", "10.1.0.0/33", "xx"], "10.1.0.0/33"),
    (["--subnet", "10.1.0.1/16", "xx"], "10.1.0.0/16"),
    (["--subnet", "10.1.0.0/16", "--gateway", "10.2.0.1", "xx"], "10.2.0.1"),
    (["--subnet", "10.1.0.0/16", "--ip-range", "10.2.0.0/24", "xx"], "10.2.0.0/24"),
    (["--subnet", "10.1.0.0/31", "xx"], "room"),
    (["bridge"], "predefined bridge network"),
    (["-d", "overlay", "xx"], "overlay"),
    (["-o", "com.docker.network.driver.mtu=5", "xx"], "mtu"),
    (["-o", "nonsense=1", "xx"], "nonsense"),
    (["taken"], "network with name taken already exists"),
    (["--subnet", "10.99.1.0/24", "xx"], "overlaps"),
    (["--subnet", "10.6.0.0/24", "--subnet", "10.7.0.0/24", "xx"], "bridge driver doesn't support multiple subnets"),
    (["--subnet", "10.6.0.0/24", "--subnet", "fd00:6::/64", "--subnet", "fd00:7::/64", "--ipv6", "xx"],
     "bridge driver doesn't support multiple subnets"),
    (["-o", "com.docker.network.bridge.name=lo", "xx"], "lo: a link of another kind has the name of the bridge"),
])
def test_networks_that_cannot_be(server, arguments, words):
    server.docker("network", "create", "--subnet", "10.99.0.0/16", "taken", check=0)
    refused = server.docker("network", "create", *arguments)
    assert refused.returncode == 1 and words in refused.stderr, refused.stderr
    assert sorted(server.docker("network", "ls", "--format", "{{.Name}}", check=0).stdout.split()) == [
        "bridge", "host", "none", "taken"]


def test_many_networks_and_a_machine_with_routes_of_its_own(server, lan):
    run("ip", "route", "add", "172.20.0.0/14", "via", lan.guest, check=0)
    run("ip", "route", "add", "172.24.0.0/20", "via", lan.guest, check=0)
    names = [f"net{n}" for n in range(40)]
    for name in names:
        server.docker("network", "create", name, check=0)
    listed = json.loads(server.docker("network", "inspect", *names, "bridge", check=0).stdout)
    subnets = [network["IPAM"]["Config"][0]["Subnet"] for network in listed]
    assert len(set(subnets)) == 41
    routed = [ipaddress.ip_network("172.20.0.0/14"), ipaddress.ip_network("172.24.0.0/20")]
    assert not any(ipaddress.ip_network(subnet).overlaps(route) for subnet in subnets for route in routed)


def test_connect_and_disconnect(server):
    server.docker("network", "create", "side", check=0)
    serve(server, "web", "--network", "side")
    server.docker("run", "-d", "--name", "mover", "busybox", "sleep", "1000", check=0)
    address = settings(server, "web")["Networks"]["side"]["IPAddress"]
    assert not reaches(server, "mover", address, 80)
    server.docker("network", "connect", "side", "mover", check=0)
    assert reaches(server, "mover", address, 80)
    shown = settings(server, "mover")["Networks"]
    assert sorted(shown) == ["bridge", "side"]
    assert f"{shown['side']['IPAddress']}\t" in server.docker("exec", "mover", "cat", "/etc/hosts", check=0).stdout
    again = server.docker("network", "connect", "side", "mover")
    assert again.returncode == 1 and "already exists in network side" in again.stderr
    busy = server.docker("network", "rm", "side")
    assert busy.returncode == 1 and "active endpoints" in busy.stderr
    # It is so after a restart of the container and of the server, too.
    server.restart()
    assert reaches(server, "mover", address, 80)
    server.docker("stop", "-t", "0", "mover", check=0)
    server.docker("start", "mover", check=0)
    assert reaches(server, "mover", address, 80)
    server.docker("network", "disconnect", "side", "mover", check=0)
    assert not reaches(server, "mover", address, 80)
    assert list(settings(server, "mover")["Networks"]) == ["bridge"]
    server.docker("network", "disconnect", "bridge", "mover", check=0)
    assert "eth0" not in server.docker("exec", "mover", "ip", "link", check=0).stdout
    # A stopped one, and one that is made with several.
    server.docker("create", "--name", "still", "--network", "none", "busybox", "true", check=0)
    assert server.docker("network", "connect", "side", "still").returncode == 1
    server.docker("network", "create", "other", check=0)
    server.docker("run", "--rm", "--network", "side", "--network", "other", "busybox", "ip", "addr", "show", "eth1", check=0)


def test_the_network_of_another_container(server):
    serve(server, "owner")
    shared = server.docker("run", "--rm", "--network", "container:owner", "busybox", "sh", "-c",
                           "ip addr show eth0; hostname; nc -w 2 127.0.0.1 80 </dev/null", check=0).stdout
    assert settings(server, "owner")["IPAddress"] in shared and "hello from owner" in shared
    conflict = server.docker("run", "--rm", "--network", "container:owner", "-p", "80:80", "busybox", "true")
    assert conflict.returncode == 125 and "conflicting options" in conflict.stderr
    missing = server.docker("run", "--rm", "--network", "container:nobody", "busybox", "true")
    assert missing.returncode == 125 and "No such container: nobody" in missing.stderr
    unknown = server.docker("run", "--name", "lost", "--network", "nosuch", "busybox", "true")
    assert unknown.returncode == 125 and "network nosuch not found" in unknown.stderr


def test_a_container_cannot_pass_for_another(server):
    serve(server, "victim")
    server.docker("run", "-d", "--name", "friend", "busybox", "sleep", "1000", check=0)
    server.docker("run", "-d", "--name", "rogue", "--cap-add", "NET_ADMIN", "busybox", "sleep", "1000", check=0)
    address = settings(server, "friend")["IPAddress"]
    victim = settings(server, "victim")["IPAddress"]
    assert reaches(server, "rogue", victim, 80)
    server.docker("stop", "-t", "0", "friend", check=0)
    own, length = settings(server, "rogue")["IPAddress"], settings(server, "rogue")["IPPrefixLen"]

    def become(wanted):
        server.docker("exec", "rogue", "ip", "addr", "flush", "dev", "eth0", check=0)
        server.docker("exec", "rogue", "ip", "addr", "add", f"{wanted}/{length}", "dev", "eth0", check=0)

    # The friend's address is free now: the rogue takes it, and then another hardware address.
    become(address)
    assert not reaches(server, "rogue", victim, 80)
    become(own)
    assert reaches(server, "rogue", victim, 80)
    server.docker("exec", "rogue", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:99", check=0)
    assert not reaches(server, "rogue", victim, 80)


def test_the_machines_own_rules_have_their_say(server, lan):
    serve(server, "web", "-p", "18400:80")
    assert "hello" in ask(lan.host, 18400, lan)
    run("nft", "add table inet firewall", check=0)
    run("nft", "add chain inet firewall forward { type filter hook forward priority 10; policy accept; }", check=0)
    run("nft", "add rule inet firewall forward meta l4proto tcp ct original proto-dst 18400 drop", check=0)
    try:
        assert "hello" not in ask(lan.host, 18400, lan)
    finally:
        run("nft", "delete table inet firewall", check=0)
    assert "hello" in ask(lan.host, 18400, lan)


def test_services_of_this_machine_stay_its_own(server):
    # A published port makes bridges route 127.0.0.0/8: not for containers (CVE-2020-8558).
    with socket.create_server(("127.0.0.1", 18500)) as listener:
        listener.settimeout(1)
        server.docker("run", "-d", "--name", "nosy", "--cap-add", "NET_ADMIN", "-p", "18501:80", "busybox", "sleep", "1000",
                      check=0)
        gateway = settings(server, "nosy")["Gateway"]
        server.docker("exec", "nosy", "ip", "addr", "del", "127.0.0.1/8", "dev", "lo", check=0)
        server.docker("exec", "nosy", "ip", "route", "add", "127.0.0.0/8", "via", gateway, "dev", "eth0", check=0)
        server.docker("exec", "nosy", "nc", "-w", "1", "127.0.0.1", "18500")
        with pytest.raises(TimeoutError):
            listener.accept()


def test_ports_stay_open_while_the_server_is_away(server, lan):
    serve(server, "web", "-p", "18600:80")
    address = settings(server, "web")["IPAddress"]
    server.kill()
    assert "hello" in ask(lan.host, 18600, lan) and "hello" in ask("127.0.0.1", 18600)
    server.start()
    assert "hello" in ask(lan.host, 18600, lan)
    assert settings(server, "web")["IPAddress"] == address
    taken = server.docker("run", "--rm", "-p", "18600:80", "busybox", "true")
    assert taken.returncode == 125 and "18600" in taken.stderr
    # Its address is not given to another.
    server.docker("run", "-d", "--name", "next", "busybox", "sleep", "1000", check=0)
    assert settings(server, "next")["IPAddress"] != address


def test_what_others_take_away_comes_back(server, lan):
    serve(server, "web", "-p", "18700:80")
    run("nft", "flush", "ruleset", check=0)
    server.docker("run", "--rm", "-p", "18701:80", "busybox", "true", check=0)
    assert "hello" in ask(lan.host, 18700, lan)
    [bridge] = [link for link in server.links() if link.startswith("apus")]
    run("ip", "link", "del", bridge, check=0)
    server.docker("run", "--rm", "busybox", "true", check=0)
    assert "hello" in ask(lan.host, 18700, lan)


def test_nothing_is_left_after_many_starts(server):
    server.docker("run", "--rm", "busybox", "true", check=0)
    before = (server.links(), run("nft", "list", "ruleset", check=0).stdout)
    for turn in range(15):
        server.docker("run", "-d", "--name", "cc", "-p", "18800:80", "busybox", "sleep", "1000", check=0)
        server.docker("rm", "-f", "cc", check=0)
    eventually(lambda: (server.links(), run("nft", "list", "ruleset", check=0).stdout) == before, what="as it was before")


def test_docker_py(server):
    client = docker.DockerClient(base_url=server.host)
    network = client.networks.create("pynet", driver="bridge", labels={"made": "here"})
    container = client.containers.run("busybox", "sleep 1000", detach=True, network="pynet", ports={"80/tcp": 18900})
    container.reload()
    assert container.attrs["NetworkSettings"]["Networks"]["pynet"]["IPAddress"]
    assert container.ports == {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "18900"}, {"HostIp": "::", "HostPort": "18900"}]}
    network.reload()
    assert [member.id for member in network.containers] == [container.id]
    assert [found.name for found in client.networks.list(filters={"label": "made=here"})] == ["pynet"]
    network.disconnect(container)
    network.connect(container)
    container.remove(force=True)
    network.remove()
    client.close()


def test_no_process_is_left_unburied(server):
    """A spare shim without a network is of no use to a container in one, and goes."""
    def dead():
        children = pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/children")
        found = []
        for listed in children:
            # Threads and children may go while they are looked at.
            with contextlib.suppress(OSError):
                for pid in listed.read_text().split():
                    with contextlib.suppress(OSError):
                        if " Z " in pathlib.Path(f"/proc/{pid}/stat").read_text():
                            found.append(pid)
        return found
    for network in ["host", "bridge", "host", "bridge"]:
        server.docker("run", "--rm", "--network", network, "busybox", "true", check=0)
        time.sleep(0.2)
    eventually(lambda: not dead(), what="all are buried")
