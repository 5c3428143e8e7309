"""dockerd and our server on one machine, each with containers and published ports: neither breaks the other's."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from conftest import BIN, end, eventually, remove_cgroup, run
from test_network import ask, lan, reaches, serve, server, settings  # noqa: F401 (fixtures)
from test_network_beside_ufw import bridges_are_filtered
from test_network_host import iptables, own_bridge, repairs, ruleset, stands_still

SERVE = "while true; do echo hello from {name} | nc -l -p 80 -w 1 >/tmp/seen 2>&1; done"


class Dockerd:
    """A dockerd of its own, in the network namespace of the tests, with a busybox image."""

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="apus-dockerd-", dir="/tmp"))
        self.host = f"unix://{self.place}/docker.sock"
        self.process = None

    def start(self):
        log = open(self.place / "log", "ab")
        self.process = subprocess.Popen(
            ["dockerd", "-H", self.host, "--data-root", self.place / "data", "--exec-root", self.place / "exec",
             "--pidfile", self.place / "pid", "--add-runtime", f"apus={BIN}/apus-runtime", "--default-runtime", "apus",
             "--bip", "172.31.0.1/24", "--storage-driver", "vfs", "--cgroup-parent", f"/{self.place.name}"],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        eventually(lambda: self("info").returncode == 0, 60, "dockerd answers")

    def __call__(self, *arguments, **options):
        return run(shutil.which("docker"), "-H", self.host, *arguments, **options)

    def load(self):
        rootfs = self.place / "rootfs/bin"
        rootfs.mkdir(parents=True)
        shutil.copy("/bin/busybox", rootfs / "busybox")
        for applet in ["sh", "echo", "sleep", "nc", "ping", "netstat", "grep", "ip"]:
            (rootfs / applet).symlink_to("busybox")
        for name in ["proc", "sys", "dev", "etc", "tmp", "run"]:
            (rootfs.parent / name).mkdir()
        archive = subprocess.run(["tar", "-C", rootfs.parent, "-c", "."], capture_output=True, check=True).stdout
        subprocess.run([shutil.which("docker"), "-H", self.host, "import", "-", "bb"], input=archive, check=True,
                       capture_output=True)

    def serve(self, name, *options):
        self("run", "-d", "--name", name, *options, "bb", "sh", "-c", SERVE.format(name=name), check=0)
        eventually(lambda: self("exec", name, "sh", "-c", "netstat -ltn | grep -q :80").returncode == 0, what="it listens")

    def address(self, name):
        return json.loads(self("inspect", name, check=0).stdout)[0]["NetworkSettings"]["IPAddress"]

    def clean(self):
        with contextlib.suppress(Exception):
            self("rm", "-f", *self("ps", "-aq").stdout.split())
        end(self.process)
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.place).encode() in (process / "cmdline").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
        remove_cgroup(self.place.name)
        mounts = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.place}/")]):
            run("umount", "-l", mount)
        shutil.rmtree(self.place, ignore_errors=True)
        for bridge in ["docker0", "dlater"]:
            run("ip", "link", "del", bridge)
        for family in ["ip", "ip6"]:
            for table in ["filter", "nat", "raw"]:
                run("nft", "delete", "table", family, table)


@pytest.fixture
def dockerd():
    daemon = Dockerd()
    try:
        # A machine that does not forward yet: then dockerd drops what it does not know.
        run("sysctl", "-w", "net.ipv4.ip_forward=0", check=0)
        daemon.start()
        daemon.load()
        yield daemon
    finally:
        daemon.clean()


def saved():
    """iptables' tables as it saves them, without counters."""
    text = run("iptables-save", check=0).stdout
    return [re.sub(r"\[\d+:\d+\]", "", line) for line in text.splitlines() if not line.startswith("#")]


def test_beside_dockerd(dockerd, server, lan):
    before = saved()
    assert ":FORWARD DROP " in [line.rstrip() + " " for line in before]
    dockerd.serve("theirs", "-p", "19080:80")
    dockerd.serve("quiet")
    with_theirs = saved()
    serve(server, "ours", "-p", "19081:80")

    def both_work():
        for name, port in [("theirs", 19080), ("ours", 19081)]:
            for host, origin in [(lan.host, lan), (lan.host, None), ("127.0.0.1", None)]:
                assert f"hello from {name}" in ask(host, port, origin), (name, host, origin)
        dockerd("exec", "theirs", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
        server.docker("exec", "ours", "ping", "-c", "1", "-W", "2", lan.guest, check=0)
        # By what they publish the containers of both reach each other, and by nothing else.
        assert "hello from ours" in dockerd("exec", "theirs", "sh", "-c", f"nc -w 2 {lan.host} 19081 </dev/null").stdout
        assert reaches(server, "ours", lan.host, 19080)
        address = settings(server, "ours")["IPAddress"]
        assert "hello" not in dockerd("exec", "theirs", "sh", "-c", f"nc -w 1 {address} 80 </dev/null").stdout
        assert not reaches(server, "ours", dockerd.address("quiet"), 80)
    both_work()

    # iptables can read what we wrote, and write it again.
    bridge = own_bridge(server)
    chain = server.tables()[0].split()[-1].upper()
    # Another server of the suite may have rules of its own there.
    listed = [line for line in run("iptables", "-S", "DOCKER-USER", check=0).stdout.splitlines()
              if " apus-" not in line or f" {bridge} " in line]
    assert listed == ["-N DOCKER-USER", f"-A DOCKER-USER -i {bridge} -j {chain}", f"-A DOCKER-USER -o {bridge} -j {chain}",
                      "-A DOCKER-USER -j RETURN"]
    assert run("iptables", "-S", chain, check=0).stdout.splitlines() == [
        f"-N {chain}", f"-A {chain} -i docker0 -j RETURN", f"-A {chain} -o docker0 -j RETURN", f"-A {chain} -j ACCEPT"]
    run("iptables-restore", input=run("iptables-save", check=0).stdout, check=0)
    both_work()
    # What the administrator puts there is asked first.
    with iptables("DOCKER-USER", "-i", "lan0", "-j", "DROP"):
        assert "hello" not in ask(lan.host, 19081, lan)

    # Neither minds when the other is started again.
    end(dockerd.process)
    assert "hello from ours" in ask(lan.host, 19081, lan)
    dockerd.start()
    dockerd("start", "theirs", "quiet", check=0)
    eventually(lambda: "hello from theirs" in ask(lan.host, 19080, lan), what="their container listens again")
    both_work()
    server.restart()
    both_work()
    # Without a container of ours nothing of ours is left in its tables.
    server.docker("rm", "-f", "ours", check=0)
    server.stop()
    assert [line for line in saved() if bridge in line or chain in line] == []
    assert {line for line in with_theirs if "apus-" not in line.lower()} <= set(saved())
    assert "hello from theirs" in ask(lan.host, 19080, lan)
    assert pathlib.Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1"
    dockerd("rm", "-f", "theirs", "quiet", check=0)
    server.start()


def test_dockerd_that_comes_later(server, lan):
    serve(server, "ours", "-p", "19081:80")
    assert "hello" in ask(lan.host, 19081, lan)
    daemon = Dockerd()
    try:
        daemon.start()
        daemon.load()
        daemon.serve("theirs", "-p", "19080:80")
        # It has found a machine that forwards, and lets it. This is what it does on one that does not.
        run("iptables", "-P", "FORWARD", "DROP", check=0)

        def is_told():
            return f"-i {own_bridge(server)} " in run("iptables", "-S", "DOCKER-USER").stdout
        eventually(is_told, what="dockerd's chain has our rules")
        assert "hello" in ask(lan.host, 19081, lan) and "hello" in ask(lan.host, 19080, lan)
        # Somebody empties the chain, or makes it anew.
        run("iptables", "-F", "DOCKER-USER", check=0)
        eventually(is_told, what="they are back")
        # A network of ours and one of theirs that come later.
        server.docker("network", "create", "later", check=0)
        serve(server, "alsoours", "--network", "later", "-p", "19083:80")
        daemon("network", "create", "-o", "com.docker.network.bridge.name=dlater", "later", check=0)
        daemon.serve("alsotheirs", "--network", "later", "-p", "19082:80")
        eventually(lambda: "-i dlater -j RETURN" in run("iptables", "-S").stdout, what="the new bridge is known")
        for port in [19080, 19081, 19082, 19083]:
            assert "hello" in ask(lan.host, port, lan), port
        server.docker("rm", "-f", "alsoours", check=0)
        [bridge] = [link for link in server.links() if link.startswith("br-") and "dlater" not in link]
        server.docker("network", "rm", "later", check=0)
        assert bridge not in run("iptables", "-S").stdout
        assert stands_still(lambda: re.sub(r"packets \d+ bytes \d+", "", ruleset()))
        assert repairs(server) == 0
    finally:
        daemon.clean()


def test_bridges_that_come_to_be_filtered(server, lan):
    """As by br_netfilter, which dockerd loads: a container still gets to its own published port."""
    with bridges_are_filtered("0"):
        serve(server, "web", "-p", "19084:80")
        assert reaches(server, "web", lan.host, 19084)
    with bridges_are_filtered("1"):
        try:
            run("iptables", "-N", "DOCKER-USER", check=0)
            run("iptables", "-I", "FORWARD", "-j", "DOCKER-USER", check=0)
            eventually(lambda: reaches(server, "web", lan.host, 19084), what="the cable gives back what came by it")
        finally:
            run("iptables", "-D", "FORWARD", "-j", "DOCKER-USER")
            run("iptables", "-F", "DOCKER-USER")
            run("iptables", "-X", "DOCKER-USER")
