"""What a container may say it is, what it may hear, and who reaches what is published on loopback."""

import contextlib
import functools
import ipaddress
import json
import socket
import subprocess
import sys
import time

import pytest

from conftest import eventually, run
from test_network import ask, lan, serve, server, settings  # noqa: F401 (fixtures)


# A router advertisement with a prefix to make addresses of, from eth0's link-local address to all. RFC 4861.
ADVERTISE = """
import socket, struct, sys
index = socket.if_nametoindex("eth0")
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.bind((sys.argv[1], 0, 0, index))
prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
packet = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 3600, 0) + prefix
for _ in range(3):
    s.sendto(packet, ("ff02::1", 0, 0, index))
"""


@functools.cache
def sandbox(server, name):
    """The path to a container's network, known also while the server is away."""
    return settings(server, name)["SandboxKey"]


def within(server, name, *command):
    """Runs a program of this machine in a container's network."""
    return run("nsenter", f"--net={sandbox(server, name)}", *command, check=0).stdout


def link_local(server, name):
    """The link-local address of a container's eth0, once it may be used."""
    def usable():
        listed = json.loads(within(server, name, "ip", "-j", "-6", "addr", "show", "dev", "eth0", "scope", "link"))
        addresses = [address for link in listed for address in link.get("addr_info", [])]
        return [address["local"] for address in addresses if "local" in address and not address.get("tentative")]
    return eventually(usable, what="a link-local address")[0]


def advertise_router(server, rogue):
    within(server, rogue, sys.executable, "-c", ADVERTISE, link_local(server, rogue))
    time.sleep(0.3)


def test_no_router_is_heard(server, lan):
    """IPv6 off is off (CVE-2020-13401, CVE-2024-32473), and where it is on, no container is a router."""
    server.docker("network", "create", "--ipv6", "--subnet", "2001:db8:1::/64", "six", check=0)
    for network, suffix in [("bridge", "four"), ("six", "six")]:
        for role in ["rogue", "victim"]:
            server.docker("run", "-d", "--name", f"{role}{suffix}", "--network", network, "busybox", "sleep", "1000", check=0)
    [bridge] = [link for link in server.links() if link.startswith("apus")]
    assert run("ip", "-6", "addr", "show", "dev", bridge, check=0).stdout == ""
    inside_four = server.docker("exec", "victimfour", "ip", "-6", "addr", "show", "dev", "eth0", check=0).stdout
    assert inside_four == ""
    for suffix in ["four", "six"]:
        within(server, f"rogue{suffix}", "sh", "-c", "echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6")
        # Even a victim that would listen does not hear.
        within(server, f"victim{suffix}", "sh", "-c", "echo 2 >/proc/sys/net/ipv6/conf/eth0/accept_ra")
        advertise_router(server, f"rogue{suffix}")
        assert "bad" not in within(server, f"victim{suffix}", "ip", "-6", "addr")
        assert "bad" not in run("ip", "-6", "addr", check=0).stdout + run("ip", "-6", "route", check=0).stdout
    # The words are good: where nobody looks at what comes from a container, they are believed.
    stop_looking(server)
    advertise_router(server, "roguesix")
    eventually(lambda: "bad" in within(server, "victimsix", "ip", "-6", "addr"), what="the victim is taken in")
    server.start()


def stop_looking(server):
    """Takes away, until the server starts, what looks at the senders of packets."""
    server.kill()
    for cable in [link for link in server.links() if link.startswith("veth")]:
        run("tc", "qdisc", "del", "dev", cable, "clsact", check=0)


FORGE = """
import socket, sys
kind, mac, address, target, victim_mac = sys.argv[1:]
own = bytes.fromhex(mac.replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
if kind == "arp":
    body = b"\\0\\1\\x08\\0\\6\\4\\0\\2" + own + socket.inet_aton(address) + b"\\xff" * 6 + socket.inet_aton(target)
    s.send(bytes.fromhex(victim_mac.replace(":", "")) + own + b"\\x08\\x06" + body)
else:
    source, victim = (socket.inet_pton(socket.AF_INET6, text) for text in (target, address))
    destination = socket.inet_pton(socket.AF_INET6, "ff02::1")
    body = b"\\x88\\0\\0\\0\\x20\\0\\0\\0" + victim + b"\\2\\1" + own
    total = source + destination + len(body).to_bytes(4, "big") + b"\\0\\0\\0\\x3a" + body
    value = sum(int.from_bytes(total[n:n + 2], "big") for n in range(0, len(total), 2))
    while value >> 16: value = (value & 0xffff) + (value >> 16)
    body = body[:2] + (0xffff - value).to_bytes(2, "big") + body[4:]
    head = b"\\x60\\0\\0\\0" + len(body).to_bytes(2, "big") + b"\\x3a\\xff"
    s.send(b"\\x33\\x33\\0\\0\\0\\1" + own + b"\\x86\\xdd" + head + source + destination + body)
"""


def test_a_neighbours_address_cannot_be_claimed(server):
    """By ARP, and by what IPv6 has for it."""
    server.docker("network", "create", "--ipv6", "--subnet", "2001:db8:1::/64", "six", check=0)
    for name in ["rogue", "victim", "friend"]:
        server.docker("run", "-d", "--name", name, "--network", "six", "busybox", "sleep", "1000", check=0)
    rogue, victim, friend = (settings(server, name)["Networks"]["six"] for name in ["rogue", "victim", "friend"])
    for ping, address in [(["ping"], "IPAddress"), (["ping", "-6"], "GlobalIPv6Address")]:
        server.docker("exec", "victim", *ping, "-c", "1", "-W", "2", friend[address], check=0)

    def believed(kind, address):
        # The kernel does not change its mind about a neighbour within a second.
        time.sleep(1.1)
        within(server, "rogue", sys.executable, "-c", FORGE, kind, rogue["MacAddress"], friend[address],
               victim[address] if kind == "arp" else rogue[address], victim["MacAddress"])
        time.sleep(0.1)
        listed = json.loads(within(server, "victim", "ip", "-j", "neigh"))
        return {entry["dst"]: entry.get("lladdr") for entry in listed}[friend[address]] == rogue["MacAddress"]
    claims = [("arp", "IPAddress"), ("na", "GlobalIPv6Address")]
    assert [believed(*claim) for claim in claims] == [False, False]
    stop_looking(server)
    assert [believed(*claim) for claim in claims] == [True, True]
    server.start()


def test_what_is_published_on_loopback_stays_there(server, lan):
    serve(server, "web", "-p", "127.0.0.1:18081:80", "-p", "[::1]:18081:80")
    assert "hello" in ask("127.0.0.1", 18081) and "hello" in ask("::1", 18081)
    # A neighbour sends packets for 127.0.0.1, and for the container itself, to this machine's hardware address.
    lan.run("ip", "addr", "del", "127.0.0.1/8", "dev", "lo", check=0)
    lan.run("sysctl", "-w", "net.ipv4.conf.all.route_localnet=1", check=0)
    lan.run("ip", "route", "add", "127.0.0.0/8", "via", lan.host, "dev", "lan1", check=0)
    assert "hello" not in ask("127.0.0.1", 18081, lan)
    address = settings(server, "web")["IPAddress"]
    assert "hello" not in ask(address, 80, lan) and "hello" not in ask(address, 18081, lan)
    assert "hello" not in ask(lan.host6, 18081, lan)


# Says for four seconds which packets of the test come in by lan1.
SNIFF = """
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("lan1", 0))
s.settimeout(0.2)
print("ready", flush=True)
end = time.monotonic() + 4
while time.monotonic() < end:
    try: packet = s.recv(2000)
    except TimeoutError: continue
    if b"secret" in packet: print("leak", packet[12:14].hex(), flush=True)
"""
# Sends by every way that a program has.
SEND = """
import contextlib, socket, sys
for family, addresses in [(socket.AF_INET, sys.argv[1:3]), (socket.AF_INET6, sys.argv[3:5])]:
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for address in addresses:
            for port in [53, 9999]:
                with contextlib.suppress(OSError): s.sendto(b"secret", (address, port))
"""


def test_nothing_leaves_an_internal_network(server, lan):
    """CVE-2024-29018 of Docker is about names; here it is about every packet."""
    server.docker("network", "create", "--internal", "--ipv6", "--subnet", "10.66.0.0/24", "--subnet", "2001:db8:66::/64",
                  "inner", check=0)
    server.docker("network", "create", "--ipv6", "--subnet", "10.67.0.0/24", "--subnet", "2001:db8:67::/64", "outer", check=0)

    def leaks(network, name):
        server.docker("run", "-d", "--name", name, "--network", network, "busybox", "sleep", "1000", check=0)
        third = "10.66.0.1" if network == "inner" else "10.67.0.1"
        # A container that makes itself a way out.
        for command in [f"ip route replace default via {third}", f"ip -6 route replace default via {gateway6[network]}"]:
            within(server, name, *command.split())
        sniffer = subprocess.Popen(["ip", "netns", "exec", lan.name, sys.executable, "-c", SNIFF], stdout=subprocess.PIPE,
                                   text=True)
        assert sniffer.stdout.readline() == "ready\n"
        within(server, name, sys.executable, "-c", SEND, lan.guest, "203.0.113.255", lan.guest6, "ff02::1")
        return sniffer.communicate(timeout=20)[0].split()
    gateway6 = {"inner": "2001:db8:66::1", "outer": "2001:db8:67::1"}
    assert leaks("inner", "kept") == []
    assert {"0800", "86dd"} <= set(leaks("outer", "free"))


def test_an_internal_network_reaches_nothing_else_of_this_machine(server, lan):
    """By its gateway's address this machine is reached, and by no other: also by packets that no connection is kept of."""
    server.docker("network", "create", "--internal", "--ipv6", "--subnet", "10.66.0.0/24", "--subnet", "2001:db8:66::/64",
                  "inner", check=0)
    server.docker("run", "-d", "--name", "kept", "--network", "inner", "--cap-add", "NET_ADMIN", "busybox", "sleep", "1000",
                  check=0)
    for route in ["ip route add default via 10.66.0.1", "ip -6 route add default via 2001:db8:66::1"]:
        within(server, "kept", *route.split())

    def answers(address):
        return server.docker("exec", "kept", "ping", *(["-6"] if ":" in address else []), "-c", "1", "-W", "1", address).returncode == 0
    own, others = ["10.66.0.1", "2001:db8:66::1"], [lan.host, lan.host6, lan.guest, lan.guest6]
    untracked = ["table inet apus-test-raw {\nchain p {\ntype filter hook prerouting priority raw;\nnotrack\n}\n}\n"]
    for rules in [[], untracked]:
        for rule in rules:
            run("nft", "-f", "-", input=rule, check=0)
        try:
            assert [answers(address) for address in own + others] == [True] * 2 + [False] * 4
        finally:
            if rules:
                run("nft", "delete", "table", "inet", "apus-test-raw", check=0)


@pytest.mark.parametrize("point", ["network.before-record", "network.after-record", "network.after-connect"])
def test_what_a_start_that_died_had_is_collected(server, point):
    """Between the rules and the container: addresses, ports and rules are given back by the next server."""
    server.docker("run", "-d", "--name", "stays", "-p", "18900:80", "busybox", "sleep", "1000", check=0)

    def state():
        return sorted(server.links()), run("nft", "list", "ruleset", check=0).stdout
    server.restart()
    before = state()
    server.restart(failpoints=f"{point}=die")
    server.docker("run", "-d", "--name", "dies", "-p", "18901:80", "busybox", "sleep", "1000")
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    server.start()
    server.docker("rm", "-f", "dies")
    eventually(lambda: state() == before, what=f"as before: {before}\n{state()}")
    server.docker("run", "--rm", "-p", "18901:80", "busybox", "true", check=0)


# Sends one frame by eth0, given in hexadecimal digits.
RAW = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind(("eth0", 0))
    for frame in sys.argv[1:]: s.send(bytes.fromhex(frame))
"""
# Says which frames come in by eth0, until it has heard the last one.
HEAR = """
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("eth0", 0))
s.settimeout(10)
print("ready", flush=True)
while True:
    packet = s.recv(2000)
    if b"frame:" not in packet: continue
    word = packet.split(b"frame:")[1].split(b".")[0].decode()
    print(word)
    if word == "last": break
"""


def ip_bytes(address):
    return ipaddress.ip_address(address).packed


def udp4(source, destination):
    """A whole header, checksum and all: a bridge that calls the filter passes on nothing else."""
    head = bytes.fromhex("4500006000000000401100") + b"\0" + ip_bytes(source) + ip_bytes(destination)
    total = sum(int.from_bytes(head[n:n + 2], "big") for n in range(0, 20, 2))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return head[:10] + (0xffff - total).to_bytes(2, "big") + head[12:] + bytes.fromhex("00090009004c0000")


def arp(mac, address):
    return bytes.fromhex("0001080006040001") + mac + ip_bytes(address) + bytes(6) + ip_bytes("10.65.0.77")


def packet6(source, next_header, body):
    return bytes.fromhex("60000000") + (len(body) + 120).to_bytes(2, "big") + bytes([next_header, 255]) + ip_bytes(source) + ip_bytes("ff02::1") + body


def behind(headers, message):
    """A message of ICMPv6 behind extension headers, each given by its kind and how many times eight bytes it has."""
    kinds = [kind for kind, _ in headers] + [58]
    body = b"".join(bytes([kinds[n + 1], count - 1]) + bytes(8 * count - 2) for n, (_, count) in enumerate(headers))
    return kinds[0], body + message


def icmp6(kind, target="::"):
    return bytes([kind, 0, 0, 0, 0, 0, 0, 0]) + ip_bytes(target)


def test_what_a_container_may_send(server):
    """Each frame by itself: under its own addresses, and nothing that only a router or somebody else may say."""
    server.docker("network", "create", "--subnet", "10.65.0.0/24", "--ipv6", "--subnet", "2001:db8:65::/64", "both", check=0)
    for name in ["sender", "hearer"]:
        server.docker("run", "-d", "--name", name, "--network", "both", "busybox", "sleep", "1000", check=0)
    own, other = (settings(server, name)["Networks"]["both"] for name in ["sender", "hearer"])
    mac, local = bytes.fromhex(own["MacAddress"].replace(":", "")), link_local(server, "sender")
    four, six, foreign4, foreign6 = own["IPAddress"], own["GlobalIPv6Address"], other["IPAddress"], other["GlobalIPv6Address"]
    ip4, ip6, arp_type = b"\x08\x00", b"\x86\xdd", b"\x08\x06"
    stranger = bytes.fromhex("024200000099")
    hop_by_hop, routing, options = (0, 1), (43, 2), (60, 3)
    frames = {
        "own IPv4": (mac, ip4 + udp4(four, "10.65.0.77"), True),
        "another's IPv4": (mac, ip4 + udp4(foreign4, "10.65.0.77"), False),
        "no IPv4": (mac, ip4 + udp4("0.0.0.0", "10.65.0.77"), False),
        "IPv4 from another's hardware": (stranger, ip4 + udp4(four, "10.65.0.77"), False),
        "to this machine's loopback": (mac, ip4 + udp4(four, "127.0.0.1"), False),
        "another's IPv4 in a VLAN": (mac, b"\x81\x00\x00\x05" + ip4 + udp4(foreign4, "10.65.0.77"), False),
        "own ARP": (mac, arp_type + arp(mac, four), True),
        "ARP with another's address": (mac, arp_type + arp(mac, foreign4), False),
        "ARP with another's hardware": (mac, arp_type + arp(stranger, four), False),
        "ARP from another's hardware": (stranger, arp_type + arp(mac, four), False),
        "own IPv6": (mac, ip6 + packet6(six, 17, bytes(8)), True),
        "own link-local": (mac, ip6 + packet6(local, 17, bytes(8)), True),
        "another's IPv6": (mac, ip6 + packet6(foreign6, 17, bytes(8)), False),
        "IPv6 from another's hardware": (stranger, ip6 + packet6(six, 17, bytes(8)), False),
        "own neighbour advertisement": (mac, ip6 + packet6(six, 58, icmp6(136, six)), True),
        "another's neighbour advertisement": (mac, ip6 + packet6(six, 58, icmp6(136, foreign6)), False),
        "the same behind a header": (mac, ip6 + packet6(six, *behind([hop_by_hop], icmp6(136, foreign6))), False),
        "own behind a header": (mac, ip6 + packet6(six, *behind([options], icmp6(136, six))), True),
        "a question": (mac, ip6 + packet6(six, 58, icmp6(135, foreign6)), True),
        "a router's advertisement": (mac, ip6 + packet6(local, 58, icmp6(134)), False),
        "the same behind three headers": (mac, ip6 + packet6(local, *behind([hop_by_hop, routing, options], icmp6(134))), False),
        "a redirect": (mac, ip6 + packet6(local, 58, icmp6(137, foreign6)), False),
        "the same behind a header's": (mac, ip6 + packet6(local, *behind([routing], icmp6(137, foreign6))), False),
        "a listener's report": (mac, ip6 + packet6(local, *behind([hop_by_hop], icmp6(143))), True),
        "more headers than anyone sends": (mac, ip6 + packet6(six, *behind([options] * 5, icmp6(128))), False),
        "neither IP nor ARP": (mac, b"\x88\xb5", True),
        "neither, from another's hardware": (stranger, b"\x88\xb5", False),
        "another's IPv4 behind two tags": (mac, b"\x81\x00\x00\x00" * 2 + ip4 + udp4(foreign4, "10.65.0.77"), False),
        "own IPv4 behind two tags": (mac, b"\x88\xa8\x00\x00\x81\x00\x00\x00" + ip4 + udp4(four, "10.65.0.77"), False),
        "last": (mac, ip4 + udp4(four, "10.65.0.77"), True),
    }
    sniffer = subprocess.Popen(["nsenter", f"--net={sandbox(server, 'hearer')}", sys.executable, "-c", HEAR],
                               stdout=subprocess.PIPE, text=True)
    assert sniffer.stdout.readline() == "ready\n"
    within(server, "sender", sys.executable, "-c", RAW, *(
        (b"\xff" * 6 + source + body + f"frame:{name}.".encode().ljust(120, b"\0")).hex() for name, (source, body, _) in frames.items()))
    heard = sniffer.communicate(timeout=30)[0].splitlines()
    assert heard == [name for name, (_, _, passes) in frames.items() if passes]


# A packet for another container, to the gateway's hardware address; then one of the gateway's own, which comes after it.
DETOUR = """
import socket, struct, sys
mac, gateway_mac, source, target = sys.argv[1:]
own, router = (bytes.fromhex(text.replace(":", "")) for text in (mac, gateway_mac))
body = struct.pack("!4H", 9, 4000, 8 + 6, 0) + b"forged"
head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0) + socket.inet_aton(source) + socket.inet_aton(target)
value = sum(int.from_bytes(head[n:n + 2], "big") for n in range(0, 20, 2))
while value >> 16: value = (value & 0xffff) + (value >> 16)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
s.send(router + own + b"\\x08\\0" + head[:10] + (0xffff - value).to_bytes(2, "big") + head[12:] + body)
"""


def test_no_detour_by_the_gateway(server):
    """Containers that may not reach each other do not do so by this machine either."""
    for network, icc, first in [("shy", "false", "machine"), ("open", "true", "forged")]:
        server.docker("network", "create", "-o", f"com.docker.network.bridge.enable_icc={icc}", network, check=0)
        for role in ["rogue", "victim"]:
            server.docker("run", "-d", "--name", f"{role}{network}", "--network", network, "busybox", "sleep", "1000", check=0)
        rogue, victim = (settings(server, f"{role}{network}")["Networks"][network] for role in ["rogue", "victim"])
        hearer = subprocess.Popen(
            ["nsenter", f"--net={sandbox(server, f'victim{network}')}", sys.executable, "-c",
             "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 4000)); "
             "print('ready', flush=True); print(s.recv(100).decode())"], stdout=subprocess.PIPE, text=True)
        assert hearer.stdout.readline() == "ready\n"
        ping = ["ping", "-c", "1", "-W", "2", rogue["Gateway"]]
        server.docker("exec", f"rogue{network}", *ping, check=0)
        listed = json.loads(within(server, f"rogue{network}", "ip", "-j", "neigh"))
        [gateway] = [entry["lladdr"] for entry in listed if entry["dst"] == rogue["Gateway"]]
        within(server, f"rogue{network}", sys.executable, "-c", DETOUR, rogue["MacAddress"], gateway, rogue["IPAddress"],
               victim["IPAddress"])
        server.docker("exec", f"rogue{network}", *ping, check=0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"machine", (victim["IPAddress"], 4000))
        assert hearer.communicate(timeout=10)[0] == f"{first}\n"
