"""Five hundred lives of containers in networks, many at once, with the server killed among them: what there was of the
kernel's objects before is what there is after."""

import concurrent.futures
import contextlib
import difflib
import os
import pathlib
import re
import signal
import socket
import sqlite3
import threading
import time

import docker
import pytest
import requests

from conftest import eventually, run

CYCLES, WORKERS, DEATHS = 500, 6, 6
PORT = 19400
# Room for thirteen containers: an address that is lost in every fortieth cycle would already be missed.
SUBNET, ROOM = "10.78.0.0/28", 13

# What a client gets whose server dies: nothing can be reached, or the answer ends in its middle.
DIED = (requests.exceptions.RequestException, docker.errors.APIError)


@pytest.fixture
def server(network_server):
    return network_server


def rules():
    """As nft lists them, the elements of each set in order: the kernel has none."""
    def ordered(match):
        return "elements = { " + ", ".join(sorted(" ".join(element.split()) for element in match[1].split(","))) + " }"
    return re.sub(r"elements = {([^}]*)}", ordered, run("nft", "list", "ruleset", check=0).stdout)


def footprint(server):
    """All that containers in networks cost this machine, counted where the kernel, the database and the disk have it."""
    database = sqlite3.connect(f"file:{server.data_root}/apus.db?mode=ro", uri=True)
    with contextlib.closing(database):
        grants = database.execute("SELECT count(*) FROM networkGrant").fetchone()[0]
        rows = database.execute("SELECT count(*) FROM container").fetchone()[0]
    return {
        "links": run("ip", "-o", "link", check=0).stdout.count("\n"),
        # Every namespace that has, or had, a cable to this one and still lives, whoever holds it.
        "namespaces": run("ip", "netns", "list-id", check=0).stdout.count("nsid"),
        "rules": rules(),
        "routes": run("ip", "route", "show", "table", "all", check=0).stdout.count("\n"),
        "grants": grants, "containers": rows,
        "cgroups": len(server.cgroups()), "mounts": len(server.mounts()), "shims": len(server.shims()),
        "dead": len(unburied(server)),
        "exec root": files(server.exec_root), "data root": files(server.data_root / "containers"),
        "half made": files(server.data_root / "tmp"),
    }


def files(root):
    return sorted(os.path.relpath(os.path.join(folder, name), root) for folder, names, others in os.walk(root)
                  for name in names + others)


def unburied(server):
    children = pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/children")
    pids = [pid for listed in children for pid in listed.read_text().split()]
    return [pid for pid in pids if " Z " in pathlib.Path(f"/proc/{pid}/stat").read_text()]


def descriptors(server):
    return len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()))


class Worker:
    """Starts and ends containers of one name and one port, in a different way each time."""

    def __init__(self, server, number, network):
        self.server, self.network = server, network
        self.name, self.heir, self.port = f"worker{number}", f"heir{number}", PORT + number
        self.client = docker.APIClient(base_url=server.host, timeout=60)
        self.deaths = 0

    def cycle(self, turn):
        ways = [self.run_and_remove, self.kill, self.remove, self.stop_and_start_again, self.lose_its_shim, self.inherit]
        try:
            ways[turn % len(ways)]()
        except DIED:
            if not self.server.is_dying.is_set():
                raise
            self.deaths += 1
            self.start_over()

    def start_over(self):
        """The server has died in the middle of it: whatever there is of the container by now goes."""
        def is_gone(name):
            try:
                self.client.remove_container(name, force=True)
            except docker.errors.NotFound:
                return True
            except DIED:
                return False
            return True
        for name in [self.name, self.heir]:
            eventually(lambda: is_gone(name), 60, f"{name} is gone")

    def start(self, command, name=None):
        name = name or self.name
        host = self.client.create_host_config(network_mode=self.network, port_bindings={80: self.port})
        self.client.create_container("busybox", command, name=name, ports=[80], host_config=host)
        self.client.start(name)

    def run_and_remove(self):
        done = self.server.docker("run", "--rm", "--name", self.name, "--network", self.network, "-p", f"{self.port}:80",
                                  "busybox", "true")
        if done.returncode:
            raise docker.errors.APIError(done.stderr)

    def kill(self):
        self.start("sleep 1000")
        self.client.kill(self.name)
        self.client.wait(self.name)
        self.client.remove_container(self.name)

    def remove(self):
        self.start("sleep 1000")
        self.client.remove_container(self.name, force=True)

    def stop_and_start_again(self):
        self.start("sleep 1000")
        self.client.stop(self.name, timeout=0)
        self.client.start(self.name)
        self.client.remove_container(self.name, force=True)

    def lose_its_shim(self):
        self.start("sleep 1000")
        pid = self.client.inspect_container(self.name)["State"]["Pid"]
        with contextlib.suppress(ProcessLookupError):
            parent = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            assert parent in self.server.shims()
            os.kill(parent, signal.SIGKILL)
        self.client.wait(self.name)
        self.client.remove_container(self.name)

    def inherit(self):
        """Who has waited for an end has the port at once."""
        self.start("sleep 1000")
        self.client.stop(self.name, timeout=0)
        self.start("true", self.heir)
        self.client.wait(self.heir)
        for name in [self.name, self.heir]:
            self.client.remove_container(name)


def work(worker, turns):
    with contextlib.closing(worker.client):
        for turn in turns:
            worker.cycle(turn)
    return len(turns)


def wait_until_as(before, server):
    """Waits until the footprint is `before`; what was removed last may still be on its way."""
    def differs():
        now = footprint(server)
        return {key: (before[key], now[key]) for key in before if now[key] != before[key]}
    with contextlib.suppress(AssertionError):
        eventually(lambda: not differs(), 20)
    for key, (one, other) in differs().items():
        print(key, "\n".join(difflib.unified_diff(str(one).splitlines(), str(other).splitlines(), lineterm="", n=1)))
    assert not differs()


def test_nothing_is_left_after_five_hundred_lives(server):
    server.is_dying = threading.Event()
    server.docker("network", "create", "--subnet", SUBNET, "lane", check=0)
    server.docker("run", "-d", "--name", "stays", "--network", "lane", "-p", "19399:80", "busybox", "httpd", "-f", "-p", "80",
                  "-h", "/etc", check=0)
    server.docker("run", "--rm", "busybox", "true", check=0)
    time.sleep(1)
    before, held = footprint(server), descriptors(server)
    networks = ["lane", "bridge", "lane"]
    workers = [Worker(server, number, networks[number % 3]) for number in range(WORKERS)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(work, worker, range(number, CYCLES, WORKERS)) for number, worker in enumerate(workers)]
        for _ in range(DEATHS):
            concurrent.futures.wait(jobs, timeout=2, return_when=concurrent.futures.FIRST_EXCEPTION)
            server.is_dying.set()
            server.kill()
            server.start()
            # Who was in the middle of something has noticed by then.
            concurrent.futures.wait(jobs, timeout=1, return_when=concurrent.futures.FIRST_EXCEPTION)
            server.is_dying.clear()
        assert sum(job.result() for job in jobs) == CYCLES
    assert sum(worker.deaths for worker in workers) > 0
    # A server that starts tells the filter of the networks that are in use: as before, of the default one, too.
    server.docker("run", "--rm", "busybox", "true", check=0)
    wait_until_as(before, server)
    eventually(lambda: descriptors(server) <= held + 4, 20, "no descriptor is kept")
    # The one that lived through it all is still reached, all ports are free, and so is every address.
    with socket.create_connection(("127.0.0.1", 19399), 3):
        pass
    for worker in workers:
        socket.create_server(("0.0.0.0", worker.port)).close()
    for number in range(ROOM - 1):
        server.docker("run", "-d", "--name", f"room{number}", "--network", "lane", "busybox", "sleep", "1000", check=0)
    assert "no available IPv4 addresses" in server.docker("run", "--rm", "--network", "lane", "busybox", "true").stderr
