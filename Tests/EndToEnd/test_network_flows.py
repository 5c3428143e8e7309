"""Flows of UDP through published ports, which have no end: the kernel leads them on where their first packet went."""

import contextlib
import subprocess

import pytest

from conftest import eventually, run
from test_network import lan, server, settings  # noqa: F401 (fixtures)

# Says its name to whoever asks, and answers at whichever address it was asked.
ANSWER = """
import socket, sys
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(('', 6000))
while True: one.sendto(sys.argv[1].encode(), one.recvfrom(100)[1])
"""
# Asks again and again from one port, and writes down each answer that is another than the one before.
ASK = """
import socket, sys, time
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(('', 6001))
one.settimeout(0.1)
last = None
while True:
    try:
        one.sendto(b'?', (sys.argv[1], 6000))
        answer = one.recv(100).decode()
    except OSError:
        answer = ''
    if answer != last: print(answer, flush=True)
    last = answer
    time.sleep(0.05)
"""


def serve(server, name, *options):  # noqa: F811
    server.docker("run", "-d", "--name", name, *options, "busybox", "sleep", "100000", check=0)
    return answer(server, name, name)


def answer(server, name, word):  # noqa: F811
    within = ["nsenter", f"--net={settings(server, name)['SandboxKey']}"]
    process = subprocess.Popen([*within, "/usr/bin/python3", "-c", ANSWER, word])
    eventually(lambda: ":1770 " in run(*within, "cat", "/proc/net/udp").stdout, what="it listens")
    return process


@contextlib.contextmanager
def flow(tmp_path, *where, to):
    """What a client hears, which never falls silent and never takes another port."""
    heard = tmp_path / "heard"
    with open(heard, "w") as out:
        asking = subprocess.Popen([*where, "/usr/bin/python3", "-c", ASK, to], stdout=out)
    try:
        yield lambda: heard.read_text().split("\n")[:-1]
    finally:
        asking.kill()
        asking.wait()


@pytest.fixture
def answering():
    started = []
    yield started
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("origin", ["outside", "loopback"])
def test_a_flow_finds_the_next_container(server, lan, answering, tmp_path, origin):  # noqa: F811
    """Also one that began before anybody listened."""
    where, to = ([], "127.0.0.1") if origin == "loopback" else (["ip", "netns", "exec", lan.name], lan.host)
    server.docker("run", "--rm", "busybox", "true", check=0)
    with flow(tmp_path, *where, to=to) as heard:
        eventually(lambda: heard() == [""], what="nobody answers")
        answering.append(serve(server, "one", "-p", "6000:6000/udp"))
        eventually(lambda: heard()[-1] == "one", what="the first answers")
        server.docker("rm", "-f", "one", check=0)
        # Its address is taken by somebody else.
        server.docker("run", "-d", "--name", "between", "busybox", "sleep", "1000", check=0)
        answering.append(serve(server, "two", "-p", "6000:6000/udp"))
        eventually(lambda: heard()[-1] == "two", what="the second answers")
        # It runs again, elsewhere.
        server.docker("stop", "-t", "0", "two", check=0)
        server.docker("run", "-d", "--name", "after", "busybox", "sleep", "1000", check=0)
        server.docker("start", "two", check=0)
        answering.append(answer(server, "two", "again"))
        eventually(lambda: heard()[-1] == "again", what="it answers again")


def test_a_flow_never_gets_to_somebody_else(server, lan, answering, tmp_path):  # noqa: F811
    """Who has the address next has published nothing."""
    server.docker("network", "create", "--subnet", "10.70.0.0/24", "own", check=0)
    with flow(tmp_path, "ip", "netns", "exec", lan.name, to=lan.host) as heard:
        answering.append(serve(server, "one", "--network", "own", "--ip", "10.70.0.5", "-p", "6000:6000/udp"))
        eventually(lambda: heard() and heard()[-1] == "one", what="it answers")
        server.docker("rm", "-f", "one", check=0)
        answering.append(serve(server, "secret", "--network", "own", "--ip", "10.70.0.5"))
        eventually(lambda: heard()[-1] == "", what="nobody answers")
        assert "secret" not in heard()
        # Nor by a disconnect.
        answering.append(serve(server, "mover", "--network", "own", "--ip", "10.70.0.6", "-p", "6000:6000/udp"))
        eventually(lambda: heard()[-1] == "mover", what="it answers")
        server.docker("network", "connect", "bridge", "mover", check=0)
        server.docker("network", "disconnect", "own", "mover", check=0)
        answering.append(serve(server, "heir", "--network", "own", "--ip", "10.70.0.6"))
        eventually(lambda: heard()[-1] == "mover", what="it answers by its other network")
        assert "heir" not in heard()
