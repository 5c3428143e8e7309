"""Where a bench works: a directory, a tmpfs in it, a network namespace; and how all of it is taken away again."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import time

# Network namespaces of this bench, by their inodes: whoever is in one at the end has come with it.
namespaces = set()


def isolate_network():
    """Enters a network namespace: the machine's own links, routes and filter are not touched."""
    clone_newnet = 0x40000000
    if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace for the bench")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    namespaces.add(network_of("self"))


def network_of(process):
    return os.stat(f"/proc/{process}/ns/net").st_ino


def runtime_files(place):
    """Where every engine and runtime keeps what lives as long as the machine runs: on a tmpfs, as /run is."""
    folder = place / "run"
    if not folder.exists():
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
    return folder


def clear(place):
    """Ends what still runs from the place, also after a bench that failed, and takes its cgroups, mounts and files."""
    doomed = [int(process.name) for process in pathlib.Path("/proc").glob("[0-9]*")
              if int(process.name) != os.getpid() and (names(process / "cmdline", str(place)) or is_ours(process.name))]
    cgroups = sorted((path for top in pathlib.Path("/sys/fs/cgroup").glob("**/" + place.name + "*") for path in
                      [top, *top.rglob("*")] if path.is_dir()), reverse=True)
    for cgroup in cgroups:
        with contextlib.suppress(OSError):
            doomed += [int(pid) for pid in (cgroup / "cgroup.procs").read_text().split() if int(pid) > 0]
    for pid in doomed:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.5 if doomed else 0)
    for line in reversed(pathlib.Path("/proc/self/mountinfo").read_text().splitlines()):
        if line.split()[4].startswith(f"{place}/"):
            subprocess.run(["umount", "-l", line.split()[4]], capture_output=True)
    for cgroup in cgroups:
        with contextlib.suppress(OSError):
            cgroup.rmdir()
    shutil.rmtree(place, ignore_errors=True)


def names(cmdline, text):
    with contextlib.suppress(OSError):
        return text.encode() in cmdline.read_bytes()
    return False


def is_ours(process):
    with contextlib.suppress(OSError):
        return network_of(process) in namespaces
    return False
