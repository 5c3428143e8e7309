"""The runtime under other engines: Podman, dockerd and containerd's own shim start and stop containers with it."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from conftest import BIN, end, eventually, remove_cgroup, run

RUNTIME = str(BIN / "apus-runtime")


@pytest.fixture
def place():
    """A directory for everything of one peer. What a test that failed left running is ended with it."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="apus-peer-", dir="/tmp"))
    yield path
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(path).encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
    remove_cgroup(path.name)
    mounts = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed([mount for mount in mounts if mount.startswith(f"{path}/")]):
        run("umount", "-l", mount)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def rootfs(place):
    folder = place / "rootfs/bin"
    folder.mkdir(parents=True)
    shutil.copy("/bin/busybox", folder / "busybox")
    for applet in ["sh", "echo", "sleep", "cat", "id", "true"]:
        (folder / applet).symlink_to("busybox")
    for name in ["proc", "sys", "dev", "etc", "tmp", "run"]:
        (place / "rootfs" / name).mkdir()
    return place / "rootfs"


def test_podman_runs_with_it(place, rootfs):
    podman = ["podman", "--root", place / "root", "--runroot", place / "run", "--runtime", RUNTIME, "--cgroup-manager",
              "cgroupfs", "--storage-driver", "vfs", "--events-backend", "file", "--tmpdir", place / "tmp"]
    # The machine's own limits: Podman's defaults would raise them, which takes CAP_SYS_RESOURCE.
    options = ["--cgroup-parent", f"/{place.name}", "--network", "none", "--security-opt", "seccomp=unconfined",
               "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--rootfs"]
    done = run(*podman, "run", "--rm", *options, rootfs, "/bin/echo", "under podman")
    assert done.stdout == "under podman\n", done.stderr
    done = run(*podman, "run", "-d", "--name", "pp", *options, rootfs, "/bin/sleep", "1000")
    assert done.returncode == 0, done.stderr
    assert run(*podman, "exec", "pp", "/bin/echo", "exec").stdout == "exec\n"
    assert run(*podman, "stop", "-t", "1", "pp").returncode == 0
    assert run(*podman, "rm", "pp").returncode == 0


def test_dockerd_runs_with_it(place, rootfs):
    host = f"unix://{place}/docker.sock"
    log = open(place / "dockerd.log", "wb")
    # A network namespace of its own: dockerd writes firewall rules.
    daemon = subprocess.Popen(
        ["unshare", "--net", "dockerd", "-H", host, "--data-root", place / "data", "--exec-root", place / "exec",
         "--pidfile", place / "pid", "--add-runtime", f"apus={RUNTIME}", "--bridge", "none", "--iptables=false",
         "--ip6tables=false", "--storage-driver", "vfs", "--cgroup-parent", f"/{place.name}"],
        stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    docker = [shutil.which("docker"), "-H", host]
    try:
        eventually(lambda: run(*docker, "info").returncode == 0, 60, "dockerd: " + (place / "dockerd.log").read_text())
        archive = subprocess.run(["tar", "-C", rootfs, "-c", "."], capture_output=True, check=True).stdout
        subprocess.run([*docker, "import", "-", "bb"], input=archive, check=True, capture_output=True)
        options = ["--runtime", "apus", "--network", "none"]
        done = run(*docker, "run", "--rm", *options, "bb", "/bin/echo", "under dockerd")
        assert done.stdout == "under dockerd\n", done.stderr
        run(*docker, "run", "-d", "--name", "dd", *options, "bb", "/bin/sleep", "1000", check=0)
        assert run(*docker, "exec", "dd", "/bin/echo", "exec").stdout == "exec\n"
        run(*docker, "stop", "-t", "1", "dd", check=0)
        run(*docker, "rm", "dd", check=0)
        missing = run(*docker, "run", "--rm", *options, "bb", "/no-such")
        assert missing.returncode == 127, missing.stderr
    finally:
        end(daemon)


def test_containerd_runs_with_it(place, rootfs):
    config = place / "config.toml"
    config.write_text(f'version = 2\nroot = "{place}/root"\nstate = "{place}/state"\n'
                      f'[grpc]\naddress = "{place}/c.sock"\n[ttrpc]\naddress = "{place}/c.sock.ttrpc"\n'
                      'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
    log = open(place / "log", "wb")
    daemon = subprocess.Popen(["containerd", "-c", config], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    ctr = ["ctr", "-a", place / "c.sock"]
    try:
        eventually(lambda: run(*ctr, "version").returncode == 0, 60, "containerd")
        # A root of its own: the shim's default one is the machine's, where an interrupted test leaves its containers.
        options = ["--rootfs", "--runc-binary", RUNTIME, "--runc-root", place / "runc", "--cgroup", f"/{place.name}/ctr"]
        done = run(*ctr, "run", "--rm", *options, rootfs, "one", "/bin/echo", "under containerd")
        assert done.stdout == "under containerd\n", done.stderr
        run(*ctr, "run", "-d", *options, rootfs, "two", "/bin/sleep", "1000", check=0)
        assert run(*ctr, "task", "exec", "--exec-id", "e", "two", "/bin/echo", "exec").stdout == "exec\n"
        run(*ctr, "task", "kill", "-s", "KILL", "two", check=0)
        eventually(lambda: "STOPPED" in run(*ctr, "task", "ls").stdout, what="the task stops")
        run(*ctr, "task", "rm", "two")
        run(*ctr, "container", "rm", "two", check=0)
    finally:
        end(daemon)
