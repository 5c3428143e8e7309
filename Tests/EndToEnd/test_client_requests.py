"""What the client sends and prints, against a server that only records: no engine is needed.

Where Docker's own client is there, both are given the same words, and what they ask for must be the same.
"""

import http.server
import json
import pathlib
import re
import socketserver
import tempfile
import threading
import urllib.parse

import pytest

from conftest import BIN, DOCKER, run

ID = "0123456789abcdef" * 4

NETWORKS = [
    {"Name": name, "Id": digit * 64, "Created": "2025-01-02T03:04:05.5Z", "Scope": "local", "Driver": driver,
     "EnableIPv4": True, "EnableIPv6": digit == "b",
     "IPAM": {"Driver": "default", "Options": None, "Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]},
     "Internal": False, "Attachable": False, "Ingress": False, "ConfigFrom": {"Network": ""}, "ConfigOnly": False,
     "Containers": {}, "Options": {}, "Labels": labels}
    for name, digit, driver, labels in [
        ("n10", "a", "bridge", {"k": "v", "l": "w"}), ("n2", "b", "macvlan", {}), ("bridge", "c", "bridge", {}),
        ("none", "d", "null", {})]
]

PORTS = {
    "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
    "443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "443"}], "53/udp": None, "9/sctp": [],
}

SUMMARY_PORTS = (
    [{"PrivatePort": port, "Type": "tcp"} for port in (9000, 9001, 9002, 9005)]
    + [{"IP": address, "PrivatePort": port, "PublicPort": port, "Type": "tcp"}
       for port in (7000, 7001) for address in ("0.0.0.0", "::")]
    + [{"IP": address, "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"} for address in ("0.0.0.0", "::")]
    + [{"PrivatePort": 53, "Type": "udp"}, {"IP": "127.0.0.1", "PrivatePort": 53, "PublicPort": 53, "Type": "udp"}]
)


def usage(total, system):
    return {"cpu_usage": {"total_usage": total, "usage_in_kernelmode": 1, "usage_in_usermode": 2},
            "system_cpu_usage": system, "online_cpus": 4,
            "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}


STATISTICS = {
    "name": "/web", "id": ID, "read": "2025-01-02T03:04:06Z", "preread": "2025-01-02T03:04:05Z",
    "pids_stats": {"current": 7, "limit": 20}, "num_procs": 0, "storage_stats": {},
    "blkio_stats": {"io_service_bytes_recursive": [
        {"major": 8, "minor": minor, "op": op, "value": value}
        for minor, op, value in [(0, "read", 1_234_567), (0, "write", 89), (1, "Read", 1000), (1, "Write", 0)]]},
    "cpu_stats": usage(3_333_333_333, 20_000_000_000), "precpu_stats": usage(3_000_000_000, 17_000_000_000),
    "memory_stats": {"usage": 123_456_789, "limit": 4 << 30, "stats": {"inactive_file": 23_456_789, "cache": 1}},
    "networks": {name: {f"{way}_{what}": value for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")}
                 for name, value in [("eth0", 1500), ("eth1", 999_000_000)]},
}


class Recorder(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers as an engine would, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(str(path), Handler)
        self.requests = []
        self.host = f"unix://{path}"

    def clear(self):
        self.requests.clear()

    @property
    def lines(self):
        return [f"{method} {path}" for method, path, _ in self.requests]

    def body(self, ending):
        """The body of the last request whose path ends so."""
        return next(body for _, path, body in reversed(self.requests) if path.split("?")[0].endswith(ending))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.answer(200)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.endswith("/_ping"):
            return self.answer(200)
        path = self.record(None)
        if path == "/networks":
            return self.answer(200, NETWORKS)
        if path.endswith("/stats"):
            return self.answer(200, STATISTICS) if "web" in path else self.missing("container", path)
        if path.startswith("/networks/"):
            found = [network for network in NETWORKS if network["Name"] == path.split("/")[2]]
            return self.answer(200, found[0]) if found else self.missing("network", path)
        if path == "/containers/json":
            return self.answer(200, [{
                "Id": ID, "Names": ["/web"], "Image": "busybox", "ImageID": "sha256:" + ID, "Command": "sh",
                "Created": 1700000000, "Ports": SUMMARY_PORTS, "Labels": {}, "State": "running",
                "Status": "Up 3 minutes", "HostConfig": {"NetworkMode": "n2"},
                "NetworkSettings": {"Networks": {"n2": {}}}, "Mounts": []}])
        if path == "/containers/web/json":
            return self.answer(200, {
                "Id": ID, "Name": "/web", "NetworkSettings": {"Ports": PORTS, "Networks": {}}})
        return self.missing("container" if "/containers/" in path else "page", path)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        path = self.record(json.loads(self.rfile.read(length)) if length else None)
        if path == "/containers/create":
            return self.answer(201, {"Id": ID, "Warnings": []})
        if path == "/networks/create":
            return self.answer(201, {"Id": ID, "Warning": ""})
        if path == "/networks/prune":
            return self.answer(200, {"NetworksDeleted": ["n2", "n10"]})
        if path.endswith("/update"):
            if "refused" in path:
                return self.answer(501, {"message": "networks are not supported yet"})
            return self.answer(200, {"Warnings": ["swap is off"]})
        return self.answer(200)

    def do_DELETE(self):
        path = self.record(None)
        name = path.split("/")[2]
        if name not in [network["Name"] for network in NETWORKS]:
            return self.missing("network", path)
        return self.answer(204)

    def record(self, body):
        path = "/" + self.path.split("/", 2)[2]
        self.server.requests.append((self.command, path, body))
        return path.split("?")[0]

    def missing(self, kind, path):
        name = path.split("/")[2]
        sentence = f"network {name} not found" if kind == "network" else f"No such {kind}: {name}"
        self.answer(404, {"message": sentence})

    def answer(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Api-Version", "1.51")
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@pytest.fixture(scope="module")
def recorder():
    with tempfile.TemporaryDirectory() as directory:
        with Recorder(pathlib.Path(directory) / "recorder.sock") as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            yield server
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def forgotten(recorder):
    recorder.clear()


def apus(recorder, *arguments, **options):
    return run(BIN / "apus", "-H", recorder.host, *arguments, **options)


def docker(recorder, *arguments, **options):
    return run(DOCKER, "-H", recorder.host, *arguments, env={"DOCKER_API_VERSION": "1.47"}, **options)


def pruned(value):
    """A body without what stands for "not said" in one of its forms: null, empty, zero."""
    if isinstance(value, dict):
        pairs = {key: pruned(entry) for key, entry in value.items()}
        return {key: entry for key, entry in pairs.items() if entry not in (None, "", 0, False, [], {})}
    return [pruned(entry) for entry in value] if isinstance(value, list) else value


def network_part(body):
    host = body["HostConfig"]
    names = ["NetworkMode", "PortBindings", "PublishAllPorts", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "Links"]
    part = {name: host.get(name) for name in names}
    part["ExposedPorts"] = sorted(body.get("ExposedPorts") or {})
    endpoints = (body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
    part["Networks"] = sorted(endpoints)
    part["Endpoints"] = endpoints
    part["MacAddress"] = body.get("MacAddress")
    return pruned(part)


@pytest.mark.parametrize("words", [
    "",
    "--network host",
    "--network none",
    "--network container:abc",
    "--network n",
    "--network n --network m",
    "--network n --network-alias a --network-alias b --ip 10.0.0.2 --ip6 fd00::2 --mac-address 02:42:00:00:00:01",
    "--network n --network m --ip 10.0.0.2 --network-alias a",
    "--network name=n,alias=a,alias=b,ip=10.0.0.2,gw-priority=5 --network name=m,driver-opt=k=v",
    "--network name=n,mac-address=02:42:00:00:00:01,link-local-ip=169.254.1.1",
    "--network n --link x --link y:z",
    "--link x:y",
    "--ip 10.0.0.2",
    "--mac-address 02:42:00:00:00:01",
    "--link-local-ip 169.254.3.4 --network n",
    "--dns 1.1.1.1 --dns 2606:4700::1111 --dns-search example.org --dns-search . --dns-option ndots:2",
    "--add-host a:1.2.3.4 --add-host b=[fd00::1] --add-host c:host-gateway --add-host d:::1",
    "-p 80", "-p 8080:80", "-p 8080:80/udp", "-p 127.0.0.1::80", "-p 127.0.0.1:8080:80", "-p [::1]:8080:80",
    "-p [::1]::80", "-p ::1:8080:80", "-p 7000-7002:80-82", "-p 7000-7010:80", "-p 80-82", "-p 53:53/udp -p 53:53/tcp",
    "-p 8080:80 -p 8081:80", "-p 80/SCTP", "-p published=8080,target=80 -p target=81,protocol=udp",
    "-P --expose 90 --expose 100-102/udp", "-p 80:80 --expose 80",
])
def test_what_a_new_container_asks_for(recorder, words):
    arguments = ["create", *words.split(), "busybox"]
    docker(recorder, *arguments, check=0)
    expected = network_part(recorder.body("/containers/create"))
    recorder.clear()
    apus(recorder, *arguments, check=0)
    assert network_part(recorder.body("/containers/create")) == expected


def sentence(text):
    """The complaint of a client, without its name in front and the hint behind."""
    return text.strip().split("\n")[0].removeprefix("docker: ").removeprefix("apus: ")


@pytest.mark.parametrize("words", [
    "--network bridge --network-alias a", "--network n --network n", "--network n --network host",
    "--network name=n,alias=a --network-alias b", "--network name=n,ip=10.0.0.2 --ip 10.0.0.3",
    "--network name=n,ip6=fd00::1 --ip6 fd00::2", "--network name=n,foo=bar", "--network alias=x",
    "--network name=n,mac-address=02:42:00:00:00:01 --mac-address 02:42:00:00:00:02",
    "--network name=n,link-local-ip=169.254.1.1 --link-local-ip 169.254.1.2", "--mac-address nonsense",
    "--network name=n,gw-priority=x", "--dns nonsense", "--dns-search -x-", "--link a:b:c", "--add-host x",
    "--add-host h:nope", "-p x", "-p 80:x", "-p x:80", "-p 8080:80/foo", "-p 1.2.3:8080:80", "-p 1-3:1-2", "-p 70000",
    "-p 3-1", "-p published=1,target", "--expose 1:2",
])
def test_complaints_about_a_new_container(recorder, words):
    arguments = ["create", *words.split(), "busybox"]
    theirs = docker(recorder, *arguments)
    recorder.clear()
    ours = apus(recorder, *arguments)
    assert sentence(ours.stderr) == sentence(theirs.stderr)
    assert ours.returncode == theirs.returncode
    assert recorder.requests == []


@pytest.mark.parametrize("words", [
    "create n", "create --driver macvlan -o parent=eth0 -o mode=bridge --internal --attachable --label a=b n",
    "create --subnet 10.1.0.0/16 --gateway 10.1.0.1 --ip-range 10.1.2.0/24 --aux-address a=10.1.0.9 n",
    "create --ipv6 --subnet fd00:1::/64 --gateway fd00:1::1 n", "create --ipv4=false --ipv6 n",
    "create --ipam-driver d --ipam-opt x=y --config-only n", "create --config-from c --scope local n",
    "create --subnet 10.1.0.0/16,10.2.0.0/16 --subnet 10.3.0.0/16 --gateway 10.2.0.1 n",
    "connect n c", "connect --alias a,b --ip 10.0.0.2 --ip6 fd00::2 --link x:y --gw-priority -3 n c",
    "connect --driver-opt a=b --link-local-ip 169.254.1.1 n c", "disconnect n c", "disconnect -f n c",
    "prune -f --filter until=1h --filter label=a", "inspect -v n2", "ls --filter driver=bridge -f name=x",
])
def test_what_network_commands_ask_for(recorder, words):
    docker(recorder, "network", *words.split(), check=0)
    expected = [(method, unescaped(path), ordered(pruned(body))) for method, path, body in recorder.requests]
    recorder.clear()
    apus(recorder, "network", *words.split(), check=0)
    assert [(method, unescaped(path), ordered(pruned(body))) for method, path, body in recorder.requests] == expected


def unescaped(path):
    """A path with its filters in the list form; Docker's client writes them as tables of true."""
    text = urllib.parse.unquote(path)
    return re.sub(r"\{((?:\"[^\"{}]*\":true,?)+)\}", lambda match: "[" + match[1].replace(":true", "") + "]", text)


def ordered(body):
    """Docker's client keeps subnets in a table, so their order is chance."""
    if body and "Config" in body.get("IPAM", {}):
        body["IPAM"]["Config"].sort(key=lambda pool: pool["Subnet"])
    return body


@pytest.mark.parametrize("words", [
    "create --subnet x --gateway 10.0.0.1 n", "create --subnet 10.1.0.0/16 --gateway 10.2.0.1 n", "create --gateway 10.2.0.1 n",
    "create --subnet 10.1.0.0/16 --ip-range 10.2.0.0/24 n", "create --subnet 10.1.0.0/16 --aux-address a=10.2.0.1 n",
    "create --subnet 10.0.0.0/8 --subnet 10.1.0.0/16 n", "connect --driver-opt x n c", "rm nosuch", "inspect nosuch",
    "ls x", "create", "connect n", "create a b",
    "create --subnet 10.1.0.0/16 --subnet 10.2.0.0/16 --gateway 10.1.0.1 --gateway 10.1.0.2 n",
])
def test_complaints_of_network_commands(recorder, words):
    theirs = docker(recorder, "network", *words.split())
    ours = apus(recorder, "network", *words.split())
    expected = sentence(theirs.stderr).replace("docker", "apus")
    assert sentence(ours.stderr).startswith(expected)
    assert ours.returncode == theirs.returncode


@pytest.mark.parametrize("words", [
    "network ls", "network ls -q", "network ls --no-trunc", "network ls --no-trunc -q", "network list --format json",
    "network ls --format {{.Name}}/{{.IPv4}}/{{.IPv6}}/{{.Internal}}",
    "network ls --format table\\ {{.Name}}\\t{{.CreatedAt}}\\t{{.Label\\ \"k\"}}", "network inspect n2 bridge",
    "network inspect --format {{(index\\ .IPAM.Config\\ 0).Gateway}} n2", "inspect --type network n2",
    "network rm n2 n10", "network prune -f", "port web", "port web 80", "port web 443/tcp", "port web 53/udp",
    "port web 99", "ps --format {{.Ports}}", "ps --format {{.Networks}}", "network rm -f nosuch",
    "update -m 1g web other", "stats --no-stream web", "stats --no-stream --no-trunc web", "stats --no-stream nobody",
    "stats --no-stream web nobody other", "stats --no-stream", "stats --no-stream --format json web",
    "stats --no-stream --format {{.Container}}={{.CPUPerc}}/{{.MemUsage}}/{{.MemPerc}}/{{.NetIO}}/{{.BlockIO}}/{{.PIDs}} web",
    "stats --no-stream --format table\\ {{.Name}}\\t{{.MemPerc}} web",
])
def test_what_is_printed(recorder, words):
    arguments = [word.replace("\x00", " ") for word in words.replace("\\ ", "\x00").split()]
    theirs = docker(recorder, *arguments)
    ours = apus(recorder, *arguments)
    if "--format json" in words and "stats" in words:
        assert json.loads(ours.stdout) == json.loads(theirs.stdout)
    elif "json" in words:
        parse = lambda text: [json.loads(line) for line in text.splitlines()]
        rows = parse(ours.stdout)
        for row in rows:
            row["Labels"] = sorted(row["Labels"].split(","))
        expected = parse(theirs.stdout)
        for row in expected:
            row["Labels"] = sorted(row["Labels"].split(","))
            row["CreatedAt"] = row["CreatedAt"].replace(" +0000 +0000", " +0000 UTC")
        assert rows == expected
    elif "network inspect n2 bridge" in words or "--type" in words:
        assert json.loads(ours.stdout) == json.loads(theirs.stdout)
    else:
        assert ours.stdout == theirs.stdout
    assert ours.returncode == theirs.returncode
    assert sentence(ours.stderr) == sentence(theirs.stderr)


@pytest.mark.parametrize("words", [
    "--memory 64m --memory-swap -1 --memory-reservation 32m web", "--cpus 1.5 --cpuset-cpus 0 --cpuset-mems 0 web",
    "--cpu-shares 512 --cpu-period 1000 --cpu-quota 2000 --cpu-rt-period 3 --cpu-rt-runtime 4 web",
    "--pids-limit -1 --blkio-weight 300 web", "--restart on-failure:3 web a b",
])
def test_what_an_update_asks_for(recorder, words):
    docker(recorder, "update", *words.split(), check=0)
    expected = [(method, path, pruned(body)) for method, path, body in recorder.requests]
    recorder.clear()
    apus(recorder, "update", *words.split(), check=0)
    assert [(method, path, pruned(body)) for method, path, body in recorder.requests] == expected


@pytest.mark.parametrize("words", ["--no-stream web", "--no-stream", "--no-stream -a", "--no-stream web web2 web"])
def test_what_stats_asks_for(recorder, words):
    docker(recorder, "stats", *words.split(), check=0)
    expected = sorted(line for line in recorder.lines if "/events" not in line)
    recorder.clear()
    apus(recorder, "stats", *words.split(), check=0)
    assert sorted(recorder.lines) == expected


def test_an_update_of_ports_and_bandwidth(recorder):
    done = apus(
        recorder, "update", "--network-bandwidth", "rx=50mbit,tx=0", "--publish-add", "8080:80", "--publish-add",
        "[::1]:53:53/udp", "--publish-rm", "81", "--publish-rm", "0.0.0.0:90", "--publish-rm", ":91/udp", "web",
        check=0)
    assert done.stdout == "web\nswap is off\n"
    body = recorder.body("/update")
    assert body["NetworkBandwidth"] == {"Receive": 50_000_000, "Transmit": 0}
    assert body["PublishAdd"] == {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}], "53/udp": [{"HostIp": "::1", "HostPort": "53"}]}
    assert body["PublishRemove"] == ["81/tcp", "0.0.0.0:90/tcp", ":91/udp"]


def test_an_update_that_the_server_refuses(recorder):
    done = apus(recorder, "update", "--network-bandwidth", "1mbit", "refused", "web")
    assert (done.returncode, done.stdout) == (1, "web\nswap is off\n")
    assert done.stderr == "Error response from daemon: networks are not supported yet\n"
    assert apus(recorder, "update", "web").stderr == "you must provide one or more flags when using this command\n"


@pytest.mark.parametrize("words,expected", [
    ("50mbit", {"Receive": 50_000_000, "Transmit": 50_000_000}), ("rx=8mbit", {"Receive": 8_000_000}),
    ("rx=1kibit,tx=1000,burst=64k", {"Receive": 1024, "Transmit": 1000, "Burst": 65536}), ("0", None),
])
def test_the_bandwidth_of_a_new_container(recorder, words, expected):
    apus(recorder, "create", "--network-bandwidth", words, "busybox", check=0)
    assert recorder.body("/containers/create")["HostConfig"].get("NetworkBandwidth") == expected


@pytest.mark.parametrize("command", ["create", "update"])
@pytest.mark.parametrize("words,complaint", [
    ("fast", "invalid bandwidth 'fast' (write 50mbit, or rx=50mbit,tx=10mbit,burst=64k)"),
    ("rx=1mbit,foo=2", "invalid bandwidth 'rx=1mbit,foo=2': unexpected key 'foo' (rx, tx or burst)"),
    ("50Mbps", "invalid bandwidth '50Mbps': bps may mean bits or bytes a second (write bits, such as 50mbit)"),
])
def test_bandwidths_that_are_none(recorder, command, words, complaint):
    done = apus(recorder, command, "--network-bandwidth", words, "x")
    assert f'invalid argument "{words}" for "--network-bandwidth" flag: {complaint}' in done.stderr
    assert done.returncode == 125


def test_a_subnet_must_be_one(recorder):
    done = apus(recorder, "network", "create", "--subnet", "10.1.0.0", "n")
    assert done.stderr == "invalid subnet: invalid CIDR address: 10.1.0.0 (write it as 10.1.0.0/16)\n"
    assert (done.returncode, recorder.requests) == (1, [])


def test_a_prune_is_asked_about(recorder):
    assert apus(recorder, "network", "prune", input="n\n", check=0).stdout.endswith("[y/N] ")
    assert recorder.requests == []
    assert "Deleted Networks:\nn2\nn10\n" in apus(recorder, "network", "prune", input="y\n", check=0).stdout


@pytest.mark.parametrize("words", [
    "network", "network connect", "network create", "network disconnect", "network inspect", "network ls",
    "network prune", "network rm", "port", "stats",
])
def test_help_is_dockers(recorder, words):
    def lines(text):
        # Docker shows the default of empty tables, and where formats are described.
        text = " ".join(text.replace("docker", "apus").replace("(default map[])", "").split())
        return text.replace(
            " Refer to https://docs.apus.com/go/formatting/ for more information about formatting output with templates",
            "")
    ours = lines(apus(recorder, *words.split(), "--help", check=0).stdout)
    assert ours == lines(docker(recorder, *words.split(), "--help", check=0).stdout)
