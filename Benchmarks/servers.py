"""The servers under test, the registry that they pull from, and the images that they run."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from measuring import NULL
from place import namespaces, network_of, runtime_files

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("APUS_BIN", ROOT / ".build-release/release"))


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


def busybox_tar(place):
    folder = place / "bb"
    busybox_rootfs(folder)
    tar = place / "bb.tar"
    subprocess.run(["tar", "-C", folder, "-cf", tar, "."], check=True)
    return tar


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

    def end(self):
        """Removes its containers and stops it."""
        ids = subprocess.run(self.words("ps", "-aq"), capture_output=True, text=True).stdout.split()
        if ids:
            subprocess.run(self.words("rm", "-f", *ids), capture_output=True)
        self.stop()


def start_apus(place):
    host = f"unix://{place}/apus.sock"
    (place / "daemon.json").write_text("{}")
    return Engine("apus", [BIN / "apusd", "-H", host, "--data-root", place / "apus", "--exec-root", runtime_files(place) / "apus",
                           "--pidfile", place / "apusd.pid", "--config-file", place / "daemon.json",
                           "--cgroup-parent", f"/{place.name}"], BIN / "apus", host, "apusd")


def start_docker(place, bridged=False):
    """dockerd; with `bridged`, in a network namespace of its own, where it does with bridges and rules as it likes."""
    host = f"unix://{place}/docker.sock"
    (place / "docker.json").write_text("{}")
    prefix, network = [], ["--bridge", "none", "--iptables=false", "--ip6tables=false"]
    if bridged:
        prefix, network = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"], []
    docker = Engine("docker", [*prefix, "dockerd", "-H", host, "--data-root", place / "docker", "--exec-root", runtime_files(place) / "docker",
                             "--pidfile", place / "dockerd.pid", "--config-file", place / "docker.json", "--cgroup-parent",
                                       f"/{place.name}-docker", *network], shutil.which("docker"), host, "dockerd")
    if bridged:
        namespaces.add(network_of(docker.process.pid))
    return docker


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
