"""A server and a registry of their own for the end-to-end suite, and the clients that drive them.

Everything lives below one temporary directory, in a network namespace of the suite's own; what was started is ended by its
pid, and after the last test nothing may be left: no mount, no cgroup, no process, no link, no rule.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("APUS_BIN", ROOT / ".build/debug"))
DOCKER = shutil.which("docker") or "docker"


def isolate_network():
    """The machine's own links, routes and filter are not for tests: bridges, rules and forwarding stay in here. Scripts that
    tests start are in here already."""
    if os.environ.get("APUS_TEST_NETWORK"):
        return
    clone_newnet = 0x40000000
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace for the tests")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.environ["APUS_TEST_NETWORK"] = "isolated"


isolate_network()


def run(*command, input=None, timeout=120, env=None, check=None):
    """Runs a command to its end and returns it with its output as text."""
    stdin = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=timeout,
        env={**os.environ, **(env or {})}, errors="replace", **stdin)
    if check is not None:
        assert done.returncode == check, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(condition, seconds=20, what="condition"):
    """Waits until `condition()` is true; the wait is a bound, not a measure."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def receive_all(connection):
    """What comes on a socket until the other side closes it; one read may be only a piece of it."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def cgroups_named(name):
    """The directories of the cgroup of that name, in each hierarchy that is mounted."""
    root = pathlib.Path("/sys/fs/cgroup")
    return [top for top in [root / name, *root.glob(f"*/{name}")] if top.is_dir()]


def remove_cgroup(name):
    """Kills what is in the cgroup, and takes it away with all below it."""
    def is_gone():
        for top in cgroups_named(name):
            for folder in [*sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True), top]:
                with contextlib.suppress(OSError):
                    # 0 stands for a process that cannot be seen from here.
                    for pid in (folder / "cgroup.procs").read_text().split():
                        if int(pid) > 0:
                            os.kill(int(pid), signal.SIGKILL)
                with contextlib.suppress(OSError):
                    folder.rmdir()
        return not cgroups_named(name)
    eventually(is_gone, 15, f"the cgroup {name} is gone")


def end(process):
    """Asks a process of ours to end, and makes it end."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(30)


def own_links():
    listed = json.loads(run("ip", "-j", "link", check=0).stdout)
    return {link["ifname"] for link in listed if link["ifname"].startswith(("veth", "br-", "apus"))
            or re.fullmatch("ifb[0-9a-f]{9}[rt]", link["ifname"])}


def own_tables():
    return {line for line in run("nft", "list", "tables", check=0).stdout.splitlines() if " apus" in line}


class Server:
    """One apusd with roots and a socket of its own."""

    def __init__(self, directory, name="e2e", arguments=(), failpoints=None):
        self.directory = pathlib.Path(directory)
        self.data_root = self.directory / "data"
        self.exec_root = self.directory / "run"
        self.socket = self.directory / "apus.sock"
        self.log = self.directory / "apusd.log"
        self.config = self.directory / "daemon.json"
        self.cgroup_parent = f"apus-{name}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.arguments = list(arguments)
        # A command that starts the server in its own way.
        self.prefix = []
        self.process = None
        self.host = f"unix://{self.socket}"
        self.links_before, self.tables_before = own_links(), own_tables()

    def start(self, failpoints=None, wait=True):
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.config.exists():
            self.config.write_text("{}")
        env = dict(os.environ)
        env.pop("APUS_FAILPOINTS", None)
        if failpoints:
            env["APUS_FAILPOINTS"] = failpoints
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, BIN / "apusd", "-H", self.host, "--data-root", self.data_root, "--exec-root", self.exec_root,
                 "--config-file", self.config, "--pidfile", self.directory / "apusd.pid",
                 "--cgroup-parent", f"/{self.cgroup_parent}", *self.arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=env)
        if wait:
            eventually(self.answers, 90, f"apusd answers; log: {self.log.read_text()[-2000:]}")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"apusd ended: {self.process.returncode}\n{self.log.read_text()[-3000:]}")
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket))
                probe.sendall(b"GET /_ping HTTP/1.1\r\nHost: apus\r\nConnection: close\r\n\r\n")
                return b"200 OK" in receive_all(probe)
        except OSError:
            return False

    def kill(self):
        """The plug: SIGKILL, nothing is said to anyone."""
        self.process.kill()
        self.process.wait(30)

    def stop(self):
        if self.process and self.process.poll() is None:
            end(self.process)

    def restart(self, failpoints=None):
        self.stop()
        return self.start(failpoints)

    def docker(self, *arguments, **options):
        return run(DOCKER, "-H", self.host, *arguments, **options)

    def apus(self, *arguments, **options):
        return run(BIN / "apus", "-H", self.host, *arguments, **options)

    def inspect(self, name):
        return json.loads(self.docker("inspect", name, check=0).stdout)[0]

    def popen(self, *command, **options):
        return subprocess.Popen([str(word) for word in command], **options)

    # What a container leaves behind, if anything.
    def cgroups(self):
        return [path for top in cgroups_named(self.cgroup_parent) for path in top.iterdir() if path.is_dir()]

    def shims(self):
        """Pids of the shims of this server, known by the directories they work in."""
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if words and words[0].endswith(b"apus-shim") and self.owns(entry):
                    pids.append(int(entry.name))
        return pids

    def owns(self, entry):
        mounts = (entry / "mountinfo").read_text()
        return str(self.directory) in mounts or str(self.exec_root) in mounts

    def mounts(self):
        return [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
                if str(self.directory) in line]

    def assert_nothing_left(self):
        eventually(lambda: not self.cgroups(), 15, f"cgroups left: {self.cgroups()}")
        eventually(lambda: not self.shims(), 15, f"shims left: {self.shims()}")
        assert not self.mounts()
        for place in ["bundles", "runtime", "shims"]:
            folder = self.exec_root / place
            eventually(lambda: not folder.exists() or not list(folder.iterdir()), 15, f"{folder} is not empty")
        folder = self.data_root / "containers"
        eventually(lambda: not folder.exists() or not list(folder.iterdir()), 15, f"{folder} is not empty")

    def links(self):
        """The links that are new since this server began: bridges, and the ends of cables."""
        return sorted(own_links() - self.links_before)

    def tables(self):
        """The same of the packet filter's tables."""
        return sorted(own_tables() - self.tables_before)

    def assert_no_network_left(self):
        """After a clean stop with no container left."""
        eventually(lambda: not self.links(), 15, f"links left: {self.links()}")
        assert not self.tables()

    def assert_nothing_half_made(self):
        """The files of what was removed go in the background; half-made things never stay."""
        folder = self.data_root / "tmp"
        eventually(lambda: not list(folder.iterdir()), 15, f"{folder} is not empty")

    def remove_all(self):
        ids = self.docker("ps", "-aq").stdout.split()
        if ids:
            self.docker("rm", "-f", *ids)

    def clean(self):
        """Ends the server and whatever of its containers is left, then takes its directories away."""
        with contextlib.suppress(Exception):
            if self.process.poll() is not None:
                self.start()
            self.remove_all()
        self.stop()
        for pid in self.shims():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        remove_cgroup(self.cgroup_parent)
        shutil.rmtree(self.directory, ignore_errors=True)


def bcrypt(password):
    """A line of htpasswd holds the password as libcrypt's bcrypt."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    return library.crypt(password.encode(), b"$2y$05$apusapusapusapusapusau").decode()


class Registry:
    """Debian's docker-registry on a free loopback port; with `users`, for those only (names with their passwords)."""

    def __init__(self, directory, users=None):
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        directory.mkdir(parents=True)
        auth = ""
        if users:
            (directory / "htpasswd").write_text("".join(f"{user}:{bcrypt(users[user])}\n" for user in users))
            auth = f"auth: {{htpasswd: {{realm: e2e, path: {directory}/htpasswd}}}}"
        config = directory / "config.yml"
        config.write_text(f"""
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {directory}/registry}}
  delete: {{enabled: true}}
http: {{addr: "{self.host}"}}
{auth}
""")
        self.log = open(directory / "log", "ab")
        self.process = subprocess.Popen(
            ["docker-registry", "serve", config], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        eventually(self.listens, 20, "docker-registry listens")

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        end(self.process)
        self.log.close()


@pytest.fixture(scope="session")
def scratch():
    # Short: a unix socket's address holds 107 bytes.
    path = pathlib.Path(tempfile.mkdtemp(prefix="apus-e2e-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def registry(scratch):
    registry = Registry(scratch / "registry")
    try:
        run(ROOT / "scripts/make-images.sh", registry.host, timeout=600, check=0,
            env={"APUS_IMAGES": "busybox", "APUS_BIN": str(BIN)})
        yield registry
    finally:
        registry.stop()


@pytest.fixture(scope="session")
def busybox(request):
    """What the image is pulled by; or its archive, where there is no registry, as in the emulated machine."""
    return os.environ.get("APUS_TEST_ARCHIVE") or f"{request.getfixturevalue('registry').host}/busybox:latest"


@contextlib.contextmanager
def serving(directory, busybox):
    """A server with the busybox image. However the test ends, nothing of it is left."""
    server = Server(directory)
    try:
        server.start()
        is_archive = busybox.endswith(".tar")
        done = server.docker("load", "-i", busybox) if is_archive else server.docker("pull", busybox)
        assert done.returncode == 0, done.stdout + done.stderr + server.log.read_text()[-3000:]
        if not is_archive:
            server.docker("tag", busybox, "busybox:latest", check=0)
        yield server
    finally:
        server.clean()


@pytest.fixture(scope="session")
def shared_server(scratch, busybox):
    with serving(scratch / "s", busybox) as server:
        yield server


@pytest.fixture
def server(shared_server):
    """The suite's server; after each test its containers are gone, and so is all that they had."""
    yield shared_server
    shared_server.remove_all()
    shared_server.assert_nothing_left()
    shared_server.assert_nothing_half_made()


@pytest.fixture
def own_server(busybox):
    """A server for this test alone, with the busybox image, to be killed at will."""
    with serving(tempfile.mkdtemp(prefix="apus-own-", dir="/tmp"), busybox) as server:
        yield server


@pytest.fixture
def network_server(own_server):
    """The same, of which no link and no rule is left afterwards."""
    yield own_server
    own_server.remove_all()
    own_server.docker("network", "prune", "-f")
    own_server.stop()
    own_server.assert_no_network_left()
