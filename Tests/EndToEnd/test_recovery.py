"""Pulling the plug: the server, the shims, and every failpoint."""

import contextlib
import os
import pathlib
import signal
import subprocess

import pytest

from conftest import BIN, DOCKER, cgroups_named, eventually, run

NUMBERED = "i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo line $i; sleep 0.05; done; exit {code}"


def test_twenty_containers_survive_the_server(own_server):
    server = own_server
    names = [f"c{n}" for n in range(20)]
    server.docker("run", "-d", "--name", "c0", "busybox", "sleep", "1000", check=0)
    for n, name in list(enumerate(names))[1:]:
        server.docker("run", "-d", "--name", name, "busybox", "sh", "-c", NUMBERED.format(count=160, code=n + 1), check=0)
    pids = {name: server.inspect(name)["State"]["Pid"] for name in names}
    server.kill()
    assert all(os.path.exists(f"/proc/{pid}") for pid in pids.values())
    server.start()
    listed = server.docker("ps", "--format", "{{.Names}}", check=0).stdout.split()
    assert sorted(listed) == sorted(names)
    assert {name: server.inspect(name)["State"]["Pid"] for name in names} == pids
    server.docker("stop", "-t", "1", "c0", check=0)
    assert server.inspect("c0")["State"]["ExitCode"] == 137
    for n, name in list(enumerate(names))[1:]:
        assert server.docker("wait", name, timeout=60, check=0).stdout == f"{n + 1}\n"
        assert server.docker("logs", name, check=0).stdout == "".join(f"line {i}\n" for i in range(1, 161))
    server.docker("rm", *names, check=0)
    server.assert_nothing_left()


def test_exit_while_the_server_is_away_is_not_lost(own_server):
    server = own_server
    server.docker("run", "-d", "--name", "short", "busybox", "sh", "-c", "sleep 1; echo last words; exit 9", check=0)
    server.docker("run", "-d", "--rm", "--name", "auto", "busybox", "sleep", "0.5", check=0)
    pid = server.inspect("short")["State"]["Pid"]
    server.kill()
    eventually(lambda: not os.path.exists(f"/proc/{pid}"), what="the container ends")
    server.start()
    eventually(lambda: server.inspect("short")["State"]["Status"] == "exited", what="its exit is known")
    assert server.inspect("short")["State"]["ExitCode"] == 9
    assert server.docker("logs", "short", check=0).stdout == "last words\n"
    eventually(lambda: server.docker("inspect", "auto").returncode == 1, what="--rm after recovery")
    server.docker("rm", "short", check=0)
    server.assert_nothing_left()


def test_a_following_client_gets_every_line_after_the_restart(own_server):
    server = own_server
    server.docker("run", "-d", "--name", "nn", "busybox", "sh", "-c", NUMBERED.format(count=60, code=0), check=0)
    server.kill()
    server.start()
    followed = server.docker("logs", "-f", "nn", timeout=60, check=0).stdout
    assert followed == "".join(f"line {i}\n" for i in range(1, 61))


def test_exec_and_attach_work_after_a_restart(own_server):
    server = own_server
    server.docker("run", "-d", "-i", "--name", "xx", "busybox", "sh", check=0)
    server.restart()
    assert server.docker("exec", "xx", "echo", "still", check=0).stdout == "still\n"
    attach = subprocess.Popen([DOCKER, "-H", server.host, "attach", "xx"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True)
    attach.stdin.write("echo hello; exit 6\n")
    attach.stdin.flush()
    assert attach.communicate(timeout=20)[0] == "hello\n"
    assert server.docker("wait", "xx", check=0).stdout == "6\n"


def test_a_lost_shim_takes_its_container_along(own_server):
    server = own_server
    server.docker("run", "-d", "--name", "orphan", "busybox", "sleep", "1000", check=0)
    pid = server.inspect("orphan")["State"]["Pid"]
    [shim] = server.shims()
    os.kill(shim, signal.SIGKILL)
    eventually(lambda: server.inspect("orphan")["State"]["Status"] == "exited", what="the loss is noticed")
    state = server.inspect("orphan")["State"]
    assert state["ExitCode"] == 137 and "shim" in state["Error"]
    eventually(lambda: not os.path.exists(f"/proc/{pid}"), what="the container is killed")
    server.docker("rm", "orphan", check=0)
    server.assert_nothing_left()


def test_a_shim_lost_while_the_server_is_away(own_server):
    server = own_server
    server.docker("run", "-d", "--name", "orphan", "busybox", "sleep", "1000", check=0)
    [shim] = server.shims()
    server.kill()
    os.kill(shim, signal.SIGKILL)
    server.start()
    eventually(lambda: server.inspect("orphan")["State"]["ExitCode"] == 137, what="the loss is recorded")
    server.docker("rm", "orphan", check=0)
    server.assert_nothing_left()


def test_a_damaged_database_is_set_aside_and_rebuilt(own_server):
    server = own_server
    server.docker("run", "-d", "--name", "keeps", "busybox", "sleep", "1000", check=0)
    server.docker("create", "--name", "made", "busybox", "true", check=0)
    server.kill()
    for path in server.data_root.glob("apus.db*"):
        path.write_bytes(b"this is no database" * 500)
    server.start()
    assert sorted(server.docker("ps", "-a", "--format", "{{.Names}}", check=0).stdout.split()) == ["keeps", "made"]
    assert server.inspect("keeps")["State"]["Running"]
    assert server.docker("run", "--rm", "busybox", "echo", "image too", check=0).stdout == "image too\n"
    assert list(server.data_root.glob("apus.db.*damaged*")) or list(server.data_root.glob("*damaged*"))


FAILPOINTS = run(BIN / "apusd", "--list-failpoints").stdout.split() if (BIN / "apusd").exists() else []


@pytest.mark.parametrize("point", FAILPOINTS)
@pytest.mark.parametrize("action", ["die", "error"])
def test_every_failpoint_leaves_nothing_half_made(own_server, busybox, point, action):
    """The whole life of a container and an image, with the server failing or dying at one named place."""
    server = own_server
    server.restart(failpoints=f"{point}={action}")
    life = [
        ["network", "create", "side"],
        ["run", "-d", "--name", "vv", "busybox", "sleep", "1000"],
        ["exec", "vv", "true"],
        ["network", "connect", "side", "vv"],
        ["network", "disconnect", "bridge", "vv"],
        ["update", "--pids-limit", "50", "--publish-add", "127.0.0.1::80", "vv"],
        ["stop", "-t", "0", "vv"],
        ["rm", "-f", "vv"],
        ["network", "rm", "side"],
        ["tag", "busybox", "kept:1"],
        ["rmi", "-f", busybox, "busybox:latest", "kept:1"],
        ["pull", busybox],
    ]
    ends, said = [], ""
    for command in life:
        # What docker's client has not, ours has.
        client = server.apus if command[0] == "update" else server.docker
        done = client(*command, timeout=60)
        said += done.stdout + done.stderr
        if action == "die" and not ends and done.returncode != 0:
            # The client may see the connection end before the process has ended.
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.process.wait(5)
        if server.process.poll() is not None:
            ends.append(server.process.returncode)
            server.start()
            if not server.docker("images", "-aq", check=0).stdout:
                assert_no_content(server)
    # The place was reached, or this test shows nothing.
    if action == "die":
        assert ends == [-signal.SIGKILL], point
    else:
        assert ends == []
        assert f"failpoint {point}" in said + server.log.read_text(), point
    server.restart()
    names = server.docker("ps", "-a", "--format", "{{.Names}} {{.State}}", check=0).stdout.split()
    assert names in ([], ["vv", "created"], ["vv", "exited"], ["vv", "running"])
    server.docker("rm", "-f", "vv")
    assert_no_content_without_images(server)
    server.docker("pull", busybox, check=0)
    assert server.docker("run", "--rm", busybox, "echo", "well", check=0).stdout == "well\n"
    server.assert_nothing_left()
    server.assert_nothing_half_made()
    assert_no_content_without_images(server)


def assert_no_content_without_images(server):
    """Without images and containers, and after a start, there is no content either, whatever was half done before."""
    images = set(server.docker("images", "-aq", check=0).stdout.split())
    if images:
        server.docker("rmi", "-f", *images, check=0)
    server.restart()
    assert_no_content(server)


def assert_no_content(server):
    for folder in [server.data_root / "blobs/sha256", server.data_root / "layers", server.data_root / "images"]:
        eventually(lambda: not list(folder.iterdir()), 15, f"{folder} is not empty: {os.listdir(folder)}")


def test_a_clean_stop_takes_an_empty_cgroup_parent_along(own_server):
    server = own_server

    def parents():
        return cgroups_named(server.cgroup_parent)

    server.docker("run", "-d", "--name", "stays", "busybox", "sleep", "1000", check=0)
    assert parents()
    server.stop()
    assert parents(), "a container still runs in it"
    server.start()
    assert server.inspect("stays")["State"]["Running"]
    server.docker("rm", "-f", "stays", check=0)
    server.stop()
    assert not parents()
    # The next one is not surprised.
    server.start()
    assert server.docker("run", "--rm", "busybox", "echo", "again", check=0).stdout == "again\n"
