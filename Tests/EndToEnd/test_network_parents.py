"""Networks on a link of this machine: macvlan and ipvlan. What a kernel has no module for is refused by name; in the emulated
machine it has all of them."""

import json

import pytest

from conftest import eventually, run
from test_network import Lan, ask, lan, serve, server, settings  # noqa: F401


def kernel_has(kind, *options):
    """Whether a link of the kind can be made here, on a link of no use to anyone; all of it goes with its namespace."""
    wanted = " ".join(["ip link add link probe0 name probe2 type", kind, *options])
    done = run("unshare", "-n", "sh", "-c", f"ip link add probe0 type veth peer name probe1 || exit 3; {wanted}")
    assert done.returncode != 3, done.stderr
    return done.returncode == 0


def needs(*kinds):
    """For tests of what only some kernels have: here macvlan at most, in the emulated machine all of it."""
    options = {"vlan": ("id", "7")}
    missing = [kind for kind in kinds if not kernel_has(kind, *options.get(kind, ()))]
    return pytest.mark.skipif(bool(missing), reason=f"this kernel has no {' and no '.join(missing)}")


def link(name):
    return json.loads(run("ip", "-j", "link", "show", name, check=0).stdout)[0]


def links():
    return {link["ifname"] for link in json.loads(run("ip", "-j", "link", check=0).stdout)}


def create(server, driver, name, *options):
    """A network on the wire to the other machine, which is its router."""
    return server.docker("network", "create", "-d", driver, "-o", "parent=lan0", "--subnet", "203.0.113.0/24", "--ip-range", "203.0.113.64/26", "--gateway", Lan.guest, *options, name)


def answers(server, name, address):
    return server.docker("exec", name, "ping", "-c", "1", "-W", "2", address).returncode == 0


@pytest.fixture(params=[pytest.param(kind, marks=needs(kind)) for kind in ["macvlan", "ipvlan"]])
def driver(request):
    return request.param


def test_a_kernel_without_a_module_says_so(server, lan):
    for kind, options, wanted in [("macvlan", [], []), ("ipvlan", [], []), ("vlan", ["id", "7"], ["-o", "parent=lan0.7"])]:
        made = server.docker("network", "create", "-d", "macvlan" if kind == "vlan" else kind,
                             *(wanted or ["-o", "parent=lan0"]), "probe")
        if kernel_has(kind, *options):
            assert made.returncode == 0, made.stderr
            server.docker("network", "rm", "probe", check=0)
        else:
            module = "8021q" if kind == "vlan" else kind
            assert made.returncode == 1 and f"this kernel has no links of the kind {kind} (load its module {module}" in made.stderr


def test_a_container_on_the_wire(server, lan, driver):
    before = links()
    assert create(server, driver, "wire").returncode == 0
    serve(server, "web", "--network", "wire", "-p", "18080:80")
    shown = settings(server, "web")["Networks"]["wire"]
    assert shown["IPAddress"].startswith("203.0.113.") and shown["Gateway"] == lan.guest
    assert bool(shown["MacAddress"]) == (driver == "macvlan")
    # The other machine reaches it by its own address, and it reaches that; this machine has no part in it.
    assert "hello from web" in ask(shown["IPAddress"], 80, lan)
    assert answers(server, "web", lan.guest)
    assert f"default via {lan.guest}" in server.docker("exec", "web", "ip", "route", check=0).stdout
    assert links() == before and not server.tables()
    # Nothing is published here, and no name stands for this machine, which is out of reach.
    assert settings(server, "web")["Ports"] == {"80/tcp": None}
    assert "hello" not in ask("127.0.0.1", 18080)
    assert "host.docker.internal" not in server.docker("exec", "web", "cat", "/etc/hosts", check=0).stdout
    refused = server.docker("run", "--rm", "--network", "wire", "--add-host", "here:host-gateway", "busybox", "true")
    assert refused.returncode == 125 and "host-gateway" in refused.stderr
    assert server.docker("exec", "web", "cat", "/sys/class/net/eth0/mtu", check=0).stdout.strip() == f"{link('lan0')['mtu']}"
    # Again with its address at once: what it had before may still be on its way out.
    server.docker("run", "-d", "--name", "fixed", "--network", "wire", "--ip", "203.0.113.9", "busybox", "sleep", "1000", check=0)
    for _ in range(3):
        server.docker("stop", "-t", "0", "fixed", check=0)
        server.docker("start", "fixed", check=0)
    assert answers(server, "fixed", shown["IPAddress"]) and answers(server, "fixed", lan.guest)
    refused = server.docker("run", "--rm", "--network", "wire", "--ip", "203.0.113.9", "busybox", "true")
    assert refused.returncode == 125 and "Address already in use" in refused.stderr


def test_together_with_a_bridge(server, lan, driver):
    assert create(server, driver, "wire").returncode == 0
    server.docker("run", "-d", "--name", "both", "--network", "wire", "busybox", "sleep", "1000", check=0)
    server.docker("network", "connect", "bridge", "both", check=0)
    inside = server.docker("exec", "both", "ip", "-o", "addr", check=0).stdout
    endpoints = settings(server, "both")["Networks"]
    assert all(endpoints[name]["IPAddress"] in inside for name in ["wire", "bridge"])
    gateway = server.docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "bridge", check=0).stdout.strip()
    assert answers(server, "both", gateway) and answers(server, "both", lan.guest)
    server.docker("network", "disconnect", "wire", "both", check=0)
    assert "203.0.113" not in server.docker("exec", "both", "ip", "-o", "addr", check=0).stdout
    server.docker("network", "connect", "--ip", "203.0.113.70", "wire", "both", check=0)
    assert answers(server, "both", lan.guest)
    # What is published leads by the bridge, if that is the way out.
    server.docker("network", "create", "side", check=0)
    serve(server, "out", "--network", "name=side,gw-priority=1", "--network", "wire", "-p", "18081:80")
    assert "hello from out" in ask("127.0.0.1", 18081)
    # The next server knows of them, and takes nothing away.
    server.restart()
    assert answers(server, "both", lan.guest) and "hello from out" in ask(settings(server, "out")["Networks"]["wire"]["IPAddress"], 80, lan)


def test_version_6(server, lan, driver):
    assert create(server, driver, "wire", "--ipv6", "--subnet", "2001:db8::/64", "--gateway", lan.guest6).returncode == 0
    server.docker("run", "-d", "--name", "six", "--network", "wire", "--ip6", "2001:db8::77", "busybox", "sleep", "1000", check=0)
    shown = settings(server, "six")["Networks"]["wire"]
    assert (shown["GlobalIPv6Address"], shown["IPv6Gateway"]) == ("2001:db8::77", lan.guest6)
    assert f"default via {lan.guest6}" in server.docker("exec", "six", "ip", "-6", "route", check=0).stdout
    server.docker("exec", "six", "ping", "-6", "-c", "1", "-W", "3", lan.guest6, check=0)


@needs("macvlan")
def test_modes_of_macvlan(server, lan):
    assert create(server, "macvlan", "alone", "-o", "macvlan_mode=private").returncode == 0
    for name in ["one", "two"]:
        server.docker("run", "-d", "--name", f"{name}1", "--network", "alone", "busybox", "sleep", "1000", check=0)
    assert answers(server, "one1", lan.guest)
    assert not answers(server, "one1", settings(server, "two1")["Networks"]["alone"]["IPAddress"])
    server.docker("rm", "-f", "one1", "two1", check=0)
    refused = server.docker("network", "create", "-d", "macvlan", "-o", "parent=lan0", "-o", "macvlan_mode=passthru", "all")
    assert refused.returncode == 1 and "cannot use mode passthru, macvlan network alone is already using parent interface lan0" in refused.stderr
    server.docker("network", "rm", "alone", check=0)
    assert create(server, "macvlan", "all", "-o", "macvlan_mode=passthru").returncode == 0
    server.docker("run", "-d", "--name", "first", "--network", "all", "busybox", "sleep", "1000", check=0)
    mac = server.docker("exec", "first", "cat", "/sys/class/net/eth0/address", check=0).stdout.strip()
    assert mac == link("lan0")["address"]
    refused = server.docker("run", "--rm", "--network", "all", "busybox", "true")
    assert refused.returncode == 125 and "with the mode passthru there is room for one" in refused.stderr


@needs("ipvlan")
def test_modes_of_ipvlan(server, lan):
    for mode in ["l3", "l3s"]:
        server.docker("network", "create", "-d", "ipvlan", "-o", "parent=lan0", "-o", f"ipvlan_mode={mode}", "--subnet",
                      "203.0.113.128/26", mode, check=0)
        server.docker("run", "-d", "--name", f"in{mode}", "--network", mode, "busybox", "sleep", "1000", check=0)
        assert settings(server, f"in{mode}")["Networks"][mode]["Gateway"] == ""
        assert "default dev eth0" in server.docker("exec", f"in{mode}", "ip", "route", check=0).stdout
        # The other machine sends by way of this one, whose parent link takes what is for the container.
        lan.run("ip", "route", "replace", "203.0.113.128/26", "via", lan.host, check=0)
        assert answers(server, f"in{mode}", lan.guest)
        refused = server.docker("network", "create", "-d", "ipvlan", "-o", "parent=lan0", "--subnet", "10.9.0.0/24", "l2")
        assert refused.returncode == 1 and f"network {mode} is already using parent interface lan0" in refused.stderr
        refused = server.docker("run", "--rm", "--network", mode, "--mac-address", "02:00:00:00:00:09", "busybox", "true")
        assert refused.returncode == 125 and "ipvlan interfaces do not support custom mac address assignment" in refused.stderr
        server.docker("rm", "-f", f"in{mode}", check=0)
        server.docker("network", "rm", mode, check=0)
    assert create(server, "ipvlan", "alone", "-o", "ipvlan_flag=private").returncode == 0
    for name in ["one", "two"]:
        server.docker("run", "-d", "--name", f"{name}1", "--network", "alone", "busybox", "sleep", "1000", check=0)
    assert not answers(server, "one1", settings(server, "two1")["Networks"]["alone"]["IPAddress"])


@needs("macvlan", "ipvlan")
def test_macvlan_and_ipvlan_take_turns(server, lan):
    assert create(server, "macvlan", "mac").returncode == 0
    server.docker("network", "create", "-d", "ipvlan", "-o", "parent=lan0", "--subnet", "10.9.0.0/24", "ip", check=0)
    server.docker("run", "-d", "--name", "first", "--network", "mac", "busybox", "sleep", "1000", check=0)
    refused = server.docker("run", "--rm", "--network", "ip", "busybox", "true")
    assert refused.returncode == 125 and "macvlan and ipvlan cannot share a parent" in refused.stderr


@needs("vlan", "dummy")
def test_a_vlan_and_a_dummy_are_made_and_taken_away(server, lan):
    before = links()
    lan.run("ip", "link", "add", "link", "lan1", "name", "tagged", "type", "vlan", "id", "50", check=0)
    lan.run("ip", "addr", "add", "10.50.0.1/24", "dev", "tagged", check=0)
    lan.run("ip", "link", "set", "tagged", "up", check=0)
    server.docker("network", "create", "-d", "macvlan", "-o", "parent=lan0.50", "--subnet", "10.50.0.0/24", "--gateway",
                  "10.50.0.1", "tag", check=0)
    server.docker("network", "create", "-d", "macvlan", "--internal", "--subnet", "10.51.0.0/24", "inside", check=0)
    server.docker("run", "-d", "--name", "tagged", "--network", "tag", "busybox", "sleep", "1000", check=0)
    assert answers(server, "tagged", "10.50.0.1") and "lan0.50" in links()
    for name in ["one", "two"]:
        server.docker("run", "-d", "--name", f"{name}1", "--network", "inside", "busybox", "sleep", "1000", check=0)
    assert answers(server, "one1", settings(server, "two1")["Networks"]["inside"]["IPAddress"])
    assert "default" not in server.docker("exec", "one1", "ip", "route", check=0).stdout
    server.remove_all()
    server.docker("network", "rm", "tag", "inside", check=0)
    assert links() == before
    # A VLAN of somebody else's making stays.
    run("ip", "link", "add", "link", "lan0", "name", "lan0.50", "type", "vlan", "id", "50", check=0)
    server.docker("network", "create", "-d", "macvlan", "-o", "parent=lan0.50", "--subnet", "10.50.0.0/24", "tag", check=0)
    server.docker("run", "--rm", "--network", "tag", "busybox", "true", check=0)
    server.docker("network", "rm", "tag", check=0)
    assert "lan0.50" in links()
    run("ip", "link", "del", "lan0.50", check=0)


@pytest.mark.parametrize("options, words", [
    (["-o", "parent=none0"], "the parent interface none0 was not found"),
    (["-o", "parent=none0.5"], "the parent interface none0 was not found"),
    (["-o", "parent=lo"], "loopback interface is not a valid macvlan parent link"),
    (["-o", "parent=lan0", "-o", "macvlan_mode=odd"], "requested macvlan mode 'odd' is not valid"),
    (["-o", "parent=lan0", "-o", "mode=bridge"], "the network option mode is not supported yet"),
])
@needs("macvlan")
def test_networks_that_cannot_be(server, lan, options, words):
    refused = server.docker("network", "create", "-d", "macvlan", *options, "xx")
    assert refused.returncode == 1 and words in refused.stderr, refused.stderr


@needs("macvlan")
def test_a_parent_that_has_gone_or_is_in_a_bridge(server, lan):
    run("ip", "link", "add", "gone0", "type", "veth", "peer", "name", "gone1", check=0)
    server.docker("network", "create", "-d", "macvlan", "-o", "parent=gone0", "--subnet", "10.9.0.0/24", "wire", check=0)
    run("ip", "link", "add", "gonebr", "type", "bridge", check=0)
    try:
        run("ip", "link", "set", "gone0", "master", "gonebr", check=0)
        refused = server.docker("run", "--rm", "--network", "wire", "busybox", "true")
        assert refused.returncode == 125 and "the parent interface gone0 is in a bridge" in refused.stderr
    finally:
        run("ip", "link", "del", "gonebr", check=0)
        run("ip", "link", "del", "gone0", check=0)
    refused = server.docker("run", "--rm", "--network", "wire", "busybox", "true")
    assert refused.returncode == 125 and "the parent interface gone0 was not found" in refused.stderr


@needs("macvlan")
def test_configuration_networks(server, lan):
    server.docker("network", "create", "--config-only", "--subnet", "203.0.113.0/24", "--gateway", lan.guest, "--label", "a=b",
                  "-o", "parent=lan0", "plan", check=0)
    shown = json.loads(server.docker("network", "inspect", "plan", check=0).stdout)[0]
    assert shown["ConfigOnly"] and shown["Driver"] == "null"
    server.docker("network", "create", "-d", "macvlan", "--config-from", "plan", "wire", check=0)
    shown = json.loads(server.docker("network", "inspect", "wire", check=0).stdout)[0]
    assert shown["ConfigFrom"]["Network"] == "plan" and shown["Options"]["parent"] == "lan0" and shown["Labels"] == {"a": "b"}
    server.docker("run", "--rm", "--network", "wire", "--ip", "203.0.113.40", "busybox", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
    for arguments, words in [
        (["network", "rm", "plan"], 'configuration network "plan" is in use'),
        (["network", "create", "--config-from", "plan", "--subnet", "10.0.0.0/24", "xx"], "user specified configurations"),
        (["network", "create", "--config-from", "plan", "-o", "x=y", "xx"], "network driver options are not supported"),
        (["network", "create", "--config-from", "wire", "xx"], "is not a configuration network"),
        (["network", "create", "--config-from", "none0", "xx"], 'configuration network "none0" not found'),
        (["run", "--rm", "--network", "plan", "busybox", "true"], "holds configuration only"),
    ]:
        refused = server.docker(*arguments)
        assert refused.returncode != 0 and words in refused.stderr, (arguments, refused.stderr)
    server.docker("network", "rm", "wire", "plan", check=0)


@needs("macvlan")
def test_a_server_that_is_killed_leaves_nothing(server, lan):
    assert create(server, "macvlan", "wire").returncode == 0
    for point in ["network.before-record", "network.after-record", "network.after-connect"]:
        server.restart(f"{point}=die")
        server.docker("run", "-d", "--name", "cc", "--network", "wire", "--ip", "203.0.113.9", "busybox", "sleep", "1000")
        eventually(lambda: server.process.poll() is not None, what="it was killed")
        server.start()
        server.docker("rm", "-f", "cc", check=0)
        server.docker("run", "--rm", "--network", "wire", "--ip", "203.0.113.9", "busybox", "ping", "-c", "1", "-W", "2",
                      lan.guest, check=0)
