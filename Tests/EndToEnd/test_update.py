"""Limits and published ports that are changed while a container lives, runs or not, and what a failure leaves."""

import json
import pathlib
import socket
import subprocess
import time

import docker
import pytest

from conftest import eventually, run

MiB = 1 << 20


@pytest.fixture
def server(own_server):
    yield own_server
    own_server.remove_all()
    own_server.stop()
    own_server.assert_no_network_left()


def limit(server, name, file):
    """A control file of a container's cgroup, by its names on the two versions of cgroups."""
    identifier = server.inspect(name)["Id"]
    for folder in server.cgroups():
        for candidate in [file] if isinstance(file, str) else file:
            if folder.name == identifier and (folder / candidate).exists():
                return (folder / candidate).read_text().strip()
    return None


MEMORY = ["memory.limit_in_bytes", "memory.max"]
RESERVATION = ["memory.soft_limit_in_bytes", "memory.low"]


def sleeper(server, name, *options):
    server.docker("run", "-d", "--name", name, *options, "busybox", "sleep", "1000", check=0)


def events_of(server, name, action):
    listed = server.docker("events", "--since", "1", "--until", str(time.time()), "--filter", f"container={name}", "--filter",
                           f"event={action}", "--format", "{{.Action}}", check=0)
    return listed.stdout.split()


def test_limits_of_a_running_container(server):
    sleeper(server, "vv", "-m", "64m")
    done = server.docker("update", "-m", "96m", "--memory-swap", "-1", "--memory-reservation", "32m", "--pids-limit", "17",
                         "--cpus", "0.5", "--cpuset-cpus", "0", "vv", check=0)
    assert done.stdout == "vv\n"
    assert limit(server, "vv", MEMORY) == str(96 * MiB) and limit(server, "vv", RESERVATION) == str(32 * MiB)
    assert limit(server, "vv", "pids.max") == "17" and limit(server, "vv", "cpuset.cpus") == "0"
    assert limit(server, "vv", ["cpu.cfs_quota_us", "cpu.max"]).split()[0] == "50000"
    host = server.inspect("vv")["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["MemoryReservation"]) == (96 * MiB, -1, 32 * MiB)
    assert (host["PidsLimit"], host["NanoCpus"], host["CpusetCpus"]) == (17, 500_000_000, "0")
    assert events_of(server, "vv", "update") == ["update"]
    # Both at once, in both directions: each is checked against the other by the kernel.
    server.docker("update", "-m", "256m", "--memory-swap", "300m", "vv", check=0)
    assert limit(server, "vv", "pids.max") == "17" and limit(server, "vv", "cpuset.cpus") == "0"
    server.docker("update", "-m", "32m", "--memory-swap", "32m", "--memory-reservation", "16m", "vv", check=0)
    server.docker("update", "-m", "512m", "--memory-swap", "1g", "--pids-limit", "-1", "vv", check=0)
    assert limit(server, "vv", MEMORY) == str(512 * MiB) and limit(server, "vv", "pids.max") == "max"
    # It is so after a restart of the server, and of the container.
    server.restart()
    assert limit(server, "vv", MEMORY) == str(512 * MiB)
    server.docker("stop", "-t", "0", "vv", check=0)
    server.docker("start", "vv", check=0)
    assert limit(server, "vv", MEMORY) == str(512 * MiB) and limit(server, "vv", "cpuset.cpus") == "0"
    assert server.inspect("vv")["HostConfig"]["MemorySwap"] == 1024 * MiB


def test_limits_of_a_container_that_does_not_run(server):
    server.docker("create", "--name", "vv", "-m", "64m", "busybox", "sleep", "1000", check=0)
    server.docker("update", "-m", "100m", "--pids-limit", "9", "--cpu-shares", "512", "vv", check=0)
    # The limit of memory and swap stays what it was by the creation.
    assert server.inspect("vv")["HostConfig"]["MemorySwap"] == 128 * MiB
    server.docker("start", "vv", check=0)
    assert limit(server, "vv", MEMORY) == str(100 * MiB) and limit(server, "vv", "pids.max") == "9"
    assert limit(server, "vv", ["cpu.shares", "cpu.weight"]) in ("512", "59")
    server.docker("stop", "-t", "0", "vv", check=0)
    server.docker("update", "--pids-limit", "11", "vv", check=0)
    server.docker("start", "vv", check=0)
    assert limit(server, "vv", "pids.max") == "11"


def test_a_memory_limit_below_what_is_used(server):
    server.docker("run", "-d", "--name", "vv", "-m", "128m", "busybox", "sh", "-c",
                  "dd if=/dev/zero of=/dev/shm/x bs=1M count=48; echo full; sleep 1000", "--shm-size", check=0)
    eventually(lambda: "full" in server.docker("logs", "vv").stdout, what="the memory is full")
    server.docker("update", "--pids-limit", "50", "vv", check=0)
    refused = server.docker("update", "-m", "16m", "--memory-swap", "16m", "--pids-limit", "60", "vv")
    identifier = server.inspect("vv")["Id"]
    assert refused.returncode == 1 and f"Cannot update container {identifier}: " in refused.stderr
    assert f"cannot limit memory to {16 * MiB} bytes" in refused.stderr
    # Everything or nothing.
    assert limit(server, "vv", MEMORY) == str(128 * MiB) and limit(server, "vv", "pids.max") == "50"
    host = server.inspect("vv")["HostConfig"]
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (128 * MiB, 256 * MiB, 50)
    assert server.inspect("vv")["State"]["Running"]
    assert events_of(server, "vv", "update") == ["update"]


@pytest.mark.parametrize("made, words, status, sentence", [
    ("-m 64m", "-m 256m", 409, "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at "
                               "the same time"),
    ("", "-m 64m", 409, "Memory limit should be smaller than already set memoryswap limit"),
    ("", "-m 4m --memory-swap -1", 400, "Minimum memory limit allowed is 6MB"),
    ("", "--memory-swap 64m", 400, "You should always set the Memory limit when using Memoryswap limit, see usage"),
    ("-m 64m", "--memory-swap 32m", 400, "Minimum memoryswap limit should be larger than memory limit, see usage"),
    ("-m 64m", "--memory-reservation 65m", 400, "can not be less than memory reservation limit"),
    ("--cpus 1", "--cpu-quota 5000", 409, "CPU Quota cannot be updated as NanoCPUs has already been set"),
    ("--cpu-period 10000", "--cpus 1", 409, "Nano CPUs cannot be updated as CPU Period has already been set"),
    ("", "--cpus 9999", 400, "range of CPUs is from 0.01 to"),
    ("", "--cpuset-cpus x", 400, "invalid CPU or memory node list x"),
    ("", "--cpuset-cpus 4000", 0, "cannot set cpuset.cpus to 4000"),
    ("", "--blkio-weight 5", 400, "Range of blkio weight is from 10 to 1000"),
    ("", "--kernel-memory 50m", 501, "KernelMemory is not supported yet"),
    ("", "--cpu-rt-runtime 50", 501, "the realtime CPU limit is not supported yet"),
    ("", "--restart always", 501, "restart policy always is not supported yet"),
    ("--rm", "--restart always", 409, "Restart policy cannot be updated because AutoRemove is enabled"),
    ("", "--restart sometimes", 400, "invalid restart policy: unknown policy 'sometimes'"),
])
def test_updates_that_cannot_be(server, made, words, status, sentence):
    sleeper(server, "vv", *made.split())
    before = server.inspect("vv")
    files = {file: limit(server, "vv", file) for file in ["pids.max", "cpuset.cpus", *MEMORY, "cpu.cfs_quota_us", "cpu.max"]}
    refused = server.apus("update", "--pids-limit", "33", *words.split(), "vv")
    assert refused.returncode == 1 and sentence in refused.stderr
    assert ("Cannot update container" in refused.stderr) == (status in (409, 0))
    assert server.inspect("vv") == before
    assert {file: limit(server, "vv", file) for file in files} == files
    assert events_of(server, "vv", "update") == []


def test_what_an_update_is_asked_by_hand(server):
    sleeper(server, "vv")
    client = docker.APIClient(base_url=server.host)
    for body, sentence in [({"Devices": [{"PathOnHost": "/dev/null"}]}, "changing Devices is not supported yet"),
                           ({"CgroupParent": "/elsewhere"}, "changing CgroupParent is not supported yet"),
                           ({"Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 1}]}, "changing Ulimits is not supported"),
                           ({"NetworkBandwidth": {"Receive": 1000}}, "invalid network bandwidth: 1000 bits a second"),
                           ({"PublishRemove": ["x"]}, 'invalid port specification: "x"'),
                           ({"PublishRemove": ["here:80/tcp"]}, 'invalid port specification: "here"'),
                           ({"PublishAdd": {"80/tcp": []}}, "no binding for 80/tcp"),
                           ({"BlkioDeviceReadBps": [{"Path": "/dev/nosuch", "Rate": 1}]}, "/dev/nosuch")]:
        answer = client._post_json(client._url("/containers/{0}/update", "vv"), data=body)
        assert answer.status_code >= 400 and sentence in answer.json()["message"], answer.text
    missing = client._post_json(client._url("/containers/{0}/update", "nobody"), data={})
    assert missing.status_code == 404 and missing.json()["message"] == "No such container: nobody"
    # Nothing that changes anything is fine.
    assert client._post_json(client._url("/containers/{0}/update", "vv"), data={}).json() == {"Warnings": None}
    client.close()


def test_limits_of_block_devices(server, tmp_path):
    image = tmp_path / "disk"
    image.write_bytes(b"\0" * MiB)
    device = run("losetup", "-f", "--show", image, check=0).stdout.strip()
    try:
        sleeper(server, "vv", "--device-read-bps", f"{device}:1mb")
        files = ["blkio.throttle.read_bps_device", "io.max"]
        number = limit(server, "vv", files).split()[0]
        client = docker.APIClient(base_url=server.host)

        def update(body):
            answer = client._post_json(client._url("/containers/{0}/update", "vv"), data=body)
            assert answer.status_code == 200, answer.text
        update({"BlkioDeviceReadBps": [{"Path": device, "Rate": 2 * MiB}],
                "BlkioDeviceWriteIOps": [{"Path": device, "Rate": 77}]})
        assert f"{2 * MiB}" in limit(server, "vv", files) and number in limit(server, "vv", files)
        assert "77" in limit(server, "vv", ["blkio.throttle.write_iops_device", "io.max"])
        assert server.inspect("vv")["HostConfig"]["BlkioDeviceReadBps"] == [{"Path": device, "Rate": 2 * MiB}]
        update({"BlkioDeviceReadBps": [{"Path": device, "Rate": 0}]})
        assert str(2 * MiB) not in limit(server, "vv", files)
        assert server.inspect("vv")["HostConfig"]["BlkioDeviceReadBps"] is None
        client.close()
    finally:
        run("losetup", "-d", device)


def test_docker_py_updates(server):
    client = docker.DockerClient(base_url=server.host)
    container = client.containers.run("busybox", "sleep 1000", detach=True, name="vv")
    assert container.update(mem_limit="64m", memswap_limit="128m", cpu_shares=300, cpuset_cpus="0") == {"Warnings": None}
    container.reload()
    assert container.attrs["HostConfig"]["Memory"] == 64 * MiB and container.attrs["HostConfig"]["CpuShares"] == 300
    with pytest.raises(docker.errors.APIError, match="Memory limit should be smaller"):
        container.update(mem_limit="1g")
    container.update(restart_policy={"Name": "no", "MaximumRetryCount": 0})
    container.remove(force=True)
    client.close()


# MARK: Ports

ECHO = """
import socket, socketserver, sys

class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while line := self.request.recv(100):
            self.request.sendall(line)

class Server(socketserver.ThreadingTCPServer):
    address_family, allow_reuse_address, daemon_threads = socket.AF_INET6, True, True

with Server(("::", int(sys.argv[1])), Handler) as server:
    print("ready", flush=True)
    server.serve_forever()
"""


@pytest.fixture
def echo(server):
    """Starts servers of this machine's in a container's network, which say again what they are told."""
    made = []

    def start(name, port):
        namespace = server.inspect(name)["NetworkSettings"]["SandboxKey"]
        process = subprocess.Popen(["nsenter", f"--net={namespace}", "/usr/bin/python3", "-c", ECHO, str(port)],
                                   stdout=subprocess.PIPE)
        made.append(process)
        assert process.stdout.readline() == b"ready\n"
    yield start
    for process in made:
        process.kill()
        process.wait()
        process.stdout.close()


def answers(port, host="127.0.0.1"):
    try:
        with socket.create_connection((host, port), 3) as connection:
            connection.settimeout(3)
            connection.sendall(b"hello")
            return connection.recv(100) == b"hello"
    except OSError:
        return False


def published(server, name):
    """(container's port, address, port of this machine), as inspect has it; what is published at all addresses once."""
    ports = server.inspect(name)["NetworkSettings"]["Ports"]
    found = {(port, binding["HostIp"], binding["HostPort"]) for port, bindings in ports.items() for binding in bindings or []}
    return sorted(entry for entry in found if entry[1] != "::" or (entry[0], "0.0.0.0", entry[2]) not in found)


def is_free(port, host="0.0.0.0"):
    try:
        socket.create_server((host, port)).close()
        return True
    except OSError:
        return False


def test_ports_of_a_running_container(server, echo):
    sleeper(server, "web", "-p", "18080:80")
    echo("web", 80)
    assert answers(18080) and not answers(18081)
    assert server.apus("update", "--publish-add", "18081:80", "--publish-add", "127.0.0.1:18082:80", "web").stdout == "web\n"
    assert answers(18080) and answers(18081) and answers(18082)
    assert not is_free(18081) and not is_free(18082, "127.0.0.1")
    assert published(server, "web") == [
        ("80/tcp", "0.0.0.0", "18080"), ("80/tcp", "0.0.0.0", "18081"), ("80/tcp", "127.0.0.1", "18082")]
    assert "0.0.0.0:18081" in server.docker("port", "web", check=0).stdout
    assert "0.0.0.0:18081->80/tcp" in server.docker("ps", "--format", "{{.Ports}}", check=0).stdout
    assert events_of(server, "web", "update") == ["update"]
    # A connection lives on when its port is taken back; no new one comes in.
    with socket.create_connection(("127.0.0.1", 18081), 3) as living:
        living.sendall(b"one")
        assert living.recv(10) == b"one"
        server.apus("update", "--publish-rm", ":18081", check=1)
        server.apus("update", "--publish-rm", ":18081", "web", check=0)
        assert not answers(18081) and answers(18080) and is_free(18081)
        living.settimeout(3)
        living.sendall(b"two")
        assert living.recv(10) == b"two"
    # The host's port may go on to another of the container's.
    echo("web", 81)
    server.apus("update", "--publish-rm", ":18082", "--publish-add", "18082:81", "web", check=0)
    assert answers(18082) and ("81/tcp", "0.0.0.0", "18082") in published(server, "web")
    server.apus("update", "--publish-rm", "80", "web", check=0)
    assert published(server, "web") == [("81/tcp", "0.0.0.0", "18082")] and not answers(18080)
    assert server.inspect("web")["HostConfig"]["PortBindings"] == {"81/tcp": [{"HostIp": "", "HostPort": "18082"}]}
    # It is so after the death of the server, and after a restart of the container.
    server.kill()
    assert answers(18082)
    server.start()
    assert answers(18082) and not is_free(18082) and is_free(18080)
    server.docker("stop", "-t", "0", "web", check=0)
    server.docker("start", "web", check=0)
    assert published(server, "web") == [("81/tcp", "0.0.0.0", "18082")]


def test_ports_of_a_container_that_does_not_run(server, echo):
    server.docker("create", "--name", "web", "-p", "18100:80", "-p", "18110-18120:90", "busybox", "sleep", "1000", check=0)
    server.apus("update", "--publish-add", "18101:80/tcp", "--publish-add", "[::]:18102:80", "--publish-rm", ":18100", "web",
                check=0)
    assert server.inspect("web")["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "", "HostPort": "18101"}, {"HostIp": "::", "HostPort": "18102"}],
        "90/tcp": [{"HostIp": "", "HostPort": "18110-18120"}]}
    assert is_free(18101)
    server.apus("update", "--publish-rm", "[::]:18102", "--publish-rm", "90", "web", check=0)
    server.restart()
    server.docker("start", "web", check=0)
    echo("web", 80)
    assert answers(18101) and published(server, "web") == [("80/tcp", "0.0.0.0", "18101")]
    server.docker("stop", "-t", "0", "web", check=0)
    missing = server.apus("update", "--publish-rm", "18101", "web")
    assert missing.returncode == 1 and "port 18101/tcp is not published" in missing.stderr
    twice = server.apus("update", "--publish-add", "127.0.0.1:18101:99", "web")
    assert twice.returncode == 1 and "Bind for 127.0.0.1:18101 failed: port is already allocated" in twice.stderr


@pytest.mark.parametrize("runs", [True, False])
def test_ports_are_taken_back_as_they_were_published(server, runs):
    def left():
        if runs:
            return [(port, address, number) for port, address, number in published(server, "web") if address != "::"]
        bindings = server.inspect("web")["HostConfig"]["PortBindings"]
        return sorted((port, one["HostIp"] or "0.0.0.0", one["HostPort"]) for port, all in bindings.items() for one in all)

    def remove(*ports, check=0):
        return server.apus("update", *[word for port in ports for word in ["--publish-rm", port]], "web", check=check)
    forms = ["18110:80", "127.0.0.1:18111:80/tcp", "[::1]:18112:80", "18113-18115:90-92", "18116:80/udp"]
    server.docker("create", "--name", "web", *[word for form in forms for word in ["-p", form]], "-p", "18117:70", "busybox",
                  "sleep", "1000", check=0)
    if runs:
        server.docker("start", "web", check=0)
    assert len(left()) == 8
    # The port of the machine is that of another of the container's, of another address or protocol.
    for form in ["18110:81", "127.0.0.1:18110:80", "18116:80", "18114-18115:90", "18110-18111:80-81"]:
        done = remove(form, check=1)
        assert "is not published" in done.stderr
    assert len(left()) == 8
    for form in forms:
        before = len(left())
        remove(form)
        assert len(left()) == before - (3 if "-" in form else 1), form
    assert left() == [("70/tcp", "0.0.0.0", "18117")]
    remove("70")
    assert left() == []
    for wrong in ["8080:x", "1:2:3", "8080-8081:80-82", "80/ftp", "x"]:
        done = remove(wrong, check=125)
        assert f'invalid argument "{wrong}" for "--publish-rm" flag: ' in done.stderr and "what --publish-add takes" in done.stderr


def test_ports_that_were_chosen_by_the_server(server, echo):
    sleeper(server, "all", "-P", "--expose", "70", "--expose", "71", "--expose", "72/udp")
    before = {port: number for port, _, number in published(server, "all")}
    assert set(before) == {"70/tcp", "71/tcp", "72/udp"}
    server.apus("update", "--publish-rm", "71", "--publish-add", "18200:70", "all", check=0)
    assert published(server, "all") == sorted([
        ("70/tcp", "0.0.0.0", before["70/tcp"]), ("70/tcp", "0.0.0.0", "18200"), ("72/udp", "0.0.0.0", before["72/udp"])])
    # The others are published by the next start, too, each at some port; the one that was taken back is not.
    server.docker("stop", "-t", "0", "all", check=0)
    server.docker("start", "all", check=0)
    after = published(server, "all")
    assert [port for port, _, _ in after] == ["70/tcp", "70/tcp", "72/udp"] and ("70/tcp", "0.0.0.0", "18200") in after
    # One of several free ones, taken back by the number that the server chose.
    sleeper(server, "any", "-p", "80", "-p", "80", "-p", "18210-18220:80")
    numbers = [number for _, _, number in published(server, "any")]
    free = [number for number in numbers if number != "18210"]
    server.apus("update", "--publish-rm", f":{free[0]}", "any", check=0)
    bindings = server.inspect("any")["HostConfig"]["PortBindings"]["80/tcp"]
    assert sorted(binding["HostPort"] for binding in bindings) == ["", "18210-18220"]
    server.apus("update", "--publish-rm", ":18210", "--publish-add", "80", "any", check=0)
    assert len(published(server, "any")) == 2


def test_ports_of_both_families(server, echo):
    server.docker("network", "create", "--ipv6", "--subnet", "2001:db8:1::/64", "six", check=0)
    sleeper(server, "web", "--network", "six", "-p", "18300:80")
    echo("web", 80)
    server.apus("update", "--publish-rm", "0.0.0.0:18300", "web", check=0)
    assert published(server, "web") == [("80/tcp", "::", "18300")] and not answers(18300)
    assert server.inspect("web")["HostConfig"]["PortBindings"]["80/tcp"] == [{"HostIp": "::", "HostPort": "18300"}]
    server.apus("update", "--publish-add", "18301:80", "web", check=0)
    server.apus("update", "--publish-rm", "[::]:18301", "--publish-rm", "[::]:18300", "web", check=0)
    assert published(server, "web") == [("80/tcp", "0.0.0.0", "18301")] and answers(18301)
    server.apus("update", "--publish-add", "[::1]:18302:80", "web", check=0)
    assert ("80/tcp", "::1", "18302") in published(server, "web")
    # The same of one that does not run.
    server.docker("create", "--name", "still", "--network", "six", "-p", "18310:80", "busybox", "true", check=0)
    server.apus("update", "--publish-rm", "[::]:18310", "still", check=0)
    assert server.inspect("still")["HostConfig"]["PortBindings"]["80/tcp"] == [{"HostIp": "0.0.0.0", "HostPort": "18310"}]
    server.docker("rm", "-f", "web", "still", check=0)
    server.docker("network", "rm", "six", check=0)


def test_ports_that_are_taken(server, echo):
    sleeper(server, "other", "-p", "18400:80")
    sleeper(server, "web", "-p", "18401:80", "-p", "18402:80")
    echo("web", 80)
    before, rules = server.inspect("web"), run("nft", "list", "ruleset", check=0).stdout

    def refused(*words):
        done = server.apus("update", "--pids-limit", "44", *words, "web")
        assert done.returncode == 1 and f"Cannot update container {before['Id']}: " in done.stderr
        # Nothing has changed.
        assert server.inspect("web") == before and run("nft", "list", "ruleset", check=0).stdout == rules
        assert answers(18401) and answers(18402) and not is_free(18401) and is_free(18409)
        assert limit(server, "web", "pids.max") != "44"
        return done.stderr
    assert "Bind for 0.0.0.0:18400 failed: port is already allocated" in refused(
        "--publish-rm", ":18401", "--publish-add", "18409:80", "--publish-add", "18400:80")
    assert "Bind for 0.0.0.0:18401 failed: port is already allocated" in refused("--publish-add", "18401:90")
    with socket.create_server(("127.0.0.1", 18403)):
        assert "address already in use" in refused("--publish-rm", "80", "--publish-add", "18403:80")
    assert "port :18404/tcp is not published" in refused("--publish-rm", ":18404")
    assert "cannot set cpuset.cpus to 4000" in refused("--publish-rm", "80", "--publish-add", "18409:80", "--cpuset-cpus",
                                                        "4000")
    shared = server.docker("create", "--network", "container:other", "busybox", "true", check=0).stdout.strip()
    conflict = server.apus("update", "--publish-add", "18405:80", shared)
    assert conflict.returncode == 1 and "port publishing and the container type network mode" in conflict.stderr
    server.docker("create", "--name", "inhost", "--network", "host", "busybox", "true", check=0)
    warned = server.apus("update", "--publish-add", "18405:80", "inhost", check=0)
    assert "Published ports are discarded when using host network mode" in warned.stdout


def test_ports_after_others_have_flushed_the_rules(server, echo):
    sleeper(server, "web", "-p", "18500:80", "-p", "18501:80")
    echo("web", 80)
    run("nft", "flush", "ruleset", check=0)
    server.apus("update", "--publish-rm", ":18500", "--publish-add", "18502:80", "web", check=0)
    assert answers(18501) and answers(18502) and not answers(18500)


@pytest.mark.parametrize("action", ["die", "error"])
@pytest.mark.parametrize("point", ["before-record", "after-record", "after-limits", "after-publish"])
def test_an_update_that_is_interrupted(server, echo, point, action):
    sleeper(server, "web", "-m", "64m", "-p", "18600:80")
    server.restart(failpoints=f"update.{point}={action}")
    echo("web", 80)
    done = server.apus("update", "-m", "96m", "--pids-limit", "21", "--publish-rm", ":18600", "--publish-add", "18601:80", "web")
    assert done.returncode == 1
    if action == "die":
        server.process.wait(10)
        server.start()
    else:
        assert f"failpoint update.{point}" in done.stderr
    isDone = action == "die" and point != "before-record"
    # All of it, or nothing: in the configuration, in the cgroup, in the filter and in the ports that are held.
    shown = server.inspect("web")
    host = shown["HostConfig"]
    assert (host["Memory"], host["PidsLimit"] or 0) == ((96 * MiB, 21) if isDone else (64 * MiB, 0))
    assert limit(server, "web", MEMORY) == str((96 if isDone else 64) * MiB)
    assert limit(server, "web", "pids.max") == ("21" if isDone else "max")
    old, new = (18601, 18600) if isDone else (18600, 18601)
    assert published(server, "web") == [("80/tcp", "0.0.0.0", str(old))]
    assert answers(old) and not answers(new) and not is_free(old) and is_free(new)
    written = json.loads((pathlib.Path(server.data_root) / "containers" / shown["Id"] / "container.json").read_text())
    assert written["configuration"]["request"]["HostConfig"]["PortBindings"]["80/tcp"][0]["HostPort"] == str(old)
    assert "unapplied" not in written["configuration"]
    server.docker("stop", "-t", "0", "web", check=0)
    server.docker("start", "web", check=0)
    assert published(server, "web") == [("80/tcp", "0.0.0.0", str(old))]
    assert limit(server, "web", MEMORY) == str((96 if isDone else 64) * MiB)
