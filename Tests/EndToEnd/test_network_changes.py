"""What a change of networks under a running container must not lose: all of it, or nothing; its files; what is published."""

import contextlib
import json
import subprocess

import pytest

from conftest import run
from test_names import Upstream, ask as ask_names, upstream  # noqa: F401 (fixture)
from test_network import ask, lan, serve, server, settings  # noqa: F401 (fixtures)
from test_network_live import create, state
from test_network_parents import create as create_parented, answers, needs


def cables(server):
    return sorted(link for link in server.links() if link.startswith("veth"))


def inside(server, name, path="/etc/hosts"):
    return server.docker("exec", name, "cat", path, check=0).stdout


@contextlib.contextmanager
def mounted_over(path, *mount):
    """A mount on a file of a container's, as long as it is tried with."""
    run(*mount, path, check=0)
    try:
        yield
    finally:
        run("umount", path, check=0)


@pytest.mark.parametrize("action", ["connect", "disconnect"])
def test_files_that_cannot_be_written(server, action):
    """Then nothing of the networks changes either."""
    create(server, "aa")
    serve(server, "web", "-p", "18620:80")
    if action == "disconnect":
        server.docker("network", "connect", "aa", "web", check=0)
    before = state(server, "web"), cables(server), inside(server, "web"), inside(server, "web", "/etc/resolv.conf")
    hosts = server.inspect("web")["HostsPath"]
    with mounted_over(hosts, "mount", "--bind", hosts):
        run("mount", "-o", "remount,bind,ro", hosts, check=0)
        failed = server.docker("network", action, "aa", "web")
        assert failed.returncode == 1 and "read-only file system" in failed.stderr
        assert "container web: its networks stay as they are" in failed.stderr
        assert before == (
            state(server, "web"), cables(server), inside(server, "web"), inside(server, "web", "/etc/resolv.conf"))
        assert "hello from web" in ask("127.0.0.1", 18620)
    # Nor with the next server.
    server.restart()
    assert state(server, "web") == before[0]
    server.docker("network", action, "aa", "web", check=0)
    assert state(server, "web")[:2] == (["aa", "bridge"] if action == "connect" else ["bridge"], True)


def test_a_full_disk_leaves_the_hosts_whole(server, tmp_path):
    create(server, "aa")
    server.docker("create", "--name", "web", "busybox", "sleep", "1000", check=0)
    server.docker("start", "web", check=0)
    server.docker("stop", "-t", "0", "web", check=0)
    run("mount", "-t", "tmpfs", "-o", "size=4k", "small", tmp_path, check=0)
    try:
        (tmp_path / "hosts").touch()
        with mounted_over(server.inspect("web")["HostsPath"], "mount", "--bind", tmp_path / "hosts"):
            server.docker("start", "web", check=0)
            left = 4090 - len(inside(server, "web").encode())
            server.docker("exec", "web", "sh", "-c", f"printf '# %0{left - 3}d\\n' 7 >>/etc/hosts", check=0)
            before = state(server, "web"), inside(server, "web")
            assert len(before[1].encode()) == 4090
            failed = server.docker("network", "connect", "aa", "web")
            assert failed.returncode == 1 and "no space left on device" in failed.stderr
            assert (state(server, "web"), inside(server, "web")) == before
            server.docker("exec", "web", "sh", "-c", "sed '$d' /etc/hosts >/tmp/h; cat /tmp/h >/etc/hosts", check=0)
            server.docker("network", "connect", "aa", "web", check=0)
            assert settings(server, "web")["Networks"]["aa"]["IPAddress"] in inside(server, "web")
        server.docker("rm", "-f", "web", check=0)
    finally:
        run("umount", tmp_path, check=0)


@pytest.mark.parametrize("action", ["connect", "disconnect"])
def test_files_are_put_back(server, action):
    create(server, "aa")
    server.docker("run", "-d", "--name", "web", "busybox", "sleep", "1000", check=0)
    if action == "disconnect":
        server.docker("network", "connect", "aa", "web", check=0)
    before = inside(server, "web"), inside(server, "web", "/etc/resolv.conf")
    server.restart(failpoints="network-change.after-files=1*error")
    assert server.docker("network", action, "aa", "web").returncode == 1
    assert (inside(server, "web"), inside(server, "web", "/etc/resolv.conf")) == before
    server.docker("network", action, "aa", "web", check=0)
    assert inside(server, "web") != before[0]


@needs("macvlan")
@pytest.mark.parametrize("point", ["network-change.after-record", "network-change.after-connect"])
def test_a_death_on_the_way_to_the_wire(server, lan, point):
    assert create_parented(server, "macvlan", "wire").returncode == 0
    server.docker("run", "-d", "--name", "both", "--network", "none", "busybox", "sleep", "1000", check=0)
    server.docker("network", "disconnect", "none", "both", check=0)
    server.restart(failpoints=f"{point}=die")
    server.docker("network", "connect", "wire", "both")
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    server.start()
    assert state(server, "both") == (["wire"], True, lan.guest)
    assert answers(server, "both", lan.guest)
    assert settings(server, "both")["Networks"]["wire"]["IPAddress"] in inside(server, "both")
    server.restart(failpoints=f"{point}=die")
    server.docker("network", "disconnect", "wire", "both")
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    server.start()
    assert state(server, "both") == ([], True, "")


def ports(server, name):
    return {(port["HostIp"], port["HostPort"]) for port in settings(server, name)["Ports"].get("80/tcp") or []}


def test_a_port_comes_back_with_its_family(server, lan):
    """To a network of IPv6 alone, and back."""
    create(server, "four")
    create(server, "six", options=["--ipv4=false", "--ipv6"])
    serve(server, "web", "--network", "four", "-p", "18621:80", "-p", "80", "-p", "127.0.0.1:18622:80", "-p", "0.0.0.0:18623:80",
          "-p", "[::1]:18624:80")
    before = ports(server, "web")
    [random] = {port for _, port in before} - {"18621", "18622", "18623", "18624"}
    assert {("0.0.0.0", random), ("::", random)} < before

    def is_reached():
        assert ports(server, "web") == before
        for host, port, origin in [("127.0.0.1", 18621, None), (lan.host, 18621, lan), (lan.host, random, lan),
                                   (lan.host6, random, lan), ("::1", 18621, None), ("127.0.0.1", 18622, None),
                                   (lan.host, 18623, lan), ("::1", 18624, None)]:
            assert "hello from web" in ask(host, port, origin), (host, port)
    is_reached()
    # Beside each other each family goes by its own network.
    server.docker("network", "connect", "six", "web", check=0)
    is_reached()
    server.docker("network", "disconnect", "four", "web", check=0)
    assert ports(server, "web") == {("::", "18621"), ("::", random), ("::1", "18624")}
    assert "hello from web" in ask(lan.host6, 18621, lan) and "hello" not in ask(lan.host, 18621, lan)
    # What is let go of is anybody's, until it is to come back.
    server.docker("run", "-d", "--name", "other", "-p", "127.0.0.1:18622:80", "busybox", "sleep", "1000", check=0)
    refused = server.docker("network", "connect", "four", "web")
    assert refused.returncode == 1 and "port is already allocated" in refused.stderr
    assert ports(server, "web") == {("::", "18621"), ("::", random), ("::1", "18624")}
    server.docker("rm", "-f", "other", check=0)
    server.docker("network", "connect", "four", "web", check=0)
    is_reached()
    server.restart()
    is_reached()
    server.docker("network", "disconnect", "six", "web", check=0)
    is_reached()


def test_names_in_networks_are_shown_when_it_has_stopped(server):
    create(server, "aa")
    server.docker("create", "--name", "web", "--hostname", "me", "--network", "aa", "--network-alias", "www", "busybox",
                  "sleep", "1000", check=0)
    assert settings(server, "web")["Networks"]["aa"]["DNSNames"] is None
    server.docker("start", "web", check=0)
    server.docker("network", "connect", "bridge", "web", check=0)
    shown = settings(server, "web")["Networks"]
    assert shown["aa"]["DNSNames"] == ["web", "www", server.inspect("web")["Id"][:12], "me"]
    server.docker("stop", "-t", "0", "web", check=0)
    after = settings(server, "web")["Networks"]
    assert after["aa"]["DNSNames"] == shown["aa"]["DNSNames"] and after["bridge"]["DNSNames"] is None
    assert after["aa"]["EndpointID"] == after["aa"]["IPAddress"] == ""


@pytest.mark.parametrize("network", ["host", "none"])
def test_each_run_has_a_place_of_its_own(server, network):
    server.docker("run", "-d", "--name", "web", "--network", network, "busybox", "sleep", "1000", check=0)

    def place():
        return settings(server, "web")["Networks"][network]["EndpointID"]

    def told():
        return [member["EndpointID"] for member in
                json.loads(server.docker("network", "inspect", network, check=0).stdout)[0]["Containers"].values()]
    first = place()
    assert len(first) == 64 and told() == [first]
    server.restart()
    assert place() == first
    server.docker("stop", "-t", "0", "web", check=0)
    assert place() == "" and told() == []
    server.docker("start", "web", check=0)
    assert len(place()) == 64 and place() != first and told() == [place()]


def test_a_new_default_of_servers_counts_at_once(server, upstream):
    other = Upstream("192.0.2.54")
    try:
        server.stop()
        server.arguments = ["--dns", "192.0.2.1"]
        server.start()
        create(server, "aa")
        server.docker("run", "-d", "--name", "asker", "--network", "aa", "busybox", "sleep", "1000", check=0)
        server.docker("run", "-d", "--name", "own", "--network", "aa", "--dns", other.address, "busybox", "sleep", "1000", check=0)
        server.stop()
        server.arguments = ["--dns", upstream.address]
        server.start()
        assert ask_names(server, "asker", "known.example").addresses == ["192.0.2.1"]
        assert upstream.asked == ["known.example"]
        # What a container was given itself stays.
        assert ask_names(server, "own", "known.example").addresses == ["192.0.2.1"]
        assert upstream.asked == other.asked == ["known.example"]
    finally:
        other.close()
