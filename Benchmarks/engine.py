"""The engines without networks: runs, execs and questions."""

import pathlib
import re
import subprocess

from measuring import alternate, report
from place import runtime_files
from servers import busybox_tar, start_apus, start_docker


def bench(place, runs):
    apus, docker = start_apus(place), start_docker(place)
    podman = ["podman", "--root", place / "podman", "--runroot", runtime_files(place) / "podman", "--cgroup-manager", "cgroupfs",
              "--events-backend", "file", "--tmpdir", place / "podman-tmp", "--runtime", "runc"]
    try:
        tar = busybox_tar(place)
        for engine in (apus, docker):
            engine.do("import", tar, "busybox:latest")
        with_podman = subprocess.run([*map(str, podman), "import", str(tar), "localhost/busybox:latest"],
                                     capture_output=True).returncode == 0
        for network in ["none", "host"]:
            options = ["run", "--rm", "--network", network]
            # Podman would raise its limits, which not every root may.
            limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
            commands = {"apus": apus.words(*options, "busybox", "true"),
                        "docker": docker.words(*options, "busybox", "true"),
                        "docker client on apusd": apus.words(*options, "busybox", "true", client=docker.client)}
            if with_podman:
                commands["podman"] = [*podman, *options, *limits, "localhost/busybox", "true"]
            report(f"run --rm --network {network} busybox true", alternate(commands, runs), "apus")
        for engine in (apus, docker):
            engine.do("run", "-d", "--name", "host", "--network", "none", "busybox", "sleep", "100000")
        for title, arguments in [("exec host true", ["exec", "host", "true"]), ("ps", ["ps"]), ("version", ["version"])]:
            report(title, alternate({engine.name: engine.words(*arguments) for engine in (apus, docker)}, runs), "apus")
        breakdown(apus)
    finally:
        for engine in (apus, docker):
            engine.end()


def breakdown(apus):
    """The steps of a start, as the server traced them (debug log of the last start)."""
    log = pathlib.Path(apus.log.name).read_text()
    steps = re.findall(r"start trace: (.*)", log)
    if steps:
        print("\nthe start by step (last run)\n  " + steps[-1].replace(", ", "\n  "))
