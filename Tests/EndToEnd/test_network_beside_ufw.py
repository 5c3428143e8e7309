"""The machine's own firewall is ufw, the real one: what docs/networking.md says of it is so, and goes on through its
reloads."""

import concurrent.futures
import contextlib
import pathlib
import select
import shutil
import subprocess

import pytest

from conftest import end, eventually, run
from test_network import SERVE, ask, lan, reaches, serve, server, settings  # noqa: F401 (fixtures)
from test_network_host import own_bridge, repairs, setting


class Ufw:
    """ufw as it comes, with a configuration of its own: the machine's own files it can only read."""

    PRIVATE = """
        set -e
        mount --make-rprivate /
        mount --bind "$0/ufw" /etc/ufw
        mount --bind "$0/default" /etc/default/ufw
        for place in /run /tmp; do mount -t tmpfs own $place; done
        mount -o remount,bind,ro /
        exec ufw "$@"
        """
    # What Debian's package has, in case the administrator has something else.
    DEFAULTS = """
        IPV6=yes
        DEFAULT_INPUT_POLICY="DROP"
        DEFAULT_OUTPUT_POLICY="ACCEPT"
        DEFAULT_FORWARD_POLICY="DROP"
        DEFAULT_APPLICATION_POLICY="SKIP"
        MANAGE_BUILTINS=no
        IPT_SYSCTL=/etc/ufw/sysctl.conf
        IPT_MODULES=""
        """
    # The same; and what older ones have, which is stricter.
    SETTINGS = {f"net/ipv4/conf/{links}/{name}": value for links in ["all", "default"] for name, value in [
        ("accept_redirects", "0"), ("accept_source_route", "0"), ("log_martians", "0"), ("rp_filter", "1")]}

    def __init__(self, place):
        self.place = place
        shutil.copytree("/usr/share/ufw/iptables", place / "ufw")
        shutil.copy("/usr/share/ufw/ufw.conf", place / "ufw")
        (place / "ufw/applications.d").mkdir()
        (place / "default").write_text(self.DEFAULTS.replace(" ", ""))
        (place / "ufw/sysctl.conf").write_text("".join(f"{name}={value}\n" for name, value in self.SETTINGS.items()))
        self.settings = {name: (pathlib.Path("/proc/sys") / name).read_text() for name in self.SETTINGS}

    def __call__(self, *arguments):
        return run("unshare", "--mount", "sh", "-c", self.PRIVATE, self.place, *arguments, check=0,
                   env={"TMPDIR": "/tmp", "LC_ALL": "C"}).stdout

    def manages_all_chains(self):
        path = self.place / "default"
        path.write_text(path.read_text().replace("MANAGE_BUILTINS=no", "MANAGE_BUILTINS=yes"))

    def has_before(self, hook, rule):
        path = self.place / "ufw/before.rules"
        path.write_text(path.read_text().replace("\nCOMMIT", f"\n-A ufw-before-{hook} {rule}\nCOMMIT"))

    def close(self):
        with contextlib.suppress(Exception):
            self("--force", "disable")
        for family in ["ip", "ip6"]:
            for table in ["filter", "nat", "mangle"]:
                run("nft", "delete", "table", family, table)
        for name, value in self.settings.items():
            (pathlib.Path("/proc/sys") / name).write_text(value)


@pytest.fixture
def ufw(tmp_path):
    firewall = Ufw(tmp_path)
    try:
        yield firewall
    finally:
        firewall.close()


@pytest.fixture
def outside(lan):
    """The other machine, with a server at port 9000."""
    listener = subprocess.Popen(["ip", "netns", "exec", lan.name, "/bin/busybox", "nc", "-ll", "-p", "9000", "-e",
                                 "/bin/busybox", "echo", "hello"])
    try:
        eventually(lambda: "hello" in ask(lan.guest, 9000), what="the other machine listens")
        yield lan
    finally:
        end(listener)


def which(**ways):
    """The names of the ways that lead there; what is dropped is waited for all at once."""
    with concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
        answers = {name: pool.submit(way) for name, way in ways.items()}
        return {name for name, answer in answers.items() if answer.result()}


# A connection is made by kernels alone: a second is long for that. What is said then may take its time.
HEAR = ("import socket,sys; c=socket.create_connection((sys.argv[1],int(sys.argv[2])),1); c.settimeout(20); "
        "print(c.recv(100).decode(),end='')")


def hears(lan, host, port):
    """Whether the other machine gets an answer from there."""
    return "hello" in lan.run("/usr/bin/python3", "-S", "-c", HEAR, host, str(port)).stdout


class Talk:
    """A connection from the other machine that stays open."""

    def __init__(self, lan, port):
        self.process = subprocess.Popen(["ip", "netns", "exec", lan.name, "/bin/busybox", "nc", lan.host, str(port)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def goes_on(self):
        self.process.stdin.write(b"ping\n")
        return bool(select.select([self.process.stdout], [], [], 20)[0]) and self.process.stdout.readline() == b"ping\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)


def test_beside_ufw(ufw, server, outside):
    assert "active and enabled" in ufw("--force", "enable")
    serve(server, "web", "-p", "18700:80", "-p", "127.0.0.1:18701:80", "-p", "18702:90", "-p", "18703:91")
    for port, program in [("90", ["cat"]), ("91", ["echo", "hello"])]:
        server.docker("exec", "-d", "web", "nc", "-ll", "-p", port, "-e", *program, check=0)
    bridge, address = own_bridge(server), settings(server, "web")["IPAddress"]

    def reached(**more):
        return which(
            # This machine itself, which ufw does not mind.
            by_itself=lambda: all("hello" in ask(host, port) for host, port in [
                ("127.0.0.1", 18700), ("127.0.0.1", 18701), ("::1", 18700), (outside.host, 18700)]),
            published=lambda: hears(outside, outside.host, 18700), relayed=lambda: hears(outside, outside.host6, 18700),
            out=lambda: reaches(server, "web", outside.guest, 9000), **more)
    assert reached() == {"by_itself"}
    # Each of the commands does what the documents say, and no more. A port that is denied or allowed is one of the
    # machine itself, which what is relayed comes in by: who reaches a container is said by routes.
    ufw("deny", "18700/tcp")
    ufw("route", "allow", "out", "on", bridge)
    assert reached() == {"by_itself", "published"}
    ufw("route", "allow", "in", "on", bridge)
    # What is not published is not let in by that.
    assert {"by_itself", "published", "out"} == reached(
        address=lambda: hears(outside, address, 80), loopback=lambda: hears(outside, outside.host, 18701))
    ufw("allow", "18700/tcp")
    everything = {"by_itself", "published", "out", "relayed"}
    assert reached() == everything

    with Talk(outside, 18702) as talk:
        assert talk.goes_on()
        ufw("reload")
        assert talk.goes_on() and reached() == everything
        # Where it is told to, it flushes all chains of iptables.
        ufw.manages_all_chains()
        assert hears(outside, outside.host, 18703)
        ufw.has_before("forward", "-p tcp -m conntrack --ctorigdstport 18703 -s 203.0.113.0/24 -j DROP")
        for command in ["disable", "enable"]:
            ufw("--force", command)
            assert talk.goes_on() and reached() == everything

    # Who reaches what is published: by the container's port, or by the published one.
    denial = ["deny", "in", "on", "lan0", "out", "on", bridge, "to", "any", "port", "80", "proto", "tcp"]
    ufw("route", "prepend", *denial)
    ufw("deny", "18700/tcp")
    assert reached(by_rule=lambda: hears(outside, outside.host, 18703)) == everything - {"published", "relayed"}
    ufw("route", "delete", *denial)
    ufw("allow", "18700/tcp")

    # The rules name a bridge: they hold for the next one of that name.
    server.docker("rm", "-f", "web", check=0)
    server.restart()
    assert server.links() == []
    serve(server, "web", "-p", "18700:80", "-p", "127.0.0.1:18701:80")
    assert own_bridge(server) == bridge and reached() == everything
    ufw("disable")
    assert reached() == everything
    assert repairs(server) == 0


CAN_FILTER_BRIDGES = pathlib.Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists()


@contextlib.contextmanager
def bridges_are_filtered(value):
    """Whether packets within a bridge pass iptables, where the kernel can do that (br_netfilter)."""
    with contextlib.ExitStack() as stack:
        for name in ["iptables", "ip6tables"] if CAN_FILTER_BRIDGES else []:
            stack.enter_context(setting(f"bridge/bridge-nf-call-{name}", value))
        yield


def test_networks_and_services_of_the_machine(ufw, server, outside):
    """A network of both families with a bridge of a given name, another one, and the machine's own services."""
    ufw("--force", "enable")
    server.docker("network", "create", "--ipv6", "-o", "com.docker.network.bridge.name=br-both", "both", check=0)
    server.docker("network", "create", "-o", "com.docker.network.bridge.name=br-other", "other", check=0)
    serve(server, "web", "--network", "both", "-p", "18710:80")
    server.docker("run", "-d", "--name", "peer", "--network", "both", "busybox", "sleep", "1000", check=0)
    server.docker("run", "-d", "--name", "far", "--network", "other", "busybox", "sleep", "1000", check=0)
    server.docker("run", "-d", "--name", "plain", "--network", "host", "busybox", "sh", "-c", SERVE.format(port=18712),
                  check=0)
    eventually(lambda: "hello" in ask("127.0.0.1", 18712), what="it listens")

    def reached():
        return which(
            published=lambda: hears(outside, outside.host, 18710),
            published6=lambda: hears(outside, outside.host6, 18710),
            out=lambda: reaches(server, "web", outside.guest, 9000),
            out6=lambda: reaches(server, "web", outside.guest6, 9000),
            # By its name: what answers questions for names is in the container's own network.
            peer=lambda: reaches(server, "peer", "web", 80), itself=lambda: reaches(server, "web", outside.host, 18710),
            far=lambda: reaches(server, "far", outside.host, 18710),
            machine=lambda: reaches(server, "web", "host.docker.internal", 18712),
            plain=lambda: hears(outside, outside.host, 18712))
    with bridges_are_filtered("0"):
        ufw("route", "allow", "out", "on", "br-both")
        assert reached() == {"peer", "published", "published6", "itself", "far"}
        ufw("route", "delete", "allow", "out", "on", "br-both")
    with bridges_are_filtered("1"):
        ufw("route", "allow", "in", "on", "br-both")
        ufw("allow", "in", "on", "br-both", "to", "any", "port", "18712", "proto", "tcp")
        assert reached() == {"peer", "out", "out6", "itself", "machine"}
        ufw("route", "allow", "out", "on", "br-both")
        ufw("allow", "18712/tcp")
        ufw("reload")
        assert reached() == {"peer", "out", "out6", "itself", "machine", "published", "published6", "far", "plain"}
        # Filtered within bridges, and not told of them.
        ufw("route", "delete", "allow", "in", "on", "br-both")
        ufw("route", "delete", "allow", "out", "on", "br-both")
        ufw("deny", "18712/tcp")
        assert reached() == {"machine"} | (set() if CAN_FILTER_BRIDGES else {"peer"})
        server.docker("exec", "peer", "nslookup", "web", check=0)
    assert repairs(server) == 0
