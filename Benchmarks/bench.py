#!/usr/bin/env python3
"""Apus beside Docker, Podman, runc and crun: medians and ratios, all in one run on one machine.

bench.py [runtime] [engine] [memory] [pull]     (default: all)

Figures are whole-process wall times in milliseconds. Runs of the compared programs alternate, so that a drift of the
machine's speed meets all of them. A ratio below 1 means that Apus is faster or smaller.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("APUS_BIN", ROOT / ".build-release/release"))
NULL = os.open(os.devnull, os.O_RDWR)


def timed(*command):
    """Wall milliseconds of one run, from spawn to reaped; a failing command ends the bench."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ,
                          file_actions=[(os.POSIX_SPAWN_DUP2, NULL, fd) for fd in (0, 1, 2)])
    _, status = os.waitpid(pid, 0)
    elapsed = (time.perf_counter() - start) * 1000
    if status:
        done = subprocess.run(words, capture_output=True, text=True)
        sys.exit(f"bench: {' '.join(words)} failed ({status}): {done.stdout}{done.stderr}")
    return elapsed


def alternate(commands, runs, gap=0.0, warm=3):
    """Times each of `commands` (name → words) `runs` times, in turn."""
    times = {name: [] for name in commands}
    for turn in range(-warm, runs):
        for name, words in commands.items():
            elapsed = timed(*words)
            if turn >= 0:
                times[name].append(elapsed)
            if gap:
                time.sleep(gap)
    return times


def report(title, times, base):
    """A row for each program, and the median of the pairwise ratios base/other."""
    print(f"\n{title}")
    for name, values in times.items():
        spread = f"{min(values):8.2f} {statistics.median(values):8.2f} {max(values):8.2f}"
        ratio = ""
        if name != base:
            pairs = [ours / theirs for ours, theirs in zip(times[base], values)]
            ratio = f"   {base} / {name} = {statistics.median(pairs):.3f}"
        print(f"  {name:<28} min/median/max ms {spread}{ratio}")
    sys.stdout.flush()


def runtime_files(place):
    """Where every engine and runtime keeps what lives as long as the machine runs: on a tmpfs, as /run is."""
    folder = place / "run"
    if not folder.exists():
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder], check=True)
    return folder


def busybox_rootfs(folder):
    (folder / "bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", folder / "bin/busybox")
    for applet in subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True).stdout.split():
        with contextlib.suppress(FileExistsError):
            (folder / "bin" / applet).symlink_to("busybox")
    for name in ["proc", "sys", "dev", "etc", "tmp", "root"]:
        (folder / name).mkdir(exist_ok=True)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\n")


def default_seccomp(place):
    """The default profile as the engine writes it into a container's spec: one profile for all runtimes."""
    apus = start_apus(place)
    try:
        apus.do("import", busybox_tar(place), "busybox:latest")
        container = apus.do("run", "-d", "--network", "none", "busybox", "sleep", "1000")
        spec = json.loads((runtime_files(place) / "apus/bundles" / container / "config.json").read_text())
        apus.do("rm", "-f", container)
        return spec["linux"]["seccomp"]
    finally:
        apus.stop()


def bench_runtime(place, runs):
    """`run` of `true` from one bundle. crun 1.8 refuses a hybrid hierarchy: all run in a mount namespace without
    the unified mount."""
    bundle = place / "bundle"
    busybox_rootfs(bundle / "rootfs")
    subprocess.run(["runc", "spec"], cwd=bundle, check=True)
    spec = json.loads((bundle / "config.json").read_text())
    spec["process"]["terminal"] = False
    spec["process"]["args"] = ["/bin/true"]
    # runc's template raises ambient capabilities that are not inheritable, which the kernel refuses.
    spec["process"]["capabilities"].pop("ambient", None)
    spec["linux"]["seccomp"] = default_seccomp(place)
    (bundle / "config.json").write_text(json.dumps(spec))
    script = f"""
import sys; sys.path.insert(0, {str(ROOT / 'Benchmarks')!r})
import bench, pathlib
commands = {{name: [program, "--root", {str(runtime_files(place))!r} + "/" + name, "run", "--bundle", {str(bundle)!r}, name]
            for name, program in [("apus-runtime", {str(BIN / 'apus-runtime')!r}), ("crun", "crun"), ("runc", "runc")]}}
bench.report("bare runtime: run of `true`, back to back", bench.alternate(commands, {runs}), "apus-runtime")
bench.report("bare runtime: run of `true`, 200 ms apart", bench.alternate(commands, {runs}, gap=0.2), "apus-runtime")
"""
    subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c",
                    "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$@\"", "sh", sys.executable, "-c", script],
                   check=True, env={**os.environ, "APUS_BIN": str(BIN)})


class Engine:
    """A server under test with its own client."""

    def __init__(self, name, command, client, host, pid_name):
        self.name, self.client, self.host, self.pid_name = name, client, host, pid_name
        self.log = tempfile.NamedTemporaryFile(prefix=f"bench-{name}-")
        self.process = subprocess.Popen([str(word) for word in command], stdin=NULL, stdout=self.log, stderr=self.log)
        for _ in range(600):
            if subprocess.run(self.words("version"), capture_output=True).returncode == 0:
                return
            time.sleep(0.05)
        sys.exit(f"bench: {name} does not answer\n" + pathlib.Path(self.log.name).read_text()[-2000:])

    def words(self, *arguments, client=None):
        return [str(client or self.client), "-H", self.host, *map(str, arguments)]

    def do(self, *arguments, **options):
        done = subprocess.run(self.words(*arguments), capture_output=True, text=True, **options)
        if done.returncode:
            sys.exit(f"bench: {' '.join(self.words(*arguments))}: {done.stderr}")
        return done.stdout.strip()

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def start_apus(place):
    host = f"unix://{place}/apus.sock"
    (place / "daemon.json").write_text("{}")
    return Engine("apus", [BIN / "apusd", "-H", host, "--data-root", place / "apus", "--exec-root", runtime_files(place) / "apus",
                           "--pidfile", place / "apusd.pid", "--config-file", place / "daemon.json",
                           "--cgroup-parent", f"/{place.name}"], BIN / "apus", host, "apusd")


def start_docker(place):
    host = f"unix://{place}/docker.sock"
    (place / "docker.json").write_text("{}")
    return Engine("docker", ["dockerd", "-H", host, "--data-root", place / "docker", "--exec-root", runtime_files(place) / "docker",
                             "--pidfile", place / "dockerd.pid", "--config-file", place / "docker.json", "--bridge", "none",
                             "--iptables=false", "--ip6tables=false", "--cgroup-parent", f"/{place.name}-docker"],
                  shutil.which("docker"), host, "dockerd")


def busybox_tar(place):
    folder = place / "bb"
    busybox_rootfs(folder)
    tar = place / "bb.tar"
    subprocess.run(["tar", "-C", folder, "-cf", tar, "."], check=True)
    return tar


def bench_engine(place, runs):
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
            ids = subprocess.run(engine.words("ps", "-aq"), capture_output=True, text=True).stdout.split()
            if ids:
                subprocess.run(engine.words("rm", "-f", *ids), capture_output=True)
            engine.stop()


def breakdown(apus):
    """The steps of a start, as the server traced them (debug log of the last start)."""
    log = pathlib.Path(apus.log.name).read_text()
    steps = re.findall(r"start trace: (.*)", log)
    if steps:
        print("\nthe start by step (last run)\n  " + steps[-1].replace(", ", "\n  "))


def smaps(pid):
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        fields[name.rstrip(":")] = int(value)
    return fields["Rss"], fields["Anonymous"], fields["Pss"]


def shims(name, marker):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                if name in words.split(b"\0")[0] and (not marker or marker in (entry / "mountinfo").read_bytes() + words):
                    found.append(int(entry.name))
    return found


class Registry:
    def __init__(self, place):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{probe.getsockname()[1]}"
        (place / "registry.yml").write_text(
            f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {place}/registry}}}}\n"
            f"http: {{addr: \"{self.host}\"}}\n")
        self.process = subprocess.Popen(["docker-registry", "serve", place / "registry.yml"], stdin=NULL, stdout=NULL,
                                        stderr=NULL)
        time.sleep(1)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def push_images(registry, names):
    subprocess.run([ROOT / "scripts/make-images.sh", registry.host], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "APUS_IMAGES": names, "APUS_BIN": str(BIN)})


def bench_memory(place, runs):
    registry = Registry(place)
    apus = start_apus(place)
    try:
        push_images(registry, "busybox big huge")
        idle = smaps(apus.process.pid)
        apus.do("pull", f"{registry.host}/big")
        apus.do("pull", f"{registry.host}/busybox")
        for _ in range(20):
            apus.do("run", "--rm", "--network", "none", f"{registry.host}/busybox", "true")
        for n in range(20):
            apus.do("run", "-d", "--name", f"m{n}", "--network", "none", f"{registry.host}/busybox", "sleep", "100000")
        time.sleep(60)
        after_runs = smaps(apus.process.pid)
        each = [smaps(pid) for pid in shims(b"apus-shim", str(place).encode())]
        apus.do("pull", f"{registry.host}/huge")
        time.sleep(60)
        print("\nmemory, KiB (RSS, anonymous, PSS)")
        print(f"  {'apusd, just started':<44}", *idle)
        print(f"  {'apusd, 60 s after a pull and 20 runs':<44}", *after_runs)
        print(f"  {'apusd, 60 s after a pull of 1 GB more':<44}", *smaps(apus.process.pid))
        means = [statistics.mean(column) for column in zip(*each)]
        print(f"  {f'apus-shim, mean over {len(each)}':<44}", *[f"{mean:.0f}" for mean in means])
    finally:
        ids = apus.do("ps", "-aq").split()
        if ids:
            apus.do("rm", "-f", *ids)
        apus.stop()
        registry.stop()


def bench_pull(place, runs):
    registry = Registry(place)
    apus, docker = start_apus(place), start_docker(place)
    try:
        push_images(registry, "big")
        image = f"{registry.host}/big"
        times = {"apus": [], "docker": []}
        for turn in range(-1, max(3, runs // 10)):
            for engine in (apus, docker):
                elapsed = timed(*engine.words("pull", image))
                subprocess.run(["sync"])
                engine.do("rmi", image)
                if turn >= 0:
                    times[engine.name].append(elapsed)
        report("pull of the big image from the same loopback registry (durable)", times, "apus")
        archive = place / "big.tar"
        apus.do("pull", image)
        apus.do("save", "-o", archive, image)
        apus.do("rmi", image)
        times = {"apus": [], "docker": []}
        for turn in range(-1, max(3, runs // 10)):
            for engine in (apus, docker):
                elapsed = timed(*engine.words("load", "-i", archive))
                subprocess.run(["sync"])
                engine.do("rmi", image)
                if turn >= 0:
                    times[engine.name].append(elapsed)
        report("unpack: load of the same image from an archive", times, "apus")
    finally:
        apus.stop()
        docker.stop()
        registry.stop()


def clear(place):
    """Ends what still runs from the place, also after a bench that failed, and takes its cgroups, mounts and files."""
    doomed = [int(process.name) for process in pathlib.Path("/proc").glob("[0-9]*")
              if names(process / "cmdline", str(place)) and int(process.name) != os.getpid()]
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["runtime", "engine", "memory", "pull"])
    parser.add_argument("-n", "--runs", type=int, default=100)
    arguments = parser.parse_args()
    benches = {"runtime": bench_runtime, "engine": bench_engine, "memory": bench_memory, "pull": bench_pull}
    for what in arguments.what:
        place = pathlib.Path(tempfile.mkdtemp(prefix="apus-bench-", dir="/tmp"))
        try:
            benches[what](place, arguments.runs)
        finally:
            clear(place)


if __name__ == "__main__":
    main()
