"""Bad input: Docker's status code, a sentence that helps, and nothing left behind."""

import contextlib
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest

from conftest import BIN, DOCKER, eventually, free_port, receive_all, run


def request(server, method, path, body=None):
    """One raw request; returns the status and the decoded answer."""
    payload = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n" \
           f"Content-Length: {len(payload)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server.socket))
        connection.sendall(head.encode() + payload)
        answer = receive_all(connection)
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), rest.decode(errors="replace")


def test_unknown_image_and_tag(server, registry):
    missing = server.docker("run", "--rm", f"{registry.host}/never-was")
    assert missing.returncode == 125
    assert "never-was" in missing.stderr and "not found" in missing.stderr
    tag = server.docker("pull", f"{registry.host}/busybox:never")
    assert tag.returncode == 1 and "not found" in tag.stderr
    assert request(server, "POST", "/v1.41/containers/create", {"Image": "nope"})[0] == 404


def test_registry_down_names_the_address(server):
    port = free_port()
    done = server.docker("pull", f"127.0.0.1:{port}/x")
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr and "refused" in done.stderr


@pytest.mark.parametrize("reference", ["library/Upper", "a b", "x:", "-x", "a@sha256:zz", "http://x/y"])
def test_malformed_references(server, reference):
    for client in [server.docker, server.apus]:
        done = client("pull", "--", reference)
        assert done.returncode == 1 and "invalid reference format" in done.stderr, done.stderr
        done = client("run", "--rm", "--", reference)
        assert done.returncode == 125 and "invalid reference format" in done.stderr, done.stderr
    status, text = request(server, "POST", "/v1.41/images/create?fromImage=" + reference.replace(" ", "%20"))
    assert status == 400 and "invalid reference format" in json.loads(text)["message"], text


@pytest.mark.parametrize("content", ["text", "empty", "zeros", "noise", "other", "cut"])
def test_load_of_what_is_no_image_archive(server, tmp_path, content):
    archive = tmp_path / "archive"
    if content in ("other", "cut"):
        (tmp_path / "file").write_bytes(os.urandom(100_000))
        run("tar", "-C", tmp_path, "-cf", archive, "file", check=0)
        if content == "cut":
            os.truncate(archive, 70_000)
    else:
        archive.write_bytes({"text": b"no tar\n" * 100, "empty": b"", "zeros": bytes(1 << 20),
                             "noise": os.urandom(20_000_000)}[content])
    images = server.docker("images", "-aq", check=0).stdout
    done = server.docker("load", "-i", archive)
    assert done.returncode == 1 and "not an image archive: " in done.stderr, done.stderr
    assert server.docker("images", "-aq", check=0).stdout == images
    eventually(lambda: not list((server.data_root / "tmp").glob("load*")), what="the archive's parts are swept")


def test_a_failed_load_is_told_in_the_stream(server):
    status, text = request(server, "POST", "/v1.41/images/load", "no tar")
    assert status == 200
    assert json.loads(text.split("\r\n")[1])["error"].startswith("not an image archive: ")


def attach(server, name, query):
    """What an attach without an upgrade delivers until the server ends it: the status, and the text of each stream."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server.socket))
        connection.sendall(f"POST /v1.41/containers/{name}/attach?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        connection.settimeout(30)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, rest = answer.partition(b"\r\n\r\n")
    streams = {1: "", 2: ""}
    while len(rest) >= 8 and rest[0] in streams:
        end = 8 + int.from_bytes(rest[4:8], "big")
        streams[rest[0]] += rest[8:end].decode()
        rest = rest[end:]
    return int(head.split()[1]), streams[1], streams[2]


def test_attach_replays_the_log_first(server):
    server.docker("run", "-d", "--name", "said", "busybox", "sh", "-c",
                  "echo one; echo two >&2; while [ ! -e /go ]; do usleep 10000; done; echo three", check=0)
    eventually(lambda: server.docker("logs", "said").stdout == "one\n", what="the log")
    assert attach(server, "said", "logs=1&stream=0&stdout=1&stderr=1") == (200, "one\n", "two\n")
    assert attach(server, "said", "logs=1&stdout=1") == (200, "one\n", "")
    assert attach(server, "said", "logs=0&stream=0&stdout=1") == (200, "", "")
    got = []
    live = threading.Thread(target=lambda: got.append(attach(server, "said", "logs=1&stream=1&stdout=1&stderr=1")))
    live.start()
    server.docker("exec", "said", "touch", "/go", check=0)
    live.join(30)
    assert got == [(200, "one\nthree\n", "two\n")]
    # It has ended: the log is still there.
    assert attach(server, "said", "logs=1&stdout=1") == (200, "one\nthree\n", "")
    server.docker("run", "-d", "--name", "mute", "--log-driver", "none", "busybox", "sleep", "1000", check=0)
    assert request(server, "POST", "/v1.41/containers/mute/attach?logs=1&stdout=1")[0] == 501


def test_ipc_of_another_container_is_refused(server):
    server.docker("run", "-d", "--name", "sharer", "--ipc", "shareable", "busybox", "sleep", "1000", check=0)
    assert server.inspect("sharer")["HostConfig"]["IpcMode"] == "shareable"
    status, text = request(server, "POST", "/v1.41/containers/create",
                           {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"IpcMode": "container:sharer"}})
    assert status == 501 and "IPC mode container:sharer" in text


def test_missing_command_is_127_and_not_executable_126(server):
    missing = server.docker("run", "--rm", "busybox", "no-such-command")
    assert missing.returncode == 127
    assert "no-such-command" in missing.stderr and "not found" in missing.stderr
    denied = server.docker("run", "--rm", "busybox", "/etc/passwd")
    assert denied.returncode == 126 and "permission denied" in denied.stderr
    server.docker("create", "--name", "bad", "busybox", "no-such-command", check=0)
    assert server.docker("start", "bad").returncode != 0
    state = server.inspect("bad")["State"]
    assert state["Status"] == "created" and state["ExitCode"] == 127 and "no-such-command" in state["Error"]


def test_name_taken(server):
    server.docker("create", "--name", "one", "busybox", check=0)
    again = server.docker("create", "--name", "one", "busybox")
    assert again.returncode == 1 and 'The container name "/one" is already in use' in again.stderr
    assert request(server, "POST", "/containers/create?name=one", {"Image": "busybox"})[0] == 409


def test_removing_what_runs(server):
    server.docker("run", "-d", "--name", "busy", "busybox", "sleep", "1000", check=0)
    refused = server.docker("rm", "busy")
    assert refused.returncode == 1 and "running" in refused.stderr
    assert request(server, "DELETE", "/containers/busy")[0] == 409
    used = server.docker("rmi", "-f", server.inspect("busy")["Image"])
    assert used.returncode == 1 and "conflict" in used.stderr and "running container" in used.stderr


@pytest.mark.parametrize("method,path,body,status", [
    ("GET", "/containers/nope/json", None, 404),
    ("POST", "/containers/nope/start", None, 404),
    ("POST", "/containers/nope/kill", None, 404),
    ("DELETE", "/containers/nope", None, 404),
    ("GET", "/images/nope/json", None, 404),
    ("DELETE", "/images/nope", None, 404),
    ("GET", "/exec/nope/json", None, 404),
    ("GET", "/no/such/route", None, 404),
    ("GET", "/v1.99/info", None, 400),
    ("GET", "/v1.10/info", None, 400),
    ("POST", "/containers/create", {"Image": ""}, 400),
    ("POST", "/containers/create?name=bad/name", {"Image": "busybox"}, 400),
    ("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Memory": -5}}, 400),
    ("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Memory": 1000}}, 400),
    ("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"CapAdd": ["NO_SUCH"]}}, 400),
    ("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Binds": ["/etc:relative"]}}, 400),
    ("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"SecurityOpt": ["nonsense"]}}, 400),
    ("GET", "/containers/json?filters=%7Bbroken", None, 400),
    ("GET", "/containers/json?filters=%7B%22nonsense%22%3A%5B%22x%22%5D%7D", None, 400),
])
def test_status_codes_and_messages(server, method, path, body, status):
    code, text = request(server, method, path, body)
    assert code == status, text
    assert json.loads(text)["message"]


def test_broken_json_is_400(server):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server.socket))
        connection.sendall(b"POST /containers/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           b"Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"Image\"")
        assert b" 400 " in receive_all(connection).split(b"\r\n")[0]


class TamperingProxy(http.server.BaseHTTPRequestHandler):
    """Stands before a real registry and damages what passes."""

    upstream = None
    damage = staticmethod(lambda path, body: body)

    def do_GET(self):
        import urllib.request
        headers = {"Accept": ", ".join(self.headers.get_all("Accept", ["*/*"]))}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.upstream + self.path, headers=headers)) as answer:
                body = answer.read()
                status, received = answer.status, answer.headers
        except urllib.error.HTTPError as error:
            body, status, received = error.read(), error.code, error.headers
        length = len(body)
        changed = self.damage(self.path, body)
        self.send_response(status)
        for name in ["Content-Type", "Docker-Content-Digest"]:
            if name in received:
                self.send_header(name, received[name])
        self.send_header("Content-Length", str(length if len(changed) < length else len(changed)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(changed)
        self.close_connection = True

    do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def proxied(registry, damage):
    """The address at which the registry is reached through the proxy."""
    handler = type("Handler", (TamperingProxy,), {"upstream": f"http://{registry.host}", "damage": staticmethod(damage)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()


@pytest.mark.parametrize("name,damage", [
    ("wrong digest", lambda path, body: body[:-1] + bytes([body[-1] ^ 1]) if "/blobs/" in path else body),
    ("truncated", lambda path, body: body[: len(body) // 2] if "/blobs/" in path else body),
    ("manifest damaged", lambda path, body: body.replace(b"size", b"sixe") if "/manifests/" in path else body),
])
def test_damaged_content_never_becomes_an_image(own_server, registry, name, damage):
    server = own_server
    server.docker("rmi", "-f", *server.docker("images", "-q").stdout.split())
    with proxied(registry, damage) as address:
        done = server.docker("pull", f"{address}/busybox", timeout=120)
        assert done.returncode == 1, name
        assert done.stderr.strip()
        assert server.docker("images", "-q", check=0).stdout == ""
        server.assert_nothing_half_made()
        assert not list((server.data_root / "layers").iterdir())


def test_two_pulls_of_one_image_share_the_work(own_server, busybox):
    server = own_server
    server.docker("rmi", "-f", *server.docker("images", "-q").stdout.split())
    pulls = [subprocess.Popen([DOCKER, "-H", server.host, "pull", busybox], stdout=subprocess.PIPE, text=True)
             for _ in range(4)]
    assert [pull.wait(60) for pull in pulls] == [0] * 4
    assert len(server.docker("images", "-q", check=0).stdout.split()) == 1
    assert len(list((server.data_root / "layers").iterdir())) == 1


def test_a_client_killed_in_the_middle_of_a_pull_harms_nobody(own_server, registry):
    server = own_server
    server.docker("rmi", "-f", *server.docker("images", "-q").stdout.split())
    asked, slow = threading.Event(), threading.Event()

    def damage(path, body):
        if "/blobs/" in path:
            asked.set()
            slow.wait(20)
        return body

    with proxied(registry, damage) as address:
        reference = f"{address}/busybox"
        pull = subprocess.Popen([DOCKER, "-H", server.host, "pull", reference], stdout=subprocess.DEVNULL)
        assert asked.wait(20)
        pull.kill()
        pull.wait()
        slow.set()
        server.assert_nothing_half_made()
        assert server.docker("pull", reference, timeout=60).returncode == 0


def test_a_full_disk_is_said_and_survived(busybox, registry):
    """The data root lies on a small tmpfs, in a mount namespace made for this test."""
    script = f"""
import sys, pathlib
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
from conftest import Server, run, DOCKER
base = pathlib.Path(sys.argv[1])
(base / "data").mkdir(parents=True)
run("mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "none", base / "data", check=0)
server = Server(base)
try:
    server.start()
    done = server.docker("pull", {busybox!r})
    run("mount", "-o", "remount,size=64m", base / "data", check=0)
    again = server.docker("pull", {busybox!r})
    ok = server.docker("run", "--rm", {busybox!r}, "echo", "room again")
    server.assert_nothing_half_made()
finally:
    server.clean()
assert done.returncode == 1, done.stdout
assert "no space left" in done.stderr.lower(), done.stderr
assert again.returncode == 0, again.stderr
assert ok.stdout == "room again\\n", ok.stderr
"""
    base = tempfile.mkdtemp(prefix="apus-full-", dir="/tmp")
    done = run("unshare", "-m", "--propagation", "private", "/usr/bin/python3", "-c", script, base, timeout=120)
    # The mount went with its namespace; the directories it lay on are left.
    shutil.rmtree(base, ignore_errors=True)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_server_refuses_what_it_does_not_know(tmp_path):
    config = tmp_path / "daemon.json"
    config.write_text('{"no-such-key": 1}')
    done = run(BIN / "apusd", "--config-file", config, "--validate")
    assert done.returncode == 1 and "no-such-key" in done.stderr
    bad = run(BIN / "apusd", "--no-such-flag")
    assert bad.returncode != 0 and "unknown flag: --no-such-flag" in bad.stderr


def test_two_servers_side_by_side_and_not_on_one_root(own_server, server):
    assert server.docker("ps", check=0) and own_server.docker("ps", check=0)
    second = run(BIN / "apusd", "-H", f"unix://{own_server.directory}/other.sock", "--data-root", own_server.data_root,
                 "--exec-root", own_server.exec_root, "--pidfile", own_server.directory / "other.pid",
                 "--config-file", own_server.config, timeout=20)
    assert second.returncode != 0 and str(own_server.data_root) in second.stderr


def test_unsupported_options_say_so(server):
    for options in [["--link", "other"], ["-v", "named:/x"], ["--restart", "always"], ["--gpus", "all"]]:
        done = server.docker("create", *options, "busybox")
        assert done.returncode != 0, options
        assert done.stderr.strip(), options


@pytest.mark.parametrize("client", ["docker", "apus"])
@pytest.mark.parametrize("options,named", [
    (["--memory", "lots"], "lots"),
    (["--memory", "1"], "memory"),
    (["--cpus", "many"], "many"),
    (["--cpus", "-1"], "range of CPUs"),
    (["--pids-limit", "x"], "x"),
    (["--cap-add", "NO_SUCH"], "NO_SUCH"),
    (["-w", "relative"], "relative"),
    (["-v", "/etc:relative"], "relative"),
    (["--mount", "type=nope,target=/x"], "nope"),
    (["--mount", "type=bind,source=/no/such/place,target=/x"], "/no/such/place"),
    (["--tmpfs", "relative"], "relative"),
    (["-u", "no-such-user"], "no-such-user"),
    (["-u", "4294967296"], "4294967296"),
    (["--ulimit", "nofile=9:5"], "nofile"),
    (["--ulimit", "nonsense=1"], "nonsense"),
    (["--security-opt", "nonsense"], "nonsense"),
    (["--name", "bad/name"], "bad/name"),
    (["--network", "container:nobody"], "No such container: nobody"),
    (["--stop-signal", "NOPE"], "NOPE"),
    (["--env-file", "/no/such/file"], "/no/such/file"),
    (["--platform", "a/b/c/d/e"], "a/b/c/d/e"),
    (["--pull", "sometimes"], "sometimes"),
])
def test_invalid_values_are_named(server, client, options, named):
    """Docker's status of a run that could not begin, a sentence with the value in it, and nothing that stays."""
    done = getattr(server, client)("run", "--rm", *options, "busybox", "true")
    assert done.returncode == 125, done.stderr
    assert named in done.stderr
    assert server.docker("ps", "-aq", check=0).stdout == ""


@pytest.mark.parametrize("options", [["-w", "/etc/passwd"], ["-v", "/etc/passwd:/proc"], ["--tmpfs", "/etc/passwd"]])
def test_what_a_failed_start_was_about_is_never_lost(server, options):
    """Init ends with its error half said: the reset of its socket must not come before it."""
    for _ in range(15):
        failed = server.docker("run", "--rm", *options, "busybox", "true")
        assert failed.returncode in (125, 126, 127)
        assert "connection reset" not in failed.stderr and "/" in failed.stderr, failed.stderr


def test_filters_of_events_and_insecure_registries(own_server):
    refused = own_server.docker("events", "--filter", "nonsense=1")
    assert refused.returncode == 1 and "invalid filter 'nonsense'" in refused.stderr
    own_server.config.write_text('{"insecure-registries": ["127.0.0.1:5555", "10.0.0.0/8"]}')
    own_server.restart()
    info = json.loads(own_server.docker("info", "--format", "{{json .RegistryConfig}}", check=0).stdout)
    assert "10.0.0.0/8" in info["InsecureRegistryCIDRs"] and "127.0.0.1:5555" in info["IndexConfigs"]


def test_a_failed_detached_start_tells_which_container(own_server):
    own_server.docker("run", "-d", "-p", "18950:80", "busybox", "sleep", "1000", check=0)
    failed = own_server.apus("run", "-d", "-p", "18950:80", "busybox", "sleep", "1000")
    assert failed.returncode == 125 and len(failed.stdout.strip()) == 64
    own_server.docker("rm", failed.stdout.strip(), check=0)
    warned = own_server.docker("run", "--rm", "--network", "host", "-p", "81:81", "busybox", "true", check=0)
    assert "Published ports are discarded when using host network mode" in warned.stderr
