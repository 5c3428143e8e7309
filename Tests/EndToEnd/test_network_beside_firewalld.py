"""The machine's own firewall is firewalld, the real one: what docs/networking.md says of it is so, and goes on through
its reloads."""

import os
import shutil
import subprocess

import pytest

from conftest import end, eventually, run
from test_network import SERVE, ask, lan, reaches, serve, server  # noqa: F401 (fixtures)
from test_network_beside_ufw import CAN_FILTER_BRIDGES, Talk, bridges_are_filtered, hears, which
from test_network_beside_ufw import outside  # noqa: F401 (fixture)
from test_network_host import own_bridge, repairs


class Firewalld:
    """A firewalld with a bus and a configuration of its own."""

    BUS = """
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
          "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig><type>system</type><listen>unix:path={place}/bus</listen><auth>EXTERNAL</auth>
        <policy context="default"><allow own="*"/><allow user="*"/><allow send_destination="*"/><allow receive_sender="*"/>
        </policy></busconfig>"""

    def __init__(self, place):
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={place}/bus"}
        (place / "bus.conf").write_text(self.BUS.format(place=place).strip())
        shutil.copytree("/etc/firewalld", place / "etc")
        log = open(place / "log", "wb")
        start = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL, "env": {**os.environ, **self.env}}
        self.processes = [subprocess.Popen(["dbus-daemon", f"--config-file={place}/bus.conf", "--nofork"], **start)]
        eventually((place / "bus").exists, what="the bus")
        self.processes.append(subprocess.Popen(
            ["firewalld", "--nofork", "--nopid", "--system-config", place / "etc", "--log-file", place / "firewalld.log"],
            **start))
        eventually(lambda: run("firewall-cmd", "--state", env=self.env).returncode == 0, 30, "firewalld answers")

    def __call__(self, *arguments):
        run("firewall-cmd", *arguments, env=self.env, check=0)

    def stop(self):
        end(self.processes.pop())

    def close(self):
        for process in reversed(self.processes):
            end(process)


@pytest.fixture
def firewalld(tmp_path):
    daemon = Firewalld(tmp_path)
    try:
        yield daemon
    finally:
        daemon.close()


def test_beside_firewalld(firewalld, server, outside):
    """Reloads of its rules included: CVE-2025-54388 of Docker."""
    server.docker("network", "create", "--ipv6", "-o", "com.docker.network.bridge.name=br-both", "both", check=0)
    serve(server, "web", "-p", "18700:80", "-p", "127.0.0.1:18701:80", "-p", "18702:90")
    serve(server, "both", "--network", "both", "-p", "18710:80")
    server.docker("run", "-d", "--name", "peer", "--network", "both", "busybox", "sleep", "1000", check=0)
    server.docker("run", "-d", "--name", "plain", "--network", "host", "busybox", "sh", "-c", SERVE.format(port=18712),
                  check=0)
    eventually(lambda: "hello" in ask("127.0.0.1", 18712), what="it listens")
    default = own_bridge(server)

    def reached():
        return which(
            by_itself=lambda: all("hello" in ask(host, port) for host, port in [
                ("127.0.0.1", 18700), ("127.0.0.1", 18701), ("::1", 18700), (outside.host, 18700)]),
            published=lambda: hears(outside, outside.host, 18700),
            published6=lambda: hears(outside, outside.host6, 18710),
            loopback=lambda: hears(outside, outside.host, 18701), relayed=lambda: hears(outside, outside.host6, 18700),
            out=lambda: reaches(server, "web", outside.guest, 9000),
            out6=lambda: reaches(server, "both", outside.guest6, 9000),
            peer=lambda: reaches(server, "peer", "both", 80),
            itself=lambda: reaches(server, "web", outside.host, 18700),
            far=lambda: reaches(server, "peer", outside.host, 18700),
            machine=lambda: reaches(server, "both", "host.docker.internal", 18712),
            plain=lambda: hears(outside, outside.host, 18712))
    published = {"by_itself", "published", "published6", "itself", "far"}
    for command, is_filtered in [("--reload", "0"), ("--complete-reload", "1")]:
        firewalld(command)
        with bridges_are_filtered(is_filtered):
            assert reached() == published | (set() if CAN_FILTER_BRIDGES and is_filtered == "1" else {"peer"})
    for bridge in [default, "br-both"]:
        firewalld("--permanent", "--zone=trusted", f"--add-interface={bridge}")
    server.docker("exec", "-d", "web", "nc", "-ll", "-p", "90", "-e", "cat", check=0)
    with bridges_are_filtered("1"), Talk(outside, 18702) as talk:
        assert talk.goes_on()
        firewalld("--reload")
        assert talk.goes_on() and reached() == published | {"peer", "out", "out6", "machine"}
        # What comes in to the machine itself, not to a container.
        for port in [18700, 18712]:
            firewalld("--permanent", f"--add-port={port}/tcp")
        firewalld("--complete-reload")
        everything = published | {"peer", "out", "out6", "machine", "relayed", "plain"}
        assert reached() == everything
        firewalld.stop()
        assert reached() == everything
    assert repairs(server) == 0
