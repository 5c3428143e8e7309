"""Living beside others on one machine: programs that take away what is ours, and its own firewall. And machines that lack
what networks need."""

import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import pytest

from conftest import Server, eventually, run
from test_network import ask, lan, serve, server, settings  # noqa: F401 (fixtures)


def ruleset():
    """All tables, with the handles of their rules: these are new when a rule is."""
    return run("nft", "-a", "list", "ruleset", check=0).stdout


def own_bridge(server):
    [bridge] = [link for link in server.links() if link.startswith("apus")]
    return bridge


def repairs(server):
    return server.log.read_text().count("was put right after another program")


def stands_still(what, seconds=1.5):
    """Nothing is done again and again."""
    before = what()
    time.sleep(seconds)
    return what() == before


# What others take away


def test_rules_come_back_at_once(server, lan):
    serve(server, "web", "-p", "18700:80")
    assert repairs(server) == 0
    for number, command in enumerate([
            ["flush", "ruleset"],
            ["delete", "table", "inet", server.tables()[0].split()[-1]],
            ["flush", "chain", "inet", server.tables()[0].split()[-1], "forward"],
            ["flush", "set", "inet", server.tables()[0].split()[-1], "bridges"]], 1):
        run("nft", *command, check=0)
        eventually(lambda: repairs(server) == number, what=f"repaired after nft {command}")
        assert "hello" in ask(lan.host, 18700, lan)
    assert "rules were taken away by nft" in server.log.read_text()
    # Our own changes are no reason to look.
    assert stands_still(lambda: (ruleset(), repairs(server)))


def test_links_come_back_at_once(server, lan):
    serve(server, "web", "-p", "18700:80")
    server.docker("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "shy", check=0)
    server.docker("run", "-d", "--name", "side", "--network", "shy", "busybox", "sleep", "1000", check=0)
    bridge = own_bridge(server)
    [cable] = [link["ifname"] for link in json.loads(run("ip", "-j", "link", "show", "master", bridge).stdout)]
    [other] = [link for link in server.links() if link.startswith("veth") and link != cable]
    [shy] = [link for link in server.links() if link.startswith("br-")]
    gateway = run("ip", "-4", "-o", "addr", "show", bridge).stdout.split()[3]

    def works():
        return "hello" in ask(lan.host, 18700, lan) and server.docker(
            "exec", "web", "ping", "-c", "1", "-W", "1", lan.guest).returncode == 0
    assert works()
    for number, (command, words) in enumerate([
            (["link", "del", bridge], f"the bridge {bridge} was gone"),
            (["link", "del", cable], f"the cable {cable} was gone"),
            (["link", "set", cable, "nomaster"], f"the cable {cable} was unplugged"),
            (["addr", "del", gateway, "dev", bridge], f"the bridge {bridge} lacked its address {gateway}"),
            (["tc", "qdisc", "del", "dev", cable, "clsact"], f"what comes out of the cable {cable} was not checked"),
            (["tc", "filter", "del", "dev", cable, "ingress"], f"what comes out of the cable {cable} was not checked"),
            (["link", "set", bridge, "down"], f"the bridge {bridge} was switched off"),
            (["link", "del", shy], f"the bridge {shy} was gone")], 1):
        run(*([] if command[0] == "tc" else ["ip"]), *command, check=0)
        eventually(lambda: repairs(server) == number, what=f"repaired after {command}")
        assert words in server.log.read_text()
        eventually(works, what=f"all works after {command}")
    assert "isolated on" in run("bridge", "-d", "link", "show", "dev", other, check=0).stdout
    server.docker("exec", "side", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
    assert stands_still(lambda: (run("ip", "link").stdout, repairs(server)))


def test_a_quarrel_is_not_fought_out(server):
    server.docker("run", "-d", "--name", "cc", "busybox", "sleep", "1000", check=0)
    script = "for n in $(seq 200); do nft flush ruleset; sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script]) as other:
        other.wait(60)
    eventually(server.tables, 70, "the rules are back")
    assert repairs(server) < 15
    assert "another program keeps taking away" in server.log.read_text()


def test_own_starts_are_no_alarm(server):
    server.docker("network", "create", "many", check=0)
    starts = [server.popen("docker", "-H", server.host, "run", "--rm", "--network", network, "-P", "--expose", "80",
                           "busybox", "true", stdout=subprocess.DEVNULL) for network in ["bridge", "many"] * 15]
    assert [start.wait(120) for start in starts] == [0] * len(starts)
    server.docker("network", "rm", "many", check=0)
    time.sleep(0.5)
    assert repairs(server) == 0 and "cannot be put right" not in server.log.read_text()


# The machine's own rules


@contextlib.contextmanager
def iptables(*rule, program="iptables"):
    run(program, "-I", *rule, check=0)
    try:
        yield
    finally:
        run(program, "-D", *rule, check=0)


def test_rules_of_iptables_have_their_say(server, lan):
    serve(server, "web", "-p", "18400:80", "-p", "18401:80")
    assert "hello" in ask(lan.host, 18400, lan)
    with iptables("FORWARD", "-p", "tcp", "-m", "conntrack", "--ctorigdstport", "18400", "-j", "DROP"):
        assert "hello" not in ask(lan.host, 18400, lan) and "hello" in ask(lan.host, 18401, lan)
        run("nft", "list", "ruleset", check=0)
    assert "hello" in ask(lan.host, 18400, lan)
    # What is relayed comes in to the machine itself, and is a matter of INPUT.
    assert "hello" in ask(lan.host6, 18400, lan)
    with iptables("INPUT", "-p", "tcp", "--dport", "18400", "-j", "DROP", program="ip6tables"):
        assert "hello" not in ask(lan.host6, 18400, lan) and "hello" in ask(lan.host, 18400, lan)
    # As ufw has it: nothing is forwarded that is not said; then what it takes to let containers be reached.
    bridge = own_bridge(server)
    run("iptables", "-P", "FORWARD", "DROP", check=0)
    try:
        assert "hello" not in ask(lan.host, 18401, lan)
        with iptables("FORWARD", "-i", bridge, "-j", "ACCEPT"), iptables("FORWARD", "-o", bridge, "-j", "ACCEPT"):
            assert "hello" in ask(lan.host, 18401, lan)
            server.docker("exec", "web", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
    finally:
        run("iptables", "-P", "FORWARD", "ACCEPT", check=0)
        for table in ["filter", "nat"]:
            for program in ["iptables", "ip6tables"]:
                run(program, "-t", table, "-F")
        for family in ["ip", "ip6"]:
            run("nft", "delete", "table", family, "filter")


def test_the_older_filter_is_told_of(server):
    run("iptables-legacy", "-P", "FORWARD", "DROP", check=0)
    try:
        server.docker("run", "--rm", "busybox", "true", check=0)
        assert f"iptables-legacy -I FORWARD -i {own_bridge(server)} -j ACCEPT" in server.log.read_text()
    finally:
        run("iptables-legacy", "-P", "FORWARD", "ACCEPT", check=0)


# Machines that lack something


# Runs a program that the kernel gives no socket of nf_tables: socket(AF_NETLINK, …, NETLINK_NETFILTER) fails by a filter of
# seccomp, as it does where the kernel has none.
NO_NF_TABLES = """
import ctypes, os, platform, struct, sys
number = {"x86_64": 41, "aarch64": 198}[platform.machine()]
def step(code, yes, no, value): return struct.pack("HBBI", code, yes, no, value)
load, equal, answer = 0x20, 0x15, 0x06
steps = [step(load, 0, 0, 0), step(equal, 0, 5, number), step(load, 0, 0, 16), step(equal, 0, 3, 16),
         step(load, 0, 0, 32), step(equal, 0, 1, 12), step(answer, 0, 0, 0x50000 | 93), step(answer, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b"".join(steps))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(22, 2, ctypes.c_void_p(ctypes.addressof(program)), 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("prefix, words", [
    (["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"], "CAP_NET_ADMIN"),
    ([sys.executable, "-c", NO_NF_TABLES], "nf_tables")])
def test_machines_that_cannot_have_networks(busybox, prefix, words):
    server = Server(tempfile.mkdtemp(prefix="apus-own-", dir="/tmp"))
    server.prefix = prefix
    try:
        server.start()
        server.docker("pull", busybox, check=0)
        for network in ["host", "none"]:
            assert server.docker("run", "--rm", "--network", network, busybox, "echo", network, check=0).stdout == f"{network}\n"
        refused = server.docker("run", "--rm", busybox, "true")
        assert refused.returncode == 125 and words in refused.stderr, refused.stderr
        assert server.docker("network", "ls", "-q", check=0).stdout
    finally:
        server.clean()


@contextlib.contextmanager
def setting(name, value):
    path = pathlib.Path("/proc/sys/net") / name
    before = path.read_text()
    path.write_text(value)
    try:
        yield
    finally:
        path.write_text(before)


def test_ipv6_is_off(server, lan):
    with setting("ipv6/conf/all/disable_ipv6", "1"):
        serve(server, "web", "-p", "18300:80")
        assert [port["HostIp"] for port in settings(server, "web")["Ports"]["80/tcp"]] == ["0.0.0.0"]
        assert "hello" in ask(lan.host, 18300, lan)
        for address in ["[::1]", "[::]", f"[{lan.host6}]"]:
            refused = server.docker("run", "--rm", "-p", f"{address}:18301:80", "busybox", "true")
            assert refused.returncode == 125 and "IPv6 is switched off on this machine" in refused.stderr, refused.stderr
        server.docker("network", "create", "--ipv6", "six", check=0)
        refused = server.docker("run", "--rm", "--network", "six", "busybox", "true")
        assert refused.returncode == 125 and "IPv6 is switched off on this machine" in refused.stderr, refused.stderr


def forget_other_tables():
    """Of another server of the suite, or of an earlier firewall: who has a chain for what is forwarded has a say in that."""
    run("nft", "flush", "ruleset", check=0)


def test_the_machine_is_a_router_only_for_containers_and_no_longer_than_them(server, lan):
    def forwards():
        return open("/proc/sys/net/ipv4/ip_forward").read().strip() == "1"
    server.stop()
    forget_other_tables()
    run("sysctl", "-w", "net.ipv4.ip_forward=0", check=0)
    server.start()
    server.docker("run", "-d", "--name", "cc", "busybox", "sleep", "1000", check=0)
    assert forwards()
    # From one of its links to another nothing goes that was not forwarded before.
    run("ip", "link", "add", "other0", "type", "veth", "peer", "name", "other1", check=0)
    try:
        run("ip", "addr", "add", "198.51.100.1/24", "dev", "other0", check=0)
        run("ip", "link", "set", "other0", "up", check=0)
        run("ip", "link", "set", "other1", "up", check=0)
        assert lan.run("ping", "-c", "1", "-W", "1", "198.51.100.7").returncode != 0
        assert "router for containers only" in run("nft", "list", "ruleset", check=0).stdout
    finally:
        run("ip", "link", "del", "other0")
    server.docker("exec", "cc", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
    server.docker("rm", "-f", "cc", check=0)
    server.stop()
    assert not forwards()
    server.start()
    server.docker("run", "--rm", "busybox", "true", check=0)
    run("nft", "add table inet firewall", check=0)
    try:
        run("nft", "add chain inet firewall forward { type filter hook forward priority 0; }", check=0)
        server.stop()
        assert forwards(), "somebody else has chains for it"
    finally:
        run("nft", "delete table inet firewall")


def guarded(server):
    """The links between which nothing is forwarded, by the digit of the family."""
    table = server.tables()[0].split()[-1]
    found = {}
    for digit in "46":
        shown = json.loads(run("nft", "-j", "list", "set", "inet", table, f"guarded{digit}", check=0).stdout)
        found[digit] = next(one["set"].get("elem", []) for one in shown["nftables"] if "set" in one)
    # Of another server's bridge nobody knows whether that is to be reached.
    others = {link for link in server.links_before if link != "lan0"}
    return {digit: [name for name in names if name not in others] for digit, names in found.items()}


def test_a_machine_that_is_a_router_of_one_family(server, lan):
    """What it has forwarded before it forwards still, and its new part is for containers only, from the first moment on."""
    server.stop()
    forget_other_tables()
    for words in ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=0"]:
        run("sysctl", "-w", words, check=0)
    server.start()
    serve(server, "web", "-p", "18630:80")
    assert guarded(server) == {"4": [], "6": []}
    server.docker("network", "create", "--ipv6", "six", check=0)
    serve(server, "web6", "--network", "six", "-p", "18631:80")
    # Neither our bridges nor what is plugged into them.
    assert guarded(server) == {"4": [], "6": ["lan0"]}
    for _ in range(2):
        for host, port in [(lan.host, 18630), (lan.host, 18631), (lan.host6, 18631)]:
            assert "hello" in ask(host, port, lan), (host, port)
        server.restart()
        assert guarded(server) == {"4": [], "6": ["lan0"]}
    server.remove_all()
    server.docker("network", "rm", "six", check=0)
    server.stop()
    assert pathlib.Path("/proc/sys/net/ipv4/ip_forward").read_text() == "1\n"
    assert pathlib.Path("/proc/sys/net/ipv6/conf/all/forwarding").read_text() == "0\n"
