"""Names: containers that find each other, and what their resolver asks others."""

import contextlib
import ctypes
import json
import os
import socket
import struct
import threading

import pytest

from conftest import DOCKER, eventually, run

A, PTR, TXT, AAAA = 1, 12, 16, 28


def question(name, kind=A, size=None, number=0x4242):
    """A question as bytes, as RFC 1035 writes it; with `size`, by EDNS."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    message = struct.pack(">6H", number, 0x0100, 1, 0, 0, 1 if size else 0) + labels + b"\0" + struct.pack(">2H", kind, 1)
    return message + (b"\0" + struct.pack(">HHIH", 41, size, 0, 0) if size else b"")


class Answer:
    """A message that answers a question: its code, whether it was cut, and the data of its records."""

    def __init__(self, message):
        self.size = len(message)
        self.number, flags, _, count, _, _ = struct.unpack(">6H", message[:12])
        self.code, self.truncated, self.authoritative = flags & 15, bool(flags & 0x200), bool(flags & 0x400)
        place = message.index(b"\0", 12) + 5
        self.records = []
        for _ in range(count):
            length = struct.unpack(">H", message[place + 10:place + 12])[0]
            self.records.append(message[place + 12:place + 12 + length])
            place += 12 + length
        self.addresses = [socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)
                          for data in self.records if len(data) in (4, 16)]


class Upstream:
    """A resolver of the world's, that knows `known.example`, says no to `nothing.example`, and is silent at times. It is in the
    network of the thread that makes it; `own`: at an address of its own, which containers reach by their gateway."""

    def __init__(self, address="192.0.2.53", own=True):
        self.address, self.own = address, own
        if own:
            run("ip", "addr", "add", f"{address}/32", "dev", "lo", check=0)
        self.asked = []
        self.silent = False
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, 53))
        self.tcp = socket.create_server((address, 53))
        for target in (self.datagrams, self.connections):
            threading.Thread(target=target, daemon=True).start()

    def answer(self, message, limit):
        name = []
        place = 12
        while length := message[place]:
            name.append(message[place + 1:place + 1 + length].decode())
            place += length + 1
        end = place + 5
        name = ".".join(name)
        self.asked.append(name)
        records = {"known.example": 1, "large.example": 100}.get(name, 0)
        code = 0 if records else 3
        body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 60, 4) + bytes([192, 0, 2, i + 1]) for i in range(records))
        flags, count = 0x8180 | code, records
        if limit and end + len(body) > limit:
            flags, count, body = flags | 0x200, 0, b""
        return message[:2] + struct.pack(">5H", flags, 1, count, 0, 0) + message[12:end] + body

    def datagrams(self):
        with contextlib.suppress(OSError):
            while True:
                message, sender = self.udp.recvfrom(4096)
                if len(message) < 12:
                    return
                has_edns = struct.unpack(">H", message[10:12])[0]
                answer = self.answer(message, 4096 if has_edns else 512)
                if not self.silent:
                    self.udp.sendto(answer, sender)

    def connections(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.tcp.accept()
                with connection:
                    length = struct.unpack(">H", connection.recv(2))[0]
                    answer = self.answer(connection.recv(length), None)
                    connection.sendall(struct.pack(">H", len(answer)) + answer)

    def close(self):
        for server in (self.udp, self.tcp):
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        if self.own:
            run("ip", "addr", "del", f"{self.address}/32", "dev", "lo", check=0)


@pytest.fixture
def upstream():
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def server(own_server):
    yield own_server
    own_server.remove_all()
    run(DOCKER, "-H", own_server.host, "network", "prune", "-f")
    own_server.stop()
    own_server.assert_no_network_left()


def start(server, name, *options):
    server.docker("run", "-d", "--name", name, *options, "busybox", "sleep", "1000", check=0)


def look_up(server, container, name, kind=""):
    """What nslookup says inside a container: the addresses, or None where there is no such name."""
    done = server.docker("exec", container, "nslookup", *([f"-type={kind}"] if kind else []), name)
    if done.returncode != 0:
        return None
    lines = done.stdout.split("\n\n", 1)[1].splitlines()
    return [line.split(": ", 1)[1] for line in lines if line.startswith("Address")]


def address(server, container, network):
    return server.inspect(container)["NetworkSettings"]["Networks"][network]["IPAddress"]


@contextlib.contextmanager
def inside(server, container):
    """Runs the block in a container's network; `container` is a name, or the process that is in it."""
    pid = container if isinstance(container, int) else server.inspect(container)["State"]["Pid"]
    with open("/proc/thread-self/ns/net") as own, open(f"/proc/{pid}/ns/net") as other:
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.setns(other.fileno(), 0) == 0
        try:
            yield
        finally:
            assert libc.setns(own.fileno(), 0) == 0


def ask(server, container, name, kind=A, size=None, stream=False, timeout=8):
    """Asks a container's resolver from inside its network."""
    with inside(server, container):
        sender = socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    with sender:
        sender.settimeout(timeout)
        sender.connect(("127.0.0.11", 53))
        message = question(name, kind, size)
        sender.sendall(struct.pack(">H", len(message)) + message if stream else message)
        answer = sender.recv(65536)
        if stream:
            length = struct.unpack(">H", answer[:2])[0]
            while len(answer) < length + 2:
                answer += sender.recv(65536)
            answer = answer[2:]
        answer = Answer(answer)
        assert answer.number == 0x4242
        return answer


def test_containers_find_each_other(server):
    server.docker("network", "create", "shop", check=0)
    start(server, "web", "--network", "shop", "--network-alias", "front", "--hostname", "www")
    start(server, "db", "--network", "shop", "--network-alias", "front")
    web, db = address(server, "web", "shop"), address(server, "db", "shop")
    identity = server.inspect("web")["Id"]
    for name in ["web", "WEB", "web.", "www", "web.shop", identity[:12]]:
        assert look_up(server, "db", name) == [web], name
    assert server.docker("exec", "db", "ping", "-c", "1", "-W", "2", "web").returncode == 0
    assert sorted(look_up(server, "db", "front")) == sorted([web, db])
    firsts = {ask(server, "db", "front").addresses[0] for _ in range(8)}
    assert firsts == {web, db}
    back = ask(server, "db", ".".join(reversed(web.split("."))) + ".in-addr.arpa", PTR)
    assert back.records == [b"\x03web\x04shop\0"] and back.authoritative
    shown = server.inspect("web")["NetworkSettings"]["Networks"]["shop"]
    assert shown["DNSNames"] == ["web", "front", identity[:12], "www"]
    files = server.docker("exec", "db", "cat", "/etc/resolv.conf", check=0).stdout
    assert "nameserver 127.0.0.11\n" in files and "ndots:0" in files
    # Another network knows nothing of it, and neither does the default one.
    server.docker("network", "create", "other", check=0)
    start(server, "far", "--network", "other")
    start(server, "plain")
    assert look_up(server, "far", "web") is None and look_up(server, "plain", "web") is None
    # Whoever leaves is not found any more; whoever gets another name or address is found by that.
    server.docker("rename", "web", "store", check=0)
    assert look_up(server, "db", "store") == [web] and look_up(server, "db", "web") is None
    server.docker("rm", "-f", "store", check=0)
    assert look_up(server, "db", "store") is None and look_up(server, "db", "front") == [db]


def test_both_families_have_names(server):
    server.docker("network", "create", "--ipv6", "dual", check=0)
    start(server, "six", "--network", "dual")
    start(server, "peer", "--network", "dual")
    wanted = server.inspect("six")["NetworkSettings"]["Networks"]["dual"]["GlobalIPv6Address"]
    assert ask(server, "peer", "six", AAAA).addresses == [wanted]
    server.docker("exec", "peer", "ping", "-6", "-c", "1", "-W", "2", "six", check=0)
    # A name that is there and has no such address is neither denied nor passed on.
    server.docker("network", "create", "four", check=0)
    start(server, "only4", "--network", "four")
    empty = ask(server, "only4", "only4", AAAA)
    assert empty.code == 0 and not empty.addresses and ask(server, "only4", "only4", TXT).code == 0


def test_names_follow_the_networks(server):
    server.docker("network", "create", "one", check=0)
    server.docker("network", "create", "two", check=0)
    start(server, "mover")
    start(server, "first", "--network", "one")
    start(server, "second", "--network", "two")
    before = server.docker("exec", "mover", "cat", "/etc/resolv.conf", check=0).stdout
    assert "127.0.0.11" not in before or look_up(server, "mover", "first") is None
    server.docker("network", "connect", "--alias", "guest", "one", "mover", check=0)
    assert look_up(server, "mover", "first") == [address(server, "first", "one")]
    assert look_up(server, "first", "guest") == [address(server, "mover", "one")] and look_up(server, "second", "mover") is None
    server.docker("network", "connect", "two", "mover", check=0)
    assert look_up(server, "mover", "second") and look_up(server, "second", "mover") and look_up(server, "mover", "first")
    server.docker("network", "disconnect", "one", "mover", check=0)
    assert look_up(server, "mover", "first") is None and look_up(server, "first", "mover") is None
    assert look_up(server, "mover", "second") == [address(server, "second", "two")]
    server.docker("network", "disconnect", "two", "mover", check=0)
    assert server.docker("exec", "mover", "cat", "/etc/resolv.conf", check=0).stdout == before


def test_the_world_is_asked_by_both_transports(server, upstream):
    server.docker("network", "create", "net", check=0)
    start(server, "asker", "--network", "net", "--dns", upstream.address)
    assert ask(server, "asker", "known.example").addresses == ["192.0.2.1"]
    assert ask(server, "asker", "known.example", stream=True).addresses == ["192.0.2.1"]
    assert ask(server, "asker", "nothing.example").code == 3
    # Too much for a plain datagram: the client is told to come by TCP, or says by EDNS that it takes more.
    cut = ask(server, "asker", "large.example")
    assert cut.truncated and cut.size <= 512 and not cut.records
    assert len(ask(server, "asker", "large.example", stream=True).records) == 100
    assert len(ask(server, "asker", "large.example", size=4096).records) == 100
    # What is ours is nobody's to know, of whatever type it is asked.
    asked = len(upstream.asked)
    ask(server, "asker", "asker", TXT)
    assert len(upstream.asked) == asked


def test_a_silent_resolver_is_not_waited_for(server, upstream):
    other = Upstream("192.0.2.54")
    try:
        upstream.silent = True
        server.docker("network", "create", "net", check=0)
        start(server, "asker", "--network", "net", "--dns", upstream.address, "--dns", other.address)
        assert ask(server, "asker", "known.example").addresses == ["192.0.2.1"]
        # While one question waits, others are answered.
        with inside(server, "asker"):
            waiting = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with waiting:
            waiting.connect(("127.0.0.11", 53))
            waiting.send(question("known.example"))
            assert ask(server, "asker", "asker", timeout=1).addresses
        other.silent = True
        assert ask(server, "asker", "known.example", timeout=20).code == 2
    finally:
        other.close()


def test_nothing_leaves_an_internal_network(server, upstream):
    server.docker("network", "create", "--internal", "cell", check=0)
    server.docker("network", "create", "open", check=0)
    start(server, "inmate", "--network", "cell", "--dns", upstream.address)
    start(server, "mate", "--network", "cell")
    assert ask(server, "inmate", "mate").addresses == [address(server, "mate", "cell")]
    assert ask(server, "inmate", "known.example").code == 2
    assert ask(server, "inmate", "known.example", stream=True).code == 2
    assert upstream.asked == []
    # With a way out it may ask.
    server.docker("network", "connect", "open", "inmate", check=0)
    assert ask(server, "inmate", "known.example").addresses == ["192.0.2.1"]


@pytest.mark.parametrize("options, place", [([], "asker"), (["--internal"], "asker"), (["--internal"], "neighbour")])
def test_servers_that_are_asked_for_are_those_of_the_container(server, options, place):
    """They are asked from its own network: 127.0.0.1 is the container, and on an internal network a neighbour is reached."""
    server.docker("network", "create", "--subnet", "10.92.0.0/24", *options, "net", check=0)
    start(server, "neighbour", "--network", "net", "--ip", "10.92.0.9")
    start(server, "asker", "--network", "net", "--dns", "127.0.0.1" if place == "asker" else "10.92.0.9")
    with inside(server, place):
        own = Upstream("127.0.0.1" if place == "asker" else "10.92.0.9", own=False)
    try:
        for _ in range(2):
            for stream in [False, True]:
                assert ask(server, "asker", "known.example", stream=stream).addresses == ["192.0.2.1"]
                assert ask(server, "asker", "nothing.example", stream=stream).code == 3
            # What is ours they are not asked.
            assert ask(server, "asker", "neighbour").addresses == ["10.92.0.9"] and "neighbour" not in own.asked
            server.kill()
            server.start()
    finally:
        own.close()


def test_the_machine_has_a_name(server, upstream):
    """The resolver says what the hosts file says, for programs that do not read that."""
    server.docker("network", "create", "shop", check=0)
    start(server, "web", "--network", "shop")
    start(server, "other", "--network", "shop", "--add-host", "host.docker.internal:192.0.2.7", "--add-host",
          "host.docker.internal:2001:db8::7")
    start(server, "asked", "--network", "shop", "--add-host", "host.docker.internal:host-gateway")
    gateway = server.inspect("web")["NetworkSettings"]["Networks"]["shop"]["Gateway"]

    def check():
        for name in ["web", "asked"]:
            assert look_up(server, name, "host.docker.internal", "a") == [gateway]
            assert look_up(server, name, "HOST.docker.internal", "a") == [gateway]
            none = ask(server, name, "host.docker.internal", AAAA)
            assert (none.code, none.addresses) == (0, [])
        assert look_up(server, "other", "host.docker.internal", "a") == ["192.0.2.7"]
        assert look_up(server, "other", "host.docker.internal", "aaaa") == ["2001:db8::7"]
        # Nobody else is asked.
        assert not [name for name in upstream.asked if "docker" in name]
    check()
    server.kill()
    server.start()
    check()
    # Its first network is another one now.
    server.docker("network", "create", "depot", check=0)
    server.docker("network", "connect", "depot", "web", check=0)
    server.docker("network", "disconnect", "shop", "web", check=0)
    gateway = server.inspect("web")["NetworkSettings"]["Networks"]["depot"]["Gateway"]
    assert look_up(server, "web", "host.docker.internal", "a") == [gateway]


def test_a_resolver_does_not_ask_itself(server):
    server.docker("network", "create", "net", check=0)
    start(server, "asker", "--network", "net", "--dns", "127.0.0.11")
    for stream in [False, True]:
        assert ask(server, "asker", "known.example", stream=stream).code == 2
        assert ask(server, "asker", "asker", stream=stream).addresses == [address(server, "asker", "net")]


def test_questions_that_are_out_do_not_hold_a_network(server, upstream):
    server.docker("network", "create", "net", check=0)
    upstream.silent = True
    start(server, "asker", "--network", "net", *["--dns", upstream.address] * 20)
    with inside(server, "asker"), open("/proc/thread-self/ns/net") as own:
        network = os.fstat(own.fileno()).st_ino
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        sender.connect(("127.0.0.11", 53))
        sender.send(question("known.example"))
        eventually(lambda: upstream.asked, what="the question is out")
    descriptors = f"/proc/{server.process.pid}/fd"

    def is_held():
        for each in os.listdir(descriptors):
            with contextlib.suppress(OSError):
                if os.readlink(f"{descriptors}/{each}") == f"net:[{network}]":
                    return True
        return False
    assert is_held()
    server.docker("rm", "-f", "asker", check=0)
    eventually(lambda: not is_held(), what="the container's network is let go of")


def test_a_program_may_have_port_53(server):
    server.docker("network", "create", "net", check=0)
    start(server, "dns", "--network", "net")
    with inside(server, "dns"):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket()
    with udp, tcp:
        udp.bind(("0.0.0.0", 53))
        tcp.bind(("0.0.0.0", 53))
        tcp.listen()
        assert ask(server, "dns", "dns").addresses and ask(server, "dns", "dns", stream=True).addresses
        start(server, "peer", "--network", "net")
        with inside(server, "peer"):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sender:
            sender.sendto(b"hello", (address(server, "dns", "net"), 53))
            udp.settimeout(5)
            assert udp.recv(100) == b"hello"


def test_questions_wait_for_the_next_server(server):
    server.docker("network", "create", "net", check=0)
    start(server, "one", "--network", "net")
    start(server, "two", "--network", "net")
    wanted = address(server, "two", "net")
    pid = server.inspect("one")["State"]["Pid"]
    for how in ["kill", "stop"]:
        getattr(server, how)()
        with inside(server, pid):
            datagram, stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
        with datagram, stream:
            for waiting in (datagram, stream):
                waiting.settimeout(30)
                waiting.connect(("127.0.0.11", 53))
            message = question("two")
            datagram.send(message)
            stream.sendall(struct.pack(">H", len(message)) + message)
            server.start()
            assert Answer(datagram.recv(4096)).addresses == [wanted]
            assert Answer(stream.recv(4096)[2:]).addresses == [wanted]
    server.docker("rm", "-f", "two", check=0)
    assert look_up(server, "one", "two") is None


def test_bad_questions_and_many(server):
    server.docker("network", "create", "net", check=0)
    start(server, "one", "--network", "net")
    with inside(server, "one"):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        idle = [socket.socket() for _ in range(100)]
    with contextlib.ExitStack() as stack:
        for each in [sender, *idle]:
            stack.enter_context(each)
        sender.settimeout(5)
        sender.connect(("127.0.0.11", 53))
        for message in [b"", b"\0", os.urandom(700), question("one")[:15]]:
            sender.send(message)
        bad = bytearray(question("one"))
        bad[5] = 9
        sender.send(bytes(bad))
        replies = []
        while not replies or replies[-1][:2] != b"BB" or replies[-1][3] & 15 != 1:
            replies.append(sender.recv(4096))
        for each in idle:
            each.connect(("127.0.0.11", 53))
        assert ask(server, "one", "one").addresses and ask(server, "one", "one", stream=True).addresses


def test_machines_resolvers_and_options(server):
    server.docker("network", "create", "net", check=0)
    start(server, "one", "--network", "net", "--dns-search", "example.com", "--dns-opt", "ndots:2", "--dns-opt", "timeout:3")
    text = server.docker("exec", "one", "cat", "/etc/resolv.conf", check=0).stdout
    assert "nameserver 127.0.0.11\n" in text and "search example.com\n" in text and "options ndots:2 timeout:3\n" in text
    # A single name is completed by the search list first, and is nobody else's business.
    assert ask(server, "one", "nobody").code == 3
    start(server, "two", "--dns", "192.0.2.53", "--dns-search", ".")
    text = server.docker("exec", "two", "cat", "/etc/resolv.conf", check=0).stdout
    assert "nameserver 192.0.2.53\n" in text and "search" not in text


def test_links_in_the_default_network(server):
    server.docker("run", "-d", "--name", "db", "--expose", "5432", "--expose", "53/udp",
                  "--expose", "7000-7002", "-e", "COLOUR=red", "-e", "TERM=mine", "busybox", "sleep", "1000", check=0)
    target = address(server, "db", "bridge")
    start(server, "web", "--link", "db:store", "--link", "db")
    hosts = server.docker("exec", "web", "cat", "/etc/hosts", check=0).stdout
    assert f"{target}\tstore {server.inspect('db')['Id'][:12]} db\n" in hosts
    server.docker("exec", "web", "ping", "-c", "1", "-W", "2", "store", check=0)
    variables = server.docker("exec", "web", "env", check=0).stdout.splitlines()
    for line in ["STORE_NAME=/web/store", f"STORE_PORT=tcp://{target}:5432", f"STORE_PORT_5432_TCP_ADDR={target}",
                 "STORE_PORT_5432_TCP_PORT=5432", "STORE_PORT_5432_TCP_PROTO=tcp", "STORE_ENV_COLOUR=red",
                 "STORE_ENV_TERM=mine", "STORE_PORT_7000_TCP_PORT_START=7000", "STORE_PORT_7000_TCP_PORT_END=7002",
                 f"STORE_PORT_7000_TCP_END=tcp://{target}:7002", "STORE_PORT_53_UDP_PROTO=udp"]:
        assert line in variables, line
    assert not [line for line in variables if "ENV_PATH" in line or "5432_TCP_START" in line]
    assert server.inspect("web")["HostConfig"]["Links"] == ["/db:/web/store", "/db:/web/db"]
    done = server.docker("create", "--link", "nobody", "busybox", "true")
    assert "could not get container for nobody" in done.stderr
    done = server.docker("create", "--network", "host", "--link", "db", "busybox", "true")
    assert "links" in done.stderr
    server.docker("stop", "-t", "0", "db", "web", check=0)
    done = server.docker("start", "web")
    assert "Cannot link to a non running container: /db AS /web/" in done.stderr
    server.docker("start", "db", check=0)
    server.docker("start", "web", check=0)
    server.docker("network", "create", "apart", check=0)
    start(server, "far", "--network", "apart")
    done = server.docker("run", "--link", "far", "busybox", "true")
    assert done.returncode != 0 and "container far not attached to default bridge network" in done.stderr


def test_no_link_opens_ports_that_are_kept_from_others(server):
    start(server, "db", "--expose", "5432")
    start(server, "plain")
    start(server, "early", "--link", "db")
    server.docker("stop", "-t", "0", "db", "plain", "early", check=0)
    server.stop()
    server.config.write_text(json.dumps({"icc": False}))
    server.start()
    server.docker("start", "db", "plain", check=0)
    words = "a link to ports that --icc=false keeps from other containers"
    done = server.docker("create", "--link", "db", "busybox", "true")
    assert done.returncode != 0 and words in done.stderr
    done = server.docker("start", "early")
    assert done.returncode != 0 and words in done.stderr
    # Where there is nothing to open, a link is a name; and other networks are as they are.
    start(server, "web", "--link", "plain:friend")
    assert f"{address(server, 'plain', 'bridge')}\tfriend " in server.docker("exec", "web", "cat", "/etc/hosts", check=0).stdout
    server.docker("network", "create", "net", check=0)
    start(server, "base", "--network", "net", "--expose", "5432")
    start(server, "client", "--network", "net", "--link", "base:store")
    server.docker("exec", "client", "ping", "-c", "1", "-W", "2", "store", check=0)


def test_links_in_a_network_are_its_owners(server):
    server.docker("network", "create", "net", check=0)
    start(server, "db", "--network", "net")
    start(server, "web", "--network", "net", "--link", "db:store")
    start(server, "other", "--network", "net")
    assert look_up(server, "web", "store") == [address(server, "db", "net")] and look_up(server, "other", "store") is None
    # Also when it comes back with another address, or another name.
    server.docker("stop", "-t", "0", "db", check=0)
    assert look_up(server, "web", "store") is None
    start(server, "between", "--network", "net")
    server.docker("rename", "db", "base", check=0)
    server.docker("start", "base", check=0)
    assert look_up(server, "web", "store") == [address(server, "base", "net")]
