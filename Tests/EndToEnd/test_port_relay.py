"""What the kernel does not lead to a container is relayed: ports of IPv6 for one that has only IPv4, and ::1."""

import contextlib
import socket
import subprocess
import sys

from conftest import eventually, run
from test_network import ask, lan, serve, server, settings  # noqa: F401 (fixtures)


TALK = """
import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
c.settimeout(20)
c.sendall(b"x" * int(sys.argv[3]))
c.shutdown(socket.SHUT_WR)
total = 0
while piece := c.recv(65536):
    total += len(piece)
print(total)
"""
ECHO = """
import socket, threading
s = socket.create_server(("", 90))
def answer(c):
    data = b""
    while piece := c.recv(65536): data += piece
    c.sendall(data)
    c.close()
while 1: threading.Thread(target=answer, args=s.accept()[:1]).start()
"""
ECHO_UDP = """
import socket
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("", 53))
while 1: s.sendto(*s.recvfrom(65535))
"""


@contextlib.contextmanager
def inside(server, name, script):
    """A program of this machine in a container's network."""
    process = subprocess.Popen(["nsenter", f"--net={settings(server, name)['SandboxKey']}", sys.executable, "-c", script])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_ports_of_ipv6_for_a_container_without_it(server, lan):
    serve(server, "web", "-p", "18300:80", "-p", "[::1]:18301:80", "-p", f"[{lan.host6}]:18302:80", "-p", "80")
    ports = settings(server, "web")["Ports"]["80/tcp"]
    assert {"HostIp": "::", "HostPort": "18300"} in ports and {"HostIp": "::1", "HostPort": "18301"} in ports
    assert "[::]:18300" in server.docker("port", "web", "80", check=0).stdout
    random = {port["HostPort"] for port in ports if port["HostPort"] not in ("18300", "18301", "18302")}
    assert len(random) == 1
    for host, port in [("::1", 18300), (lan.host6, 18300), ("::1", 18301), (lan.host6, 18302), ("::1", random.pop()),
                       ("127.0.0.1", 18300), (lan.host, 18300)]:
        assert "hello from web" in ask(host, port), (host, port)
    assert "hello" in ask(lan.host6, 18300, lan) and "hello" in ask(lan.host6, 18302, lan)
    assert "hello" not in ask(lan.host6, 18301, lan) and "refused" in ask("::1", 18302)
    # It is taken, for both; and free again afterwards, at once.
    for family in ["0.0.0.0", "[::]"]:
        taken = server.docker("run", "--rm", "-p", f"{family}:18300:80", "busybox", "true")
        assert taken.returncode == 125 and "18300" in taken.stderr
    server.restart()
    assert "hello" in ask("::1", 18300) and "hello" in ask(lan.host6, 18302, lan)
    server.docker("rm", "-f", "web", check=0)
    assert "refused" in ask("::1", 18300)
    serve(server, "web", "-p", "18300:80")
    assert "hello" in ask("::1", 18300)
    # Another program has it in IPv6: the next one is taken, where that is allowed.
    with socket.create_server(("::", 18310), family=socket.AF_INET6, dualstack_ipv6=False):
        server.docker("run", "-d", "--name", "next", "-p", "18310-18311:80", "busybox", "sleep", "1000", check=0)
        assert {port["HostPort"] for port in settings(server, "next")["Ports"]["80/tcp"]} == {"18311"}
        refused = server.docker("run", "--rm", "-p", "18310:80", "busybox", "true")
        assert refused.returncode == 125 and "[::]:18310" in refused.stderr
    refused = server.docker("run", "--rm", "-p", "[::1]:18320:80/sctp", "busybox", "true")
    assert refused.returncode == 125 and "the container has no such address" in refused.stderr


def test_a_relay_hands_on_every_byte(server, lan):
    server.docker("run", "-d", "--name", "echo", "-p", "18330:90", "-p", "18331:53/udp", "busybox", "sleep", "1000", check=0)
    with inside(server, "echo", ECHO), inside(server, "echo", ECHO_UDP):
        eventually(lambda: server.docker("exec", "echo", "sh", "-c", "netstat -ltn | grep -q :90").returncode == 0)
        # More than all buffers hold, and the answer comes after the client has no more to say.
        for size in [0, 1, 30_000_000]:
            done = run(sys.executable, "-c", TALK, "::1", "18330", str(size), check=0)
            assert done.stdout == f"{size}\n"
        done = lan.run(sys.executable, "-c", TALK, lan.host6, "18330", "1000000", check=0)
        assert done.stdout == "1000000\n"
        clients = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(3)]
        for number, client in enumerate(clients):
            client.settimeout(1)
            message = bytes([number]) * (1 if number == 0 else 9000 * number)

            def answers():
                client.sendto(message, ("::1", 18331))
                with contextlib.suppress(OSError):
                    return client.recv(65535) == message
            eventually(answers, what="an answer")
        for client in clients:
            client.close()
    # A client that stays does not hold up the container's end.
    with inside(server, "echo", ECHO):
        eventually(lambda: server.docker("exec", "echo", "sh", "-c", "netstat -ltn | grep -q :90").returncode == 0)
        with socket.create_connection(("::1", 18330), 5) as client:
            server.docker("rm", "-f", "echo", check=0)
            client.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
