"""Networks that change under a container that runs: its way out, what it publishes, and what a death in between leaves."""

import contextlib
import json
import subprocess

import pytest

from conftest import eventually, run
from test_network import ask, lan, reaches, serve, server, settings  # noqa: F401 (fixtures)


def way_out(server, name, family="-4"):
    """The router that a container's packets for elsewhere go to; empty: none."""
    words = server.docker("exec", name, "ip", family, "route", check=0).stdout.split()
    return words[words.index("default") + 2] if "default" in words else ""


def gateway(server, network):
    return json.loads(server.docker("network", "inspect", network, check=0).stdout)[0]["IPAM"]["Config"][0]["Gateway"]


def create(server, *names, options=()):
    for name in names:
        server.docker("network", "create", *options, name, check=0)


def test_the_way_out_and_the_ports_move_along(server, lan):
    create(server, "aa", "bb")
    serve(server, "web", "--network", "bb", "-p", "18600:80", "-p", "80", "-p", "127.0.0.1:18601:80")
    [random] = {port["HostPort"] for port in settings(server, "web")["Ports"]["80/tcp"]} - {"18600", "18601"}

    def is_by(network):
        assert way_out(server, "web") == gateway(server, network)
        assert settings(server, "web")["Networks"][network]["Gateway"] == gateway(server, network)
        for host, port, origin in [("127.0.0.1", 18600, None), (lan.host, 18600, lan), (lan.host, random, lan),
                                   ("127.0.0.1", 18601, None), ("::1", 18600, None), (lan.host6, 18600, lan)]:
            assert "hello from web" in ask(host, port, origin), (network, host, port)
        server.docker("exec", "web", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
    is_by("bb")
    # The first by name comes, and it goes by that; then that goes.
    server.docker("network", "connect", "aa", "web", check=0)
    is_by("aa")
    server.restart()
    is_by("aa")
    server.docker("network", "disconnect", "aa", "web", check=0)
    is_by("bb")
    server.docker("network", "connect", "aa", "web", check=0)
    server.docker("network", "disconnect", "bb", "web", check=0)
    is_by("aa")
    # Without any there is nothing to reach, and a port of its is anybody's.
    server.docker("network", "disconnect", "aa", "web", check=0)
    assert way_out(server, "web") == "" and not settings(server, "web")["Ports"].get("80/tcp")
    assert "hello" not in ask("127.0.0.1", 18600)
    server.docker("run", "--rm", "-p", "18600:80", "busybox", "true", check=0)
    server.docker("network", "connect", "bb", "web", check=0)
    assert way_out(server, "web") == gateway(server, "bb") and "hello from web" in ask(lan.host, 18600, lan)


def test_priority_decides(server):
    create(server, "aa", "bb", "cc")
    server.docker("run", "-d", "--name", "cc1", "--network", "aa", "busybox", "sleep", "1000", check=0)
    server.apus("network", "connect", "--gw-priority", "10", "bb", "cc1", check=0)
    assert way_out(server, "cc1") == gateway(server, "bb")
    server.apus("network", "connect", "--gw-priority", "5", "cc", "cc1", check=0)
    assert way_out(server, "cc1") == gateway(server, "bb")
    server.docker("network", "disconnect", "bb", "cc1", check=0)
    assert way_out(server, "cc1") == gateway(server, "cc")


def test_one_way_out_for_both_families(server):
    create(server, "aa")
    create(server, "bb", options=["--ipv6"])
    server.docker("run", "-d", "--name", "both", "--network", "aa", "--network", "bb", "busybox", "sleep", "1000", check=0)
    shown = settings(server, "both")["Networks"]
    assert way_out(server, "both") == gateway(server, "bb") == shown["bb"]["Gateway"]
    assert way_out(server, "both", "-6") == shown["bb"]["IPv6Gateway"] != ""
    server.docker("network", "disconnect", "bb", "both", check=0)
    assert (way_out(server, "both"), way_out(server, "both", "-6")) == (gateway(server, "aa"), "")


def test_routes_that_a_program_set_stay(server):
    create(server, "aa")
    server.docker("run", "-d", "--name", "own", "--cap-add", "NET_ADMIN", "busybox", "sleep", "1000", check=0)
    server.docker("exec", "own", "ip", "route", "add", "198.51.100.0/24", "via", gateway(server, "bridge"), check=0)
    server.docker("network", "connect", "aa", "own", check=0)
    assert "198.51.100.0/24" in server.docker("exec", "own", "ip", "route", check=0).stdout


def test_lines_that_a_program_wrote_stay(server):
    """In /etc/hosts: what is ours comes and goes there, by address, and nothing else."""
    create(server, "aa", "bb")
    server.docker("run", "-d", "--name", "own", "--hostname", "me", "--network", "bb", "--add-host", "here:host-gateway",
                  "--add-host", "there:192.0.2.9", "busybox", "sleep", "1000", check=0)

    def lines():
        text = server.docker("exec", "own", "cat", "/etc/hosts", check=0).stdout
        return [tuple(line.split()) for line in text.splitlines() if line.strip() and not line.startswith(("::", "f", "127."))]
    server.docker("exec", "own", "sh", "-c", "echo '192.0.2.7 mine # by hand' >>/etc/hosts", check=0)

    def wanted(*networks):
        shown = settings(server, "own")["Networks"]
        host = gateway(server, networks[0])
        return {(host, "here"), (host, "host.docker.internal"), ("192.0.2.9", "there"), ("192.0.2.7", "mine", "#", "by", "hand"),
                *((shown[network]["IPAddress"], "me") for network in networks)}
    assert set(lines()) == wanted("bb")
    server.docker("network", "connect", "aa", "own", check=0)
    assert set(lines()) == wanted("bb", "aa") and len(lines()) == len(set(lines()))
    server.docker("network", "disconnect", "bb", "own", check=0)
    assert set(lines()) == wanted("aa") and len(lines()) == len(set(lines()))
    server.docker("network", "disconnect", "aa", "own", check=0)
    assert set(lines()) == {("192.0.2.9", "there"), ("192.0.2.7", "mine", "#", "by", "hand")}
    server.docker("network", "connect", "aa", "own", check=0)
    assert set(lines()) == wanted("aa")


def test_what_a_program_made_of_hosts_stays(server):
    """Byte by byte, in the same file."""
    create(server, "aa")
    server.docker("run", "-d", "--name", "own", "--hostname", "me", "busybox", "sleep", "1000", check=0)

    def said(*command):
        return server.docker("exec", "own", *command, check=0).stdout
    file = said("stat", "-c", "%d %i", "/etc/hosts")
    host = f"{gateway(server, 'bridge')}\thost.docker.internal\n"
    said("sh", "-c", r"printf '# caf\351\r\n192.0.2.7\ta\r\n' >>/etc/hosts")
    before = said("od", "-An", "-v", "-tx1", "/etc/hosts")
    server.docker("network", "connect", "aa", "own", check=0)
    own = f"{settings(server, 'own')['Networks']['aa']['IPAddress']}\tme\n"
    assert said("tail", "-n", "1", "/etc/hosts") == own and host in said("head", "-n", "7", "/etc/hosts")
    server.docker("network", "disconnect", "aa", "own", check=0)
    assert said("od", "-An", "-v", "-tx1", "/etc/hosts") == before
    # What is no file of hosts any more is left alone, and is no reason to keep a container from a network.
    said("sh", "-c", "head -c 2000000 /dev/zero >/etc/hosts")
    server.docker("network", "connect", "aa", "own", check=0)
    assert said("stat", "-c", "%s", "/etc/hosts") == "2000000\n" and said("stat", "-c", "%d %i", "/etc/hosts") == file


def test_what_an_internal_network_hides_is_published_by_another(server):
    create(server, "inner", options=["--internal"])
    serve(server, "web", "--network", "inner", "-p", "18602:80")
    assert "hello" not in ask("127.0.0.1", 18602)
    server.docker("network", "connect", "bridge", "web", check=0)
    assert "hello from web" in ask("127.0.0.1", 18602)


def test_a_port_that_cannot_be_had_leaves_all_as_it_was(server):
    create(server, "inner", options=["--internal"])
    serve(server, "first", "-p", "18603:80")
    serve(server, "web", "--network", "inner", "-p", "18603:80")
    before = settings(server, "web")["Networks"], server.docker("exec", "web", "ip", "addr", check=0).stdout, server.links()
    refused = server.docker("network", "connect", "bridge", "web")
    assert refused.returncode == 1 and "port is already allocated" in refused.stderr
    after = settings(server, "web")["Networks"], server.docker("exec", "web", "ip", "addr", check=0).stdout, server.links()
    assert before == after
    server.docker("rm", "-f", "first", check=0)
    server.docker("network", "connect", "bridge", "web", check=0)
    assert "hello from web" in ask("127.0.0.1", 18603)


def test_by_id(server):
    """As scripts do: `--network $(docker network create x)`."""
    ids = [server.docker("network", "create", name, check=0).stdout.strip() for name in ["aa", "bb"]]
    server.docker("run", "-d", "--name", "by", "--network", ids[0], "busybox", "sleep", "1000", check=0)
    assert server.inspect("by")["HostConfig"]["NetworkMode"] == ids[0]
    shown = settings(server, "by")["Networks"]
    assert list(shown) == ["aa"] and shown["aa"]["NetworkID"] == ids[0] and shown["aa"]["IPAddress"]
    again = server.docker("network", "connect", ids[0][:12], "by")
    assert again.returncode == 1 and "already exists in network aa" in again.stderr
    server.docker("network", "connect", ids[1][:12], "by", check=0)
    assert sorted(settings(server, "by")["Networks"]) == ["aa", "bb"]
    server.docker("network", "disconnect", ids[0][:12], "by", check=0)
    assert list(settings(server, "by")["Networks"]) == ["bb"]
    server.docker("stop", "-t", "0", "by", check=0)
    server.docker("start", "by", check=0)
    assert list(settings(server, "by")["Networks"]) == ["bb"] and settings(server, "by")["Networks"]["bb"]["IPAddress"]
    for network in ["aa", ids[1]]:
        server.docker("network", "disconnect", "-f", network, "by")
        server.docker("network", "rm", network, check=0)


def test_none_can_be_left(server):
    create(server, "side")
    server.docker("create", "--name", "still", "--network", "none", "busybox", "sleep", "1000", check=0)
    refused = server.docker("network", "connect", "side", "still")
    assert refused.returncode == 1 and "private (none) mode" in refused.stderr
    server.docker("network", "disconnect", "none", "still", check=0)
    server.docker("network", "connect", "side", "still", check=0)
    server.docker("start", "still", check=0)
    assert list(settings(server, "still")["Networks"]) == ["side"] and way_out(server, "still") == gateway(server, "side")
    server.docker("run", "-d", "--name", "runs", "--network", "none", "busybox", "sleep", "1000", check=0)
    server.docker("network", "disconnect", "none", "runs", check=0)
    assert settings(server, "runs")["Networks"] == {}
    server.docker("network", "connect", "side", "runs", check=0)
    assert way_out(server, "runs") == gateway(server, "side")


def test_one_that_does_not_run(server):
    create(server, "side")
    server.docker("create", "--name", "still", "busybox", "sleep", "1000", check=0)
    since = run("date", "+%s").stdout.strip()
    for _ in range(2):
        server.docker("network", "connect", "side", "still", check=0)
    server.docker("network", "disconnect", "bridge", "still", check=0)
    told = server.docker("events", "--since", since, "--until", str(int(since) + 5), "--filter", "type=network",
                         "--format", "{{.Action}}", check=0).stdout.split()
    assert not {"connect", "disconnect"} & set(told)
    assert list(settings(server, "still")["Networks"]) == ["side"]


@pytest.mark.parametrize("network, options, words", [
    ("bridge", ["--ip", "172.17.0.77"], "user-defined networks only"),
    ("bridge", ["--network-alias", "x"], "only supported for user-defined networks"),
    ("host", ["--network-alias", "x"], "only supported for user-defined networks"),
    ("side", ["--ip", "10.99.0.1"], "no configured subnet contains IP address 10.99.0.1"),
])
def test_what_cannot_be_is_said_before_anything_is_made(server, network, options, words):
    create(server, "side", options=["--subnet", "10.98.0.0/24"])
    refused = server.docker("create", "--name", "never", "--network", network, *options, "busybox", "true")
    # Docker's own client knows some of it by itself.
    assert refused.returncode != 0 and (words in refused.stderr or "user-defined networks" in refused.stderr)
    assert server.docker("inspect", "never").returncode == 1
    if network == "side":
        server.docker("create", "--name", "still", "busybox", "true", check=0)
        refused = server.docker("network", "connect", *options, network, "still")
        assert refused.returncode == 1 and words in refused.stderr
        assert list(settings(server, "still")["Networks"]) == ["bridge"]


# Death in between


def state(server, name):
    """What a container has, as clients are told and as it is."""
    shown = {network: endpoint["IPAddress"] for network, endpoint in settings(server, name)["Networks"].items()}
    inside = json.loads(server.docker("exec", name, "ip", "-4", "-o", "addr").stdout and run(
        "nsenter", f"--net={settings(server, name)['SandboxKey']}", "ip", "-j", "-4", "addr", check=0).stdout)
    held = sorted(entry["local"] for link in inside for entry in link["addr_info"] if link["ifname"] != "lo")
    return sorted(shown), sorted(shown.values()) == held, way_out(server, name)


@pytest.mark.parametrize("point", ["network-change.after-record", "network-change.after-connect", "network-change.after-files"])
@pytest.mark.parametrize("action", ["connect", "disconnect"])
def test_a_death_on_the_way(server, lan, point, action):
    create(server, "aa", "bb")
    serve(server, "web", "--network", "bb", "-p", "18604:80")
    if action == "disconnect":
        server.docker("network", "connect", "aa", "web", check=0)
    server.restart(failpoints=f"{point}=die")
    server.docker("network", action, "aa", "web")
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    server.start()
    # What was asked for has been done by the server that came after.
    wanted = ["aa", "bb"] if action == "connect" else ["bb"]
    assert state(server, "web") == (wanted, True, gateway(server, wanted[0]))
    assert "hello from web" in ask("127.0.0.1", 18604) and "hello from web" in ask(lan.host, 18604, lan)
    assert len([link for link in server.links() if link.startswith("veth")]) == len(wanted)
    for network in wanted:
        server.docker("network", "disconnect", network, "web", check=0)
    server.docker("network", "rm", "aa", "bb", check=0)


@pytest.mark.parametrize("point", ["network-change.after-record", "network-change.after-connect", "network-change.after-files"])
def test_a_death_on_the_way_into_the_first_network_with_names(server, point):
    """What it is called, whom it finds and its files are as after a connect that nothing came between."""
    create(server, "aa")
    server.docker("run", "-d", "--name", "peer", "--network", "aa", "busybox", "sleep", "1000", check=0)
    server.docker("run", "-d", "--name", "mover", "--hostname", "mover", "busybox", "sleep", "1000", check=0)
    server.restart(failpoints=f"{point}=die")
    server.docker("network", "connect", "aa", "mover")
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    server.start()
    assert state(server, "mover") == (["aa", "bridge"], True, gateway(server, "aa"))
    address = settings(server, "mover")["Networks"]["aa"]["IPAddress"]
    assert f"{address}\tmover" in server.docker("exec", "mover", "cat", "/etc/hosts", check=0).stdout
    assert "nameserver 127.0.0.11" in server.docker("exec", "mover", "cat", "/etc/resolv.conf", check=0).stdout
    server.docker("exec", "mover", "ping", "-c", "1", "-W", "2", "peer", check=0)
    server.docker("exec", "peer", "ping", "-c", "1", "-W", "2", "mover", check=0)
    # Once is enough: what the container's programs make of the files afterwards stays.
    server.docker("exec", "mover", "sh", "-c", "echo '# mine' >>/etc/resolv.conf", check=0)
    server.restart()
    assert "# mine" in server.docker("exec", "mover", "cat", "/etc/resolv.conf", check=0).stdout


@pytest.mark.parametrize("action", ["connect", "disconnect"])
@pytest.mark.parametrize("point", ["network-change.after-record", "network-change.after-connect", "network-change.after-files"])
def test_a_failure_on_the_way(server, point, action):
    create(server, "aa", "bb")
    serve(server, "web", "--network", "bb", "-p", "18605:80")
    if action == "disconnect":
        server.docker("network", "connect", "aa", "web", check=0)

    def cables():
        return sorted(link for link in server.links() if link.startswith("veth"))
    before = state(server, "web"), cables()
    server.restart(failpoints=f"{point}=1*error")
    failed = server.docker("network", action, "aa", "web")
    assert failed.returncode == 1 and "failpoint" in failed.stderr
    assert (state(server, "web"), cables()) == before
    assert "hello from web" in ask("127.0.0.1", 18605)
    server.docker("network", action, "aa", "web", check=0)
    assert state(server, "web")[0] == (["aa", "bb"] if action == "connect" else ["bb"])


def test_rules_that_are_gone_are_no_obstacle(server):
    create(server, "aa", "bb")
    serve(server, "web", "--network", "aa", "-p", "18606:80")
    server.docker("network", "connect", "bb", "web", check=0)
    run("nft", "flush", "ruleset", check=0)
    server.docker("network", "disconnect", "aa", "web", check=0)
    assert way_out(server, "web") == gateway(server, "bb")
    eventually(lambda: "hello from web" in ask("127.0.0.1", 18606), what="the port leads by the other network")


# Bridges


def bridges():
    return {link["ifname"]: link for link in json.loads(run("ip", "-j", "-d", "addr", "show", "type", "bridge").stdout) if link}


@pytest.fixture
def foreign():
    """A bridge that somebody else has made."""
    run("ip", "link", "add", "br-own", "type", "bridge", check=0)
    run("ip", "addr", "add", "10.97.0.1/24", "dev", "br-own", check=0)
    run("ip", "link", "set", "br-own", "up", check=0)
    yield "br-own"
    run("ip", "link", "del", "br-own")


def test_a_bridge_of_somebody_elses_is_used_and_left(server, foreign):
    def addresses():
        return {entry["local"] for entry in bridges()[foreign]["addr_info"] if entry["family"] == "inet"}
    server.docker("network", "create", "--subnet", "10.96.0.0/24", "-o", f"com.docker.network.bridge.name={foreign}", "xx", check=0)
    serve(server, "web", "--network", "xx", "-p", "18607:80")
    server.docker("run", "--rm", "--network", "xx", "busybox", "ping", "-c", "1", "-W", "2", "10.97.0.1", check=0)
    assert addresses() == {"10.96.0.1", "10.97.0.1"} and "hello" in ask("10.96.0.1", 18607)
    # Neither a server that starts anew nor one that is idle, nor the end of the network, takes it away; but what we have
    # added goes when one of our own would.
    server.restart()
    assert addresses() == {"10.96.0.1", "10.97.0.1"}
    server.docker("rm", "-f", "web", check=0)
    server.restart()
    assert addresses() == {"10.97.0.1"}
    server.docker("run", "--rm", "--network", "xx", "busybox", "true", check=0)
    assert addresses() == {"10.96.0.1", "10.97.0.1"}
    # Also after a server that could not.
    server.kill()
    server.start()
    assert addresses() == {"10.97.0.1"}
    server.docker("run", "--rm", "--network", "xx", "busybox", "true", check=0)
    server.docker("network", "rm", "xx", check=0)
    assert addresses() == {"10.97.0.1"}
    # An address that was there before us stays.
    server.docker("network", "create", "--subnet", "10.97.0.0/24", "-o", f"com.docker.network.bridge.name={foreign}", "xx", check=0)
    server.docker("run", "--rm", "--network", "xx", "busybox", "true", check=0)
    server.docker("network", "rm", "xx", check=0)
    server.stop()
    assert addresses() == {"10.97.0.1"}


def test_bridges_that_nobody_needs_go_with_the_next_start(server):
    create(server, "side", "other")
    server.docker("run", "-d", "--name", "stays", "busybox", "sleep", "1000", check=0)
    for network in ["side", "other"]:
        server.docker("run", "--rm", "--network", network, "busybox", "true", check=0)
    before = {link for link in server.links() if link in bridges()}
    assert len(before) == 3
    server.restart(failpoints="network-remove.after-record=die")
    server.docker("network", "rm", "side")
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    server.start()
    [left] = [link for link in server.links() if link in bridges()]
    assert left.startswith("apus")
