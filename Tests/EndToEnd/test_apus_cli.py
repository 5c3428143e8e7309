"""Our own client: Docker's grammar, tables, formats and exit codes."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time

import pexpect
import pytest

from conftest import BIN, eventually, run


def test_version_speaks_of_both_sides(server):
    text = server.apus("version", check=0).stdout
    assert "Client" in text and "Server" in text
    assert json.loads(server.apus("version", "--format", "{{json .Server}}", check=0).stdout)["Os"] == "linux"


@pytest.mark.parametrize("flags,expected", [
    (["--rm"], "hi"),
    (["--rm=true"], "hi"),
    (["--network=none", "--rm"], "hi"),
    (["--rm", "-e=A=b"], "hi"),
    (["--rm", "--"], "hi"),
    (["-i", "--rm", "-w", "/"], "hi"),
])
def test_grammar_of_run(server, flags, expected):
    assert server.apus("run", *flags, "busybox", "echo", "hi", check=0).stdout == expected + "\n"


def test_options_end_at_the_image(server):
    assert server.apus("run", "--rm", "busybox", "echo", "--rm", "-it", check=0).stdout == "--rm -it\n"


# The codes are those of Docker's client 28: 125 for flags, 1 for commands and the number of arguments.
@pytest.mark.parametrize("client", ["docker", "apus"])
@pytest.mark.parametrize("arguments,sentence,code", [
    (["run"], "requires at least 1 argument", 1),
    (["run", "--no-such", "busybox"], "unknown flag: --no-such", 125),
    (["run", "-Z", "busybox"], "unknown shorthand flag: 'Z' in -Z", 125),
    (["run", "--memory", "lots", "busybox"], "invalid argument \"lots\" for \"-m, --memory\" flag", 125),
    (["run", "--name"], "flag needs an argument: --name", 125),
    (["run", "-d", "--attach", "stdout", "busybox"], "conflicting options", 1),
    (["container", "run", "--no-such", "busybox"], "unknown flag: --no-such", 125),
    (["create"], "requires at least 1 argument", 1),
    (["create", "--memory", "lots", "busybox"], "invalid argument \"lots\"", 125),
    (["exec", "one"], "requires at least 2 arguments", 1),
    (["exec", "--no-such", "one", "true"], "unknown flag: --no-such", 125),
    (["nonsense"], "nonsense", 1),
    (["container", "nonsense"], "nonsense", 1),
    (["help", "nonsense"], "nonsense", 1),
    (["--no-such"], "unknown flag: --no-such", 125),
    (["--log-level", "loud", "ps"], "loud", 1),
    (["ps", "--no-such"], "unknown flag: --no-such", 125),
    (["ps", "extra"], "accepts no arguments", 1),
    (["ps", "--filter", "x"], "filter", 125),
    (["images", "a", "b"], "requires at most 1 argument", 1),
    (["logs", "--tail"], "flag needs an argument: --tail", 125),
    (["rm"], "requires at least 1 argument", 1),
    (["rm", "-Z"], "unknown shorthand flag: 'Z' in -Z", 125),
    (["tag", "one"], "requires 2 arguments", 1),
    (["pull", "--no-such"], "unknown flag: --no-such", 125),
])
def test_usage_errors(server, client, arguments, sentence, code):
    done = getattr(server, client)(*arguments)
    assert sentence in done.stderr
    assert done.returncode == code
    assert done.stdout == ""


def test_exit_codes(server):
    assert server.apus("run", "--rm", "busybox", "sh", "-c", "exit 42").returncode == 42
    assert server.apus("run", "--rm", "busybox", "no-such-command").returncode == 127
    assert server.apus("run", "--rm", "busybox", "/etc/passwd").returncode == 126
    assert server.apus("run", "--rm", "--memory", "1", "busybox").returncode == 125
    assert server.apus("run", "--rm", "busybox", "sh", "-c", "sh -c 'kill -9 $$'; exit $?").returncode == 137


@pytest.mark.parametrize("content, sentence", [
    ("plain text\n", "exec /odd: exec format error"),
    ("#!/no/interpreter\n", "exec /odd: no such file or directory"),
])
def test_a_program_that_the_kernel_refuses(server, tmp_path, content, sentence):
    program = tmp_path / "odd"
    program.write_text(content)
    program.chmod(0o755)
    name = f"odd-{len(content)}"
    done = server.apus("run", "--name", name, "-v", f"{program}:/odd", "busybox", "/odd")
    assert (done.returncode, done.stderr) == (255, sentence + "\n")
    assert server.apus("logs", name).stderr == sentence + "\n"
    assert server.apus("inspect", "--format", "{{.State.ExitCode}}", name).stdout == "255\n"
    server.apus("rm", name, check=0)


def test_pull_when_missing_and_policies(own_server, busybox):
    server = own_server
    server.apus("rmi", "-f", busybox, "busybox:latest", check=0)
    refused = server.apus("run", "--rm", "--pull", "never", busybox, "true")
    assert refused.returncode == 125 and "No such image" in refused.stderr
    done = server.apus("run", "--rm", busybox, "echo", "pulled", check=0)
    assert done.stdout == "pulled\n"
    assert "Unable to find image" in done.stderr and "Pull complete" in done.stderr
    assert server.apus("run", "--rm", busybox, "echo", "again", check=0).stderr == ""


def test_life_of_a_detached_container(server):
    container = server.apus("run", "-d", "--name", "life", "--label", "a=b", "busybox", "sleep", "1000", check=0).stdout
    assert re.fullmatch("[0-9a-f]{64}\n", container)
    assert "sleep 1000" in server.apus("ps", check=0).stdout
    assert server.apus("ps", "-q", check=0).stdout == container[:12] + "\n"
    assert server.apus("ps", "-q", "--no-trunc", check=0).stdout == container
    assert server.apus("ps", "--format", "{{.Names}} {{.State}}", check=0).stdout == "life running\n"
    assert server.apus("ps", "-q", "--filter", "label=a=c", check=0).stdout == ""
    assert server.apus("inspect", "--format", "{{.State.Status}} {{.Config.Labels.a}}", "life", check=0).stdout == "running b\n"
    assert json.loads(server.apus("inspect", "life", check=0).stdout)[0]["Name"] == "/life"
    assert server.apus("exec", "life", "sh", "-c", "echo in; exit 3", check=3).stdout == "in\n"
    assert "sleep 1000" in server.apus("top", "life", check=0).stdout
    server.apus("rename", "life", "other", check=0)
    waiting = subprocess.Popen([str(BIN / "apus"), "-H", server.host, "wait", "other"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.2)
    assert server.apus("kill", "other", check=0).stdout == "other\n"
    assert waiting.communicate(timeout=20)[0] == "137\n"
    assert server.apus("start", "other", check=0).stdout == "other\n"
    assert server.apus("stop", "-t", "0", "other", check=0).stdout == "other\n"
    assert server.apus("rm", "other", check=0).stdout == "other\n"


def test_logs_and_streams(server):
    done = server.apus("run", "--name", "lg", "busybox", "sh", "-c", "echo out; echo err >&2", check=0)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    done = server.apus("logs", "lg", check=0)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")
    assert server.apus("run", "-i", "--rm", "busybox", "cat", input="x" * 100000, check=0).stdout == "x" * 100000


def test_terminal(server):
    session = pexpect.spawn(str(BIN / "apus"), ["-H", server.host, "run", "-it", "--rm", "busybox", "sh"],
                            encoding="utf-8", timeout=20, dimensions=(30, 90))
    session.expect("# ")
    session.sendline("stty size")
    session.expect("30 90")
    session.sendline("exit 5")
    session.expect(pexpect.EOF)
    session.close()
    assert session.exitstatus == 5


def test_detach_and_attach(server):
    session = pexpect.spawn(str(BIN / "apus"), ["-H", server.host, "run", "-it", "--name", "dt", "busybox", "sh"],
                            encoding="utf-8", timeout=20)
    session.expect("# ")
    session.send("\x10\x11")
    session.expect(pexpect.EOF)
    assert server.inspect("dt")["State"]["Running"]
    again = pexpect.spawn(str(BIN / "apus"), ["-H", server.host, "attach", "dt"], encoding="utf-8", timeout=20)
    again.sendline("exit 3")
    again.expect(pexpect.EOF)
    again.close()
    assert again.exitstatus == 3


class RecordingRelay:
    """Stands at a socket of its own before the server's, and keeps what clients send."""

    def __init__(self, path, target):
        self.sent = []
        self.target = target
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.target))
                threading.Thread(target=self.copy, args=(client, server, self.sent), daemon=True).start()
                threading.Thread(target=self.copy, args=(server, client, []), daemon=True).start()

    @staticmethod
    def copy(source, target, kept):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                kept.append(piece)
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def take(self):
        text = b"".join(self.sent).decode()
        self.sent.clear()
        return text


def test_detach_keys_of_the_configuration_reach_the_server(server, tmp_path):
    (tmp_path / "config.json").write_text('{"detachKeys": "ctrl-x,x"}')
    relay = RecordingRelay(server.directory / "relay.sock", server.socket)
    try:
        def apus(*arguments):
            done = run(BIN / "apus", "--config", tmp_path, "-H", f"unix://{server.directory}/relay.sock", *arguments,
                       check=0)
            return done, relay.take()

        done, sent = apus("run", "--name", "dk", "busybox", "echo", "hi")
        assert done.stdout == "hi\n" and "detachKeys=ctrl-x%2Cx" in sent
        assert "detachKeys=ctrl-x%2Cx" in apus("start", "-a", "dk")[1]
        assert "detachKeys=ctrl-y" in apus("start", "-a", "--detach-keys", "ctrl-y", "dk")[1]
        server.apus("rm", "dk", check=0)
        server.apus("run", "-d", "--name", "dk", "busybox", "sleep", "2", check=0)
        assert '"DetachKeys":"ctrl-x,x"' in apus("exec", "dk", "true")[1]
        assert "detachKeys=ctrl-x%2Cx" in apus("attach", "dk")[1]
    finally:
        relay.listener.close()
        (server.directory / "relay.sock").unlink()


def test_detach_keys_of_the_configuration_part_the_terminal(server, tmp_path):
    (tmp_path / "config.json").write_text('{"detachKeys": "ctrl-x,x"}')
    session = pexpect.spawn(str(BIN / "apus"), ["--config", str(tmp_path), "-H", server.host, "run", "-it", "--name", "dk",
                                                "busybox", "sh"], encoding="utf-8", timeout=20)
    session.expect("# ")
    # Docker's own keys are common keys now, and reach the shell.
    session.send("\x10\x11")
    session.sendline("echo still-$((1+1))")
    session.expect("still-2")
    session.send("\x18x")
    session.expect(pexpect.EOF)
    assert server.inspect("dk")["State"]["Running"]


def test_images(server, busybox, tmp_path):
    assert busybox.rsplit(":", 1)[0] in server.apus("images", check=0).stdout
    server.apus("tag", "busybox", "t:1", check=0)
    assert server.apus("images", "--format", "{{.Repository}}:{{.Tag}}", "t", check=0).stdout == "t:1\n"
    server.apus("save", "-o", tmp_path / "i.tar", "t:1", check=0)
    assert "Untagged: t:1" in server.apus("rmi", "t:1", check=0).stdout
    assert "Loaded image: t:1" in server.apus("load", "-i", tmp_path / "i.tar", check=0).stdout
    server.apus("rmi", "t:1", check=0)
    assert server.apus("history", "busybox", check=0).stdout.startswith("IMAGE")


def test_events_and_info(server):
    server.apus("run", "--rm", "--name", "ev", "busybox", "true", check=0)
    text = server.apus("events", "--since", "1m", "--until", "0s", "--filter", "container=ev", timeout=30, check=0).stdout
    assert "container create" in text and "container destroy" in text
    assert "Server Version" in server.apus("info", check=0).stdout


def test_no_server_says_so():
    done = run(BIN / "apus", "-H", "unix:///nowhere/x.sock", "ps")
    assert done.returncode == 1
    assert "/nowhere/x.sock" in done.stderr and "Cannot connect" in done.stderr


def test_the_default_server_is_started_when_none_runs():
    """On the paths that are everybody's, in a mount namespace of the test's own."""
    script = f"""
import os, pathlib, signal, sys
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
from conftest import BIN, eventually, run
for place in ["/run", "/var"]:
    run("mount", "-t", "tmpfs", "none", place, check=0)
for name in ["DOCKER_HOST", "DOCKER_CONTEXT", "APUS_FAILPOINTS"]:
    os.environ.pop(name, None)
socket, number = pathlib.Path("/run/apus/apus.sock"), pathlib.Path("/run/apus/apusd.pid")
assert not socket.exists()
try:
    first = run(BIN / "apus", "ps", "-q")
    server = number.read_text()
    second = run(BIN / "apus", "ps", "-q")
    assert (first.returncode, first.stdout, second.returncode) == (0, "", 0), first.stderr + second.stderr
    assert number.read_text() == server
    assert socket.stat().st_mode & 0o777 == 0o660
finally:
    if number.exists():
        pid = int(number.read_text())
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not pathlib.Path(f"/proc/{{pid}}/exe").exists(), what="the server ends")
"""
    done = run("unshare", "-m", "--propagation", "private", "/usr/bin/python3", "-c", script)
    assert done.returncode == 0, done.stderr[-3000:]


def test_help_lists_every_command():
    text = run(BIN / "apus", "--help", check=0).stdout
    for command in ["run", "create", "start", "stop", "kill", "rm", "wait", "ps", "logs", "attach", "exec", "inspect",
                    "top", "rename", "images", "pull", "rmi", "tag", "load", "save", "import", "version", "info",
                    "events", "login", "logout"]:
        assert re.search(rf"^\s+{command}\b", text, re.M), command
        assert "Usage:" in run(BIN / "apus", command, "--help", check=0).stdout


def test_env_file_and_cidfile(server, tmp_path):
    (tmp_path / "env").write_text("# comment\nA=1\nB=two words\n")
    done = server.apus("run", "--rm", "--env-file", tmp_path / "env", "--cidfile", tmp_path / "cid", "busybox", "sh", "-c",
                       "echo $A/$B", check=0)
    assert done.stdout == "1/two words\n"
    assert len((tmp_path / "cid").read_text()) == 64


@pytest.mark.parametrize("words", [["restart", "x"], ["volume", "ls"], ["container", "prune"], ["system", "df"]])
def test_commands_that_are_not_there_yet_are_no_typing_errors(server, words):
    done = server.apus(*words)
    assert done.returncode == 1 and "is not supported yet" in done.stderr and "unknown" not in done.stderr
    assert "unknown command" in server.apus("pss").stderr
