"""Networks as real programs use them: docker-compose, docker-py as Testcontainers drives it, the docker CLI's own commands for
networks, and a web server that is asked from everywhere."""

import json
import os
import time
import urllib.request
import uuid

import docker
import pytest

from conftest import eventually, run

SLEEP = ["busybox", "sleep", "1000"]


@pytest.fixture
def server(network_server):
    return network_server


@pytest.fixture
def client(server):
    client = docker.DockerClient(base_url=server.host)
    yield client
    client.close()


def fetch(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


# MARK: docker-compose

PROJECT = """
version: "3.8"
services:
  web:
    image: busybox
    hostname: web-host
    command: sh -c 'echo ready; exec httpd -f -p 80 -h /etc'
    ports: ["18080:80", "127.0.0.1:18081:80"]
    networks:
      default: {aliases: [site, www.example.test]}
  client:
    image: busybox
    command: ["sleep", "1000"]
    depends_on: [web]
    environment: {GREETING: hello}
    extra_hosts: ["there:192.0.2.1"]
    networks:
      default: {}
      back: {ipv4_address: 10.79.0.9}
networks:
  back:
    internal: true
    ipam: {config: [{subnet: 10.79.0.0/24}]}
"""


@pytest.fixture
def compose(server, tmp_path):
    (tmp_path / "docker-compose.yml").write_text(PROJECT)
    environment = {"DOCKER_HOST": server.host, "COMPOSE_PROJECT_NAME": "shop", "COMPOSE_HTTP_TIMEOUT": "60"}

    def do(*arguments, check=0, **options):
        # It finds its file by the directory.
        return run("docker-compose", "--project-directory", tmp_path, "-f", tmp_path / "docker-compose.yml", "--no-ansi", *arguments,
                   env=environment, check=check, **options)
    yield do
    do("down", "--volumes", "--remove-orphans", "-t", "0", check=None)


def names(server):
    return sorted(server.docker("ps", "-a", "--format", "{{.Names}}", check=0).stdout.split())


def networks(server, *filters):
    options = [word for filter in filters for word in ("--filter", filter)]
    return sorted(server.docker("network", "ls", "--format", "{{.Name}}", *options, check=0).stdout.split())


def test_compose_brings_a_project_up_and_down(server, compose):
    compose("up", "-d")
    assert names(server) == ["shop_client_1", "shop_web_1"]
    assert networks(server, "label=com.docker.compose.project=shop") == ["shop_back", "shop_default"]
    listed = compose("ps").stdout
    assert "0.0.0.0:18080->80/tcp" in listed and "127.0.0.1:18081->80/tcp" in listed and listed.count("Up") == 2
    assert compose("port", "web", "80").stdout.strip() == "0.0.0.0:18080"
    eventually(lambda: "ready" in compose("logs", "--no-color", "web").stdout, what="the log")
    assert fetch("http://127.0.0.1:18080/hostname") == fetch("http://127.0.0.1:18081/hostname") == "web-host\n"
    inside = compose("exec", "-T", "client", "sh", "-c", "echo $GREETING; cat /etc/hosts; ip -4 addr").stdout
    assert inside.startswith("hello\n") and "192.0.2.1\tthere" in inside and "inet 10.79.0.9/24" in inside
    # Nothing has changed, so nothing is done.
    before = server.inspect("shop_web_1")["Id"]
    assert "up-to-date" in compose("up", "-d").stderr and server.inspect("shop_web_1")["Id"] == before
    compose("stop", "-t", "0", "web")
    compose("start", "web")
    eventually(lambda: fetch("http://127.0.0.1:18080/hostname"), what="the web server is back")
    compose("kill", "client")
    compose("rm", "-f", "client")
    assert names(server) == ["shop_web_1"]
    compose("up", "-d", "--scale", "client=1")
    assert "httpd" in compose("top", "web").stdout and "busybox" in compose("images").stdout
    compose("down", "-t", "0")
    assert names(server) == [] and networks(server, "type=custom") == []


def test_compose_makes_containers_anew(server, compose, tmp_path):
    compose("up", "-d", "web")
    before = server.inspect("shop_web_1")
    # The port moves: the new container is made while the old one still has its name and its networks.
    (tmp_path / "docker-compose.yml").write_text(PROJECT.replace("18080:80", "18082:80"))
    compose("up", "-d", "-t", "0", "web")
    after = server.inspect("shop_web_1")
    assert before["Id"] != after["Id"]
    eventually(lambda: fetch("http://127.0.0.1:18082/hostname"), what="the moved port")
    # The same at the same port, twice.
    for _ in range(2):
        compose("up", "-d", "-t", "0", "--force-recreate", "web")
        eventually(lambda: fetch("http://127.0.0.1:18082/hostname"), what="the same port")
    assert names(server) == ["shop_web_1"]


def test_compose_services_find_each_other_by_name(server, compose):
    compose("up", "-d")
    addresses = {name: endpoint["IPAddress"] for name, endpoint in server.inspect("shop_web_1")["NetworkSettings"]["Networks"].items()}
    for name in ["web", "shop_web_1", "site", "www.example.test", "web.shop_default"]:
        asked = compose("exec", "-T", "client", "wget", "-q", "-O", "-", f"http://{name}/hostname").stdout
        assert asked == "web-host\n", name
        assert addresses["shop_default"] in compose("exec", "-T", "client", "nslookup", name).stdout
    # One more of a service: its name has both addresses.
    server.docker("run", "-d", "--name", "second", "--network", "shop_default", "--network-alias", "web", *SLEEP, check=0)
    second = server.inspect("second")["NetworkSettings"]["Networks"]["shop_default"]["IPAddress"]
    answer = compose("exec", "-T", "client", "nslookup", "web").stdout
    assert addresses["shop_default"] in answer and second in answer
    server.docker("exec", "-d", "shop_client_1", "sh", "-c", "mkdir /www; echo by run >/www/index.html; httpd -p 8000 -h /www", check=0)
    # A run of one command is in the project's networks, too.
    assert compose("run", "--rm", "web", "wget", "-q", "-O", "-", "http://client.shop_default:8000/").stdout == "by run\n"
    server.docker("rm", "-f", "second", check=0)


# MARK: docker-py, as Testcontainers drives it

def test_docker_py_networks(client):
    ipam = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(
        subnet="10.81.0.0/24", iprange="10.81.0.128/25", gateway="10.81.0.254", aux_addresses={"printer": "10.81.0.128"})])
    network = client.networks.create("planned", driver="bridge", ipam=ipam, check_duplicate=True, labels={"made": "here"},
                                     options={"com.docker.network.driver.mtu": "1400"}, attachable=True, scope="local")
    network.reload()
    [pool] = network.attrs["IPAM"]["Config"]
    assert pool == {"Subnet": "10.81.0.0/24", "IPRange": "10.81.0.128/25", "Gateway": "10.81.0.254",
                    "AuxiliaryAddresses": {"printer": "10.81.0.128"}}
    with pytest.raises(docker.errors.APIError) as refused:
        client.networks.create("planned", check_duplicate=True)
    assert refused.value.status_code == 409
    container = client.containers.run("busybox", "sleep 1000", detach=True, name="mover")
    network.connect(container, aliases=["db", "cache"], ipv4_address="10.81.0.9")
    container.reload()
    endpoint = container.attrs["NetworkSettings"]["Networks"]["planned"]
    assert endpoint["IPAddress"] == "10.81.0.9" and {"db", "cache"} <= set(endpoint["Aliases"])
    assert endpoint["IPAMConfig"]["IPv4Address"] == "10.81.0.9" and endpoint["NetworkID"] == network.id
    assert b"mtu 1400" in container.exec_run("ip link show eth1").output
    network.reload()
    assert [member.name for member in network.containers] == ["mover"]
    [listed] = client.networks.list(filters={"label": ["made=here"]}, greedy=True)
    assert listed.attrs["Containers"][container.id]["IPv4Address"] == "10.81.0.9/24"
    for wrong in ["10.82.0.9", "10.81.0.254", "nonsense"]:
        other = client.containers.create("busybox", "true")
        with pytest.raises(docker.errors.APIError):
            network.connect(other, ipv4_address=wrong)
            other.start()
        other.remove(force=True)
    with pytest.raises(docker.errors.APIError) as busy:
        network.remove()
    assert busy.value.status_code == 403
    network.disconnect(container)
    with pytest.raises(docker.errors.APIError):
        network.disconnect(container)
    network.connect(container)
    container.remove(force=True)
    assert client.networks.prune(filters={"label": "made=elsewhere"})["NetworksDeleted"] is None
    assert client.networks.prune(filters={"label": "made=here"})["NetworksDeleted"] == ["planned"]
    with pytest.raises(docker.errors.NotFound):
        client.networks.get("planned")


def test_what_testcontainers_does(client):
    """A network with a random name; a container with random ports and an alias in it, waited for by its log and its port."""
    session = {"org.testcontainers": "true", "org.testcontainers.sessionId": str(uuid.uuid4())}
    network = client.networks.create(str(uuid.uuid4()), labels=session)
    container = client.containers.run(
        "busybox", ["sh", "-c", "sleep 0.3; echo listening; exec httpd -f -p 8080 -h /etc"], detach=True, environment={},
        ports={"8080/tcp": None, 9090: None}, volumes={}, labels=session, network=network.name)
    eventually(lambda: b"listening" in container.logs(), what="the log")
    port = client.api.port(container.id, 8080)[0]["HostPort"]
    assert client.api.port(container.id, 9090)[0]["HostPort"] != port
    eventually(lambda: "root" in fetch(f"http://localhost:{port}/passwd"), what="the port")
    assert client.containers.list(filters={"label": "org.testcontainers.sessionId=" + session["org.testcontainers.sessionId"]})
    other = client.containers.run("busybox", "sleep 1000", detach=True, labels=session)
    network.connect(other, aliases=["asker"])
    gateway = client.api.inspect_network(network.id)["IPAM"]["Config"][0]["Gateway"]
    assert other.exec_run(["wget", "-q", "-O", "-", f"http://{gateway}:{port}/hostname"]).exit_code == 0
    for each in [container, other]:
        each.remove(force=True, v=True)
    network.remove()


# MARK: the docker CLI

def test_lists_filters_and_formats(server):
    server.docker("network", "create", "--label", "tier=front", "--label", "plain", "--subnet", "10.80.0.0/16", "one", check=0)
    server.docker("network", "create", "--internal", "two", check=0)
    server.docker("network", "create", "--ipv6", "--subnet", "fd00:7::/64", "--attachable", "three", check=0)
    server.docker("run", "-d", "--name", "member", "--network", "two", *SLEEP, check=0)
    expected = {
        ("label=tier",): ["one"], ("label=tier=front",): ["one"], ("label=tier=back",): [], ("label=tier", "label=plain"): ["one"],
        ("driver=bridge",): ["bridge", "one", "three", "two"], ("driver=null", "driver=host"): ["host", "none"],
        ("type=custom",): ["one", "three", "two"], ("type=builtin",): ["bridge", "host", "none"], ("scope=swarm",): [],
        ("name=o",): ["host", "none", "one", "two"], ("name=^o",): ["one"], ("name=^one$", "name=^two$"): ["one", "two"],
        ("name=t.*e",): ["three"], ("dangling=true",): ["one", "three"], ("dangling=false", "type=custom"): ["two"],
    }
    for filters, found in expected.items():
        assert networks(server, *filters) == found, filters
    identity = server.docker("network", "inspect", "-f", "{{.Id}}", "one", check=0).stdout.strip()
    assert networks(server, f"id={identity[:8]}") == ["one"]
    assert server.docker("network", "ls", "-q", "--filter", "name=^one$").stdout.strip() == identity[:12]
    assert server.docker("network", "ls", "-q", "--no-trunc", "--filter", "name=^one$").stdout.strip() == identity
    shown = server.docker("network", "ls", "--filter", "type=custom", "--format",
                          "{{.Name}} {{.Driver}} {{.Scope}} {{.Internal}} {{.IPv6}} {{.Label \"tier\"}}", check=0).stdout
    assert shown.splitlines() == ["one bridge local false false front", "three bridge local false true ", "two bridge local true false "]
    table = server.docker("network", "ls", "--filter", "name=^two$", "--format", "table {{.Name}}\t{{.Driver}}", check=0).stdout
    assert [line.split() for line in table.splitlines()] == [["NAME", "DRIVER"], ["two", "bridge"]]
    wrong = server.docker("network", "ls", "--filter", "nonsense=1")
    assert wrong.returncode == 1 and "nonsense" in wrong.stderr
    # IPv4 first, whatever was named.
    pools = json.loads(server.docker("network", "inspect", "-f", "{{json .IPAM.Config}}", "three", check=0).stdout)
    assert [":" in pool["Subnet"] for pool in pools] == [False, True] and pools[1]["Subnet"] == "fd00:7::/64"
    both = server.docker("network", "inspect", "one", "nosuch")
    assert both.returncode == 1 and json.loads(both.stdout)[0]["Name"] == "one" and "nosuch not found" in both.stderr


def test_removing_and_pruning(server):
    for name, labels in [("kept", ["--label", "keep=yes"]), ("spare", []), ("used", [])]:
        server.docker("network", "create", *labels, name, check=0)
    server.docker("run", "-d", "--name", "user", "--network", "used", *SLEEP, check=0)
    # Younger than an hour: all of them.
    assert server.docker("network", "prune", "-f", "--filter", "until=1h", check=0).stdout.strip() == ""
    assert server.docker("network", "prune", "-f", "--filter", "label!=keep", check=0).stdout.split() == ["Deleted", "Networks:", "spare"]
    assert server.docker("network", "prune", "-f", "--filter", "until=0s", check=0).stdout.split() == ["Deleted", "Networks:", "kept"]
    wrong = server.docker("network", "prune", "-f", "--filter", "until=yesterday")
    assert wrong.returncode == 1 and "yesterday" in wrong.stderr
    done = server.docker("network", "rm", "used", "nosuch", "bridge")
    assert done.returncode == 1
    assert all(words in done.stderr for words in ["active endpoints", "nosuch not found", "pre-defined"])
    assert networks(server, "type=custom") == ["used"]


def test_connecting_and_what_the_events_say(server):
    since = str(time.time())
    server.docker("network", "create", "--subnet", "10.83.0.0/24", "side", check=0)
    server.docker("run", "-d", "--name", "mover", *SLEEP, check=0)
    server.docker("network", "connect", "--ip", "10.83.0.9", "--alias", "foo", "side", "mover", check=0)
    again = server.docker("network", "connect", "side", "mover")
    assert again.returncode == 1 and "already exists in network side" in again.stderr
    for arguments, words in [(["nosuch", "mover"], "network nosuch not found"), (["side", "nosuch"], "No such container: nosuch")]:
        for command in ["connect", "disconnect"]:
            failed = server.docker("network", command, *arguments)
            assert failed.returncode == 1 and words in failed.stderr
    server.docker("network", "disconnect", "side", "mover", check=0)
    gone = server.docker("network", "disconnect", "side", "mover")
    assert gone.returncode == 1 and "is not connected to network side" in gone.stderr
    gone = server.docker("network", "disconnect", "--force", "side", "nosuch")
    assert gone.returncode == 1 and "endpoint nosuch not found" in gone.stderr
    server.docker("kill", "mover", check=0)
    server.docker("wait", "mover", check=0)
    server.docker("network", "rm", "side", check=0)
    told = server.docker("events", "--since", since, "--until", str(time.time() + 1), "--format", "{{json .}}", timeout=30, check=0)
    events = [json.loads(line) for line in told.stdout.splitlines()]
    identity = server.inspect("mover")["Id"]
    assert [(event["Type"], event["Action"]) for event in events] == [
        ("network", "create"), ("container", "create"), ("network", "connect"), ("container", "start"), ("network", "connect"),
        ("network", "disconnect"), ("container", "kill"), ("container", "die"), ("network", "disconnect"),
        ("network", "destroy")]
    of_networks = [event["Actor"]["Attributes"] for event in events if event["Type"] == "network"]
    assert [attributes["name"] for attributes in of_networks] == ["side", "bridge", "side", "side", "bridge", "side"]
    assert [attributes.get("container") for attributes in of_networks] == [None, identity, identity, identity, identity, None]


# MARK: a web server

def test_a_web_server_is_reached_from_everywhere(server, tmp_path):
    server.docker("network", "create", "--ipv6", "dual", check=0)
    page = f"page {os.getpid()}\n"
    (tmp_path / "index.html").write_text(page)
    server.docker("run", "-d", "--name", "web", "--network", "dual", "-p", "18700:80", "-v", f"{tmp_path}:/www:ro", "busybox",
                  "httpd", "-f", "-p", "80", "-h", "/www", check=0)
    server.docker("run", "-d", "--name", "peer", "--network", "dual", *SLEEP, check=0)
    server.docker("run", "-d", "--name", "stranger", *SLEEP, check=0)
    own = server.inspect("web")["NetworkSettings"]["Networks"]["dual"]
    eventually(lambda: fetch("http://127.0.0.1:18700/") == page, what="the page")

    def asked_by(name, url):
        return server.docker("exec", name, "timeout", "5", "wget", "-q", "-O", "-", url).stdout == page
    # From the machine: by its loopback, the bridge's addresses and the container's, in both families.
    for host in ["localhost", own["Gateway"], f"[{own['IPv6Gateway']}]"]:
        assert fetch(f"http://{host}:18700/") == page
    for host in [own["IPAddress"], f"[{own['GlobalIPv6Address']}]"]:
        assert fetch(f"http://{host}/") == page
    # From its neighbour: by address, and by what is published.
    for url in [f"http://{own['IPAddress']}/", f"http://[{own['GlobalIPv6Address']}]/", f"http://{own['Gateway']}:18700/",
                f"http://[{own['IPv6Gateway']}]:18700/"]:
        assert asked_by("peer", url), url
    # From itself, the hairpin.
    assert asked_by("web", f"http://{own['Gateway']}:18700/") and asked_by("web", f"http://[{own['IPv6Gateway']}]:18700/")
    # From another network: by what is published, and by nothing else.
    gateway = server.inspect("stranger")["NetworkSettings"]["Gateway"]
    assert asked_by("stranger", f"http://{gateway}:18700/") and not asked_by("stranger", f"http://{own['IPAddress']}/")
    # By a name that needs no flag.
    assert asked_by("peer", "http://host.docker.internal:18700/")
