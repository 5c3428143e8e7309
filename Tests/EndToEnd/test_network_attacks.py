"""What a container may say it is, what it may hear, and who reaches what is published on loopback."""

import json
import sys

from conftest import run
from test_network import ask, lan, serve, server, settings  # noqa: F401 (fixtures)


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
    advertise = """
import socket, struct, time
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("eth0"))
prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
packet = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 3600, 0) + prefix
for _ in range(5):
    s.sendto(packet, ("ff02::1", 0, 0, socket.if_nametoindex("eth0")))
    time.sleep(0.1)
"""
    for suffix in ["four", "six"]:
        key = settings(server, f"rogue{suffix}")["SandboxKey"]
        victim = settings(server, f"victim{suffix}")["SandboxKey"]
        switch_on = "echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6; sleep 2"
        run("nsenter", f"--net={key}", "sh", "-c", switch_on, check=0)
        # Even a victim that would listen does not hear.
        run("nsenter", f"--net={victim}", "sh", "-c", "echo 2 >/proc/sys/net/ipv6/conf/eth0/accept_ra", check=0)
        run("nsenter", f"--net={key}", sys.executable, "-c", advertise, check=0)
        seen = run("nsenter", f"--net={victim}", "ip", "-6", "addr", check=0).stdout
        assert "bad" not in seen and "bad" not in run("ip", "-6", "addr", check=0).stdout
        assert "bad" not in run("ip", "-6", "route", check=0).stdout


FORGE = """
import socket, sys
kind, mac, address, target = sys.argv[1:]
own = bytes.fromhex(mac.replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
if kind == "arp":
    body = b"\\0\\1\\x08\\0\\6\\4\\0\\2" + own + socket.inet_aton(address) + b"\\xff" * 6 + socket.inet_aton(target)
    s.send(b"\\xff" * 6 + own + b"\\x08\\x06" + body)
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
    key, seen = settings(server, "rogue")["SandboxKey"], settings(server, "victim")["SandboxKey"]

    def neighbours():
        listed = json.loads(run("nsenter", f"--net={seen}", "ip", "-j", "neigh", check=0).stdout)
        return {entry["dst"]: entry.get("lladdr") for entry in listed}
    for kind, address in [("arp", "IPAddress"), ("na", "GlobalIPv6Address")]:
        own = rogue[address]
        for _ in range(3):
            run("nsenter", f"--net={key}", sys.executable, "-c", FORGE, kind, rogue["MacAddress"], friend[address],
                victim[address] if kind == "arp" else own, check=0)
        assert neighbours()[friend[address]] == friend["MacAddress"]


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
