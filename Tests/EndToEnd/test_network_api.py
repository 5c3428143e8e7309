"""What clients of each age ask of networks and are told: lists and their filters, removal, fields."""

import http.client
import json
import os
import socket

import pytest

from conftest import run
from test_network import server  # noqa: F401 (fixture)


def call(server, method, path, body=None, version="1.51"):
    """The status and the document that a client of a version gets."""
    connection = http.client.HTTPConnection("apus")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(server.socket))
    text = None if body is None else json.dumps(body)
    connection.request(method, f"/v{version}{path}", text, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    return answer.status, json.loads(content) if content else None


def names(server, *filters):
    options = [option for text in filters for option in ("--filter", text)]
    return set(server.docker("ps", "-a", *options, "--format", "{{.Names}}", check=0).stdout.split())


def networks(server, *filters):
    options = [option for text in filters for option in ("--filter", text)]
    return set(server.docker("network", "ls", *options, "--format", "{{.Name}}", check=0).stdout.split())


def test_containers_by_network(server):
    ids = {name: server.docker("network", "create", name, check=0).stdout.strip() for name in ["aa", "bb"]}
    server.docker("create", "--name", "first", "--network", "aa", "busybox", "true", check=0)
    server.docker("run", "-d", "--name", "second", "busybox", "sleep", "1000", check=0)
    server.docker("network", "connect", "bb", "second", check=0)
    server.docker("create", "--name", "third", "--network", "host", "busybox", "true", check=0)
    server.docker("create", "--name", "fourth", "--network", ids["aa"], "busybox", "true", check=0)
    assert names(server, "network=aa") == names(server, f"network={ids['aa'][:12]}") == {"first", "fourth"}
    assert names(server, "network=bb") == names(server, f"network={ids['bb']}") == names(server, "network=bridge") == {"second"}
    assert names(server, "network=host") == {"third"} and names(server, "network=nosuch") == set()
    server.docker("network", "disconnect", "bridge", "second", check=0)
    assert names(server, "network=bridge") == set() and names(server, "network=bb") == {"second"}


def test_networks_by_filter(server):
    ids = {name: server.docker("network", "create", name, check=0).stdout.strip() for name in ["aa", "bb"]}
    assert networks(server, f"id={ids['aa'][20:40]}") == {"aa"}
    server.docker("run", "-d", "--network", "aa", "--name", "user", "busybox", "sleep", "1000", check=0)
    assert networks(server, "dangling=true") == {"bb"} and "aa" in networks(server, "dangling=false")
    assert networks(server, "dangling=true", "dangling=1") == {"bb"}
    for path, words in [('/networks?filters={"dangling":["true","false"]}', "invalid filter 'dangling="),
                        ('/networks?filters={"dangling":["perhaps"]}', "invalid filter 'dangling=")]:
        status, answer = call(server, "GET", path.replace('"', "%22"))
        assert status == 400 and words in answer["message"]
    status, answer = call(server, "POST", '/networks/prune?filters={"until":["1h","2h"]}'.replace('"', "%22"))
    assert status == 400 and answer["message"] == "more than one until filter specified"


def test_what_is_pruned(server):
    """What no running container is in; and only that is what `ls` calls dangling."""
    since = run("date", "+%s").stdout.strip()
    server.docker("network", "create", "used", check=0)
    server.docker("network", "create", "named", check=0)
    server.docker("network", "create", "--config-only", "plan", check=0)
    server.docker("run", "-d", "--name", "user", "--network", "used", "busybox", "sleep", "1000", check=0)
    server.docker("create", "--name", "still", "--network", "named", "busybox", "true", check=0)
    assert "named" in networks(server, "dangling=true")
    assert server.docker("network", "prune", "-f", check=0).stdout.split() == ["Deleted", "Networks:", "named"]
    assert {"used", "plan"} <= networks(server)
    told = server.docker("events", "--since", since, "--until", str(int(since) + 5),
                         "--filter", "type=network", "--filter", "event=prune", "--format", "{{json .Actor.Attributes}}", check=0)
    assert [json.loads(line) for line in told.stdout.splitlines()] == [{"reclaimed": "0"}]
    gone = server.docker("start", "still")
    assert gone.returncode == 1 and "network named not found" in gone.stderr


def create(server, version, name, **body):
    return call(server, "POST", f"/containers/create?name={name}", {"Image": "busybox", "Cmd": ["sleep", "1000"], **body}, version)


def test_what_older_clients_ask_and_hear(server):
    for name in ["aa", "bb"]:
        server.docker("network", "create", name, check=0)
    two = {"NetworkingConfig": {"EndpointsConfig": {"aa": {}, "bb": {"GwPriority": 9}}}, "HostConfig": {"NetworkMode": "aa"}}
    status, answer = create(server, "1.43", "no", **two)
    assert status == 400 and answer["message"].startswith("Container cannot be created with multiple network endpoints: aa, bb")
    for version, wanted in [("1.47", 0), ("1.48", 9)]:
        name = f"v{version.replace('.', '')}"
        assert create(server, version, name, **two)[0] == 201
        assert server.inspect(name)["NetworkSettings"]["Networks"]["bb"].get("GwPriority", 0) == wanted
    # The short id and the host name are aliases for those who were told so.
    status, made = create(server, "1.44", "aliased", Hostname="hh", HostConfig={"NetworkMode": "aa"},
                          NetworkingConfig={"EndpointsConfig": {"aa": {"Aliases": ["own"]}}})
    aliases = {version: call(server, "GET", "/containers/aliased/json", version=version)[1]["NetworkSettings"]["Networks"]["aa"]["Aliases"]
               for version in ["1.44", "1.45"]}
    assert aliases == {"1.44": ["own", made["Id"][:12], "hh"], "1.45": ["own"]}
    # IPv4 cannot be left out by a client that knows nothing of it.
    for version, wanted in [("1.47", True), ("1.48", False)]:
        name = f"six{version.replace('.', '')}"
        assert call(server, "POST", "/networks/create", {"Name": name, "EnableIPv4": False, "EnableIPv6": True}, version)[0] == 201
        assert call(server, "GET", f"/networks/{name}")[1]["EnableIPv4"] == wanted


@pytest.mark.parametrize("version", ["1.43", "1.44"])
def test_a_hardware_address_for_the_whole_container(server, version):
    address, other = "02:42:0a:00:00:07", "02:42:0a:00:00:08"
    status, answer = create(server, version, "whole", MacAddress=address)
    assert status == 201 and ("deprecated" in " ".join(answer["Warnings"])) == (version == "1.44")
    assert server.inspect("whole")["NetworkSettings"]["Networks"]["bridge"]["MacAddress"] == address
    both = {"MacAddress": address, "NetworkingConfig": {"EndpointsConfig": {"bridge": {"MacAddress": other}}}}
    status, answer = create(server, version, "both", **both)
    # An older client's word for one network means nothing.
    assert status == (201 if version == "1.43" else 400), answer
    if status == 400:
        assert "must match the endpoint-specific MAC address" in answer["message"]
    status, answer = create(server, version, "host", MacAddress=address, HostConfig={"NetworkMode": "host"})
    assert status == (400 if version == "1.43" else 201)


def test_in_the_network_of_another(server):
    server.docker("run", "-d", "--name", "owner", "--domainname", "example.org", "busybox", "sleep", "1000", check=0)
    server.docker("run", "-d", "--name", "guest", "--network", "container:owner", "busybox", "sleep", "1000", check=0)
    owner, guest = server.inspect("owner"), server.inspect("guest")
    for path in ["HostsPath", "HostnamePath", "ResolvConfPath"]:
        assert guest[path] == owner[path]
    # Both are called the same, and so is who is in the network of the second.
    server.docker("run", "-d", "--name", "third", "--network", "container:guest", "busybox", "sleep", "1000", check=0)
    for name in ["owner", "guest", "third"]:
        shown = server.inspect(name)["Config"]
        assert (shown["Hostname"], shown["Domainname"]) == (owner["Id"][:12], "example.org")
        names = server.docker("exec", name, "sh", "-c", "hostname; cat /etc/hostname; echo $HOSTNAME; cat /proc/sys/kernel/domainname",
                              check=0).stdout
        assert names.split() == [owner["Id"][:12]] * 3 + ["example.org"]
    server.docker("run", "-d", "--name", "named", "--hostname", "web", "busybox", "sleep", "1000", check=0)
    assert server.docker("run", "--rm", "--network", "container:named", "busybox", "hostname", check=0).stdout == "web\n"
    assert server.docker("run", "--rm", "--network", "container:named", "--uts", "host", "busybox", "hostname",
                         check=0).stdout == os.uname().nodename + "\n"
    refused = server.apus("run", "--network", "container:named", "--mac-address", "02:42:0a:00:00:07", "busybox", "true")
    assert "conflicting options: mac-address and the network mode" in refused.stderr
    for options, words in [({"HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": "80"}]}}}, "port publishing"),
                           ({"HostConfig": {"PublishAllPorts": True}}, "port publishing"),
                           ({"ExposedPorts": {"80/tcp": {}}}, "port exposing")]:
        host = {"NetworkMode": "container:owner", **options.pop("HostConfig", {})}
        status, answer = create(server, "1.51", "never", HostConfig=host, **options)
        assert status == 400 and f"conflicting options: {words} and the container type network mode" in answer["message"]


def test_another_router(server):
    server.docker("network", "create", "--subnet", "10.93.0.0/24", "--aux-address", "DefaultGatewayIPv4=10.93.0.9", "routed", check=0)
    routes = server.docker("run", "--rm", "--network", "routed", "busybox", "ip", "route", check=0).stdout
    assert "default via 10.93.0.9 " in routes


def test_a_killed_container_can_be_started_at_once(server):
    server.docker("run", "-d", "--name", "again", "busybox", "sleep", "1000", check=0)
    for _ in range(5):
        server.docker("kill", "again", check=0)
        assert server.inspect("again")["State"]["Status"] == "exited"
        server.docker("start", "again", check=0)
        assert server.inspect("again")["State"]["Running"]


@pytest.mark.parametrize("name, kind", [("host", "host"), ("none", "null")])
def test_the_machines_own_network_and_none(server, name, kind):
    """They are networks like others to those who list, inspect and listen."""
    since = run("date", "+%s").stdout.strip()
    server.docker("run", "-d", "--name", "in", "--network", name, "busybox", "sleep", "1000", check=0)
    container, network = server.inspect("in"), json.loads(server.docker("network", "inspect", name, check=0).stdout)[0]
    endpoint = container["NetworkSettings"]["Networks"][name]
    assert list(network["Containers"]) == [container["Id"]] and network["Containers"][container["Id"]]["Name"] == "in"
    assert len(endpoint["EndpointID"]) == 64 and endpoint["NetworkID"] == network["Id"]
    assert network["Containers"][container["Id"]]["EndpointID"] == endpoint["EndpointID"]
    server.docker("stop", "-t", "0", "in", check=0)
    assert server.inspect("in")["NetworkSettings"]["Networks"][name]["EndpointID"] == ""
    assert json.loads(server.docker("network", "inspect", name, check=0).stdout)[0]["Containers"] == {}
    told = server.docker("events", "--since", since, "--until", str(int(since) + 5), "--filter", "type=network",
                         "--format", "{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}", check=0).stdout.splitlines()
    assert told == [f"connect {name} {kind}", f"disconnect {name} {kind}"]


def test_warnings(server):
    """What is done as it was asked for, and is likely not what was meant."""
    server.docker("network", "create", "--internal", "inner", check=0)
    for network, words in [("none", "in no network"), ("host", "using host network mode"), ("inner", "no bridge network that leads out")]:
        made = server.docker("create", "--name", f"on{network}", "--network", network, "-p", "18650:80", "busybox", "true", check=0)
        assert words in made.stderr
        changed = server.apus("update", "--publish-add", "18651:80", f"on{network}", check=0)
        assert words in changed.stdout
    server.docker("create", "--name", "fine", "-p", "18650:80", "busybox", "true", check=0)
    assert server.apus("update", "--publish-add", "18651:80", "fine", check=0).stdout == "fine\n"
    run("ip", "link", "add", "wire0", "type", "bridge", check=0)
    try:
        run("ip", "addr", "add", "10.91.7.1/24", "dev", "wire0", check=0)
        run("ip", "link", "set", "wire0", "up", check=0)
        made = server.apus("network", "create", "--subnet", "10.91.0.0/16", "over", check=0)
        assert "another route to 10.91.0.0/16" in made.stderr
        assert server.apus("network", "create", "--subnet", "10.95.0.0/16", "beside", check=0).stderr == ""
    finally:
        run("ip", "link", "del", "wire0", check=0)
