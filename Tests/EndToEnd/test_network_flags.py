"""What the server's flags and daemon.json say of networks, by dockerd's names: each start applies them anew."""

import ipaddress
import json

import pytest

from conftest import BIN, run
from test_network import Lan, ask, lan, serve, server, settings  # noqa: F401


def again(server, *flags, file=None):
    """The same server with other flags."""
    server.stop()
    server.arguments = list(flags)
    server.config.write_text(json.dumps(file or {}))
    server.start()


def network(server, name="bridge"):
    return json.loads(server.docker("network", "inspect", name, check=0).stdout)[0]


def run_in(server, *command):
    return server.docker("run", "--rm", "busybox", *command, check=0).stdout


def test_the_default_network_is_as_configured(server):
    again(server, "--bip", "10.5.0.7/24", "--fixed-cidr", "10.5.0.128/25", "--default-gateway", "10.5.0.9", "--mtu", "1400",
          "--ipv6", "--bip6", "fd00:5::7/64")
    first = network(server)
    assert first["IPAM"]["Config"] == [
        {"Subnet": "10.5.0.0/24", "IPRange": "10.5.0.128/25", "Gateway": "10.5.0.7",
         "AuxiliaryAddresses": {"DefaultGatewayIPv4": "10.5.0.9"}},
        {"Subnet": "fd00:5::/64", "Gateway": "fd00:5::7"}]
    assert first["EnableIPv6"] and first["Options"]["com.docker.network.driver.mtu"] == "1400"
    inside = run_in(server, "sh", "-c", "ip addr show eth0; ip route; ip -6 route; ping -c 1 -W 2 10.5.0.7")
    assert "inet 10.5.0.128/24" in inside and "mtu 1400" in inside and "default via 10.5.0.9 " in inside
    assert "inet6 fd00:5::" in inside and "default via fd00:5::7 " in inside and "1 packets received" in inside
    # Without a word of it, all is chosen again, and the network is still the same one.
    again(server)
    second = network(server)
    assert second["Id"] == first["Id"] and not second["EnableIPv6"]
    assert [pool["Subnet"] for pool in second["IPAM"]["Config"]] != ["10.5.0.0/24"]
    # What was chosen once stays.
    again(server)
    assert network(server) == second


def test_a_subnet_that_another_network_has(server):
    server.docker("network", "create", "--subnet", "10.5.0.0/16", "taken", check=0)
    server.stop()
    refused = run(BIN / "apusd", "-H", server.host, "--data-root", server.data_root, "--exec-root", server.exec_root,
                  "--config-file", server.config, "--bip", "10.5.7.1/24")
    assert refused.returncode == 1 and "10.5.7.0/24 overlaps that of the network taken" in refused.stderr, refused.stderr
    server.start()


def test_containers_keep_what_they_have(server, lan):
    serve(server, "kept", "-p", "18080:80")
    before = (network(server)["IPAM"], settings(server, "kept")["IPAddress"])
    again(server, "--bip", "10.5.0.1/24")
    assert "the network bridge stays as it was: 1 containers run in it" in server.log.read_text()
    assert (network(server)["IPAM"], settings(server, "kept")["IPAddress"]) == before
    assert "hello from kept" in ask(lan.host, 18080, lan)
    server.docker("run", "--rm", "busybox", "ping", "-c", "1", "-W", "2", before[1], check=0)
    server.docker("stop", "-t", "0", "kept", check=0)
    again(server, "--bip", "10.5.0.1/24")
    server.docker("start", "kept", check=0)
    assert settings(server, "kept")["IPAddress"] == "10.5.0.2"


def test_who_reaches_whom(server, lan):
    again(server, file={"icc": False, "ip-masq": False, "ip": "127.0.0.1"})
    serve(server, "shy", "-p", "18081:80")
    address = settings(server, "shy")["IPAddress"]
    assert server.docker("run", "--rm", "busybox", "ping", "-c", "1", "-W", "1", address).returncode != 0
    assert settings(server, "shy")["Ports"]["80/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": "18081"}]
    assert "hello from shy" in ask("127.0.0.1", 18081) and "hello" not in ask(lan.host, 18081, lan)
    # The other machine sees the container's own address, and sends its answers by its router, which is this machine.
    lan.run("ip", "route", "del", "default", check=0)
    assert server.docker("exec", "shy", "ping", "-c", "1", "-W", "1", lan.guest).returncode != 0
    lan.run("ip", "route", "add", "default", "via", lan.host, check=0)
    server.docker("exec", "shy", "ping", "-c", "1", "-W", "2", lan.guest, check=0)


def test_a_machine_that_is_to_be_no_router(server, lan):
    server.stop()
    run("sysctl", "-w", "net.ipv4.ip_forward=0", check=0)
    again(server, "--ip-forward=false")
    server.docker("run", "-d", "--name", "cc", "busybox", "sleep", "1000", check=0)
    assert open("/proc/sys/net/ipv4/ip_forward").read().strip() == "0"
    assert server.docker("exec", "cc", "ping", "-c", "1", "-W", "1", lan.guest).returncode != 0


def test_pools_and_options_of_new_networks(server):
    again(server, "--default-address-pool", "base=10.60.0.0/16,size=28", "--default-network-opt",
          "bridge=com.docker.network.driver.mtu=1300")
    server.docker("network", "create", "small", check=0)
    server.docker("network", "create", "-o", "com.docker.network.driver.mtu=1200", "own", check=0)
    # The default network has chosen before them.
    assert network(server)["IPAM"]["Config"][0]["Subnet"] == "10.60.0.0/28"
    assert network(server, "small")["IPAM"]["Config"][0]["Subnet"] == "10.60.0.16/28"
    assert network(server, "small")["Options"] == {"com.docker.network.driver.mtu": "1300"}
    assert network(server, "own")["Options"] == {"com.docker.network.driver.mtu": "1200"}


def test_names(server):
    again(server, "--dns", "192.0.2.53", "--dns-opt", "ndots:7", "--dns-search", "corp.example", "--host-gateway-ip", "192.0.2.1")
    inside = run_in(server, "cat", "/etc/resolv.conf", "/etc/hosts")
    assert "ndots:7" in inside and "corp.example" in inside and "192.0.2.1\thost.docker.internal\n" in inside
    inside = server.docker("run", "--rm", "--network", "host", "busybox", "cat", "/etc/resolv.conf", check=0).stdout
    assert "nameserver 192.0.2.53\n" in inside
    inside = server.docker("run", "--rm", "--network", "host", "--dns", "192.0.2.99", "busybox", "cat", "/etc/resolv.conf",
                           check=0).stdout
    assert "192.0.2.99" in inside and "192.0.2.53" not in inside and "ndots:7" in inside
    server.docker("run", "-d", "--name", "own", "busybox", "sleep", "1000", check=0)
    assert server.inspect("own")["HostConfig"]["Dns"] == []


def test_no_default_network(server):
    again(server, "--bridge", "none")
    assert "bridge" not in server.docker("network", "ls", "--format", "{{.Name}}", check=0).stdout.split()
    assert run_in(server, "ls", "/sys/class/net").split() == ["lo"]
    refused = server.docker("run", "--rm", "--network", "bridge", "busybox", "true")
    assert refused.returncode == 125 and "network bridge not found" in refused.stderr
    server.docker("network", "create", "own", check=0)
    server.docker("run", "--rm", "--network", "own", "busybox", "true", check=0)
    server.docker("network", "rm", "own", check=0)
    again(server)
    assert "eth0" in run_in(server, "ls", "/sys/class/net").split()


@pytest.mark.parametrize("flags, words", [
    (["--bip", "10.5.0.0/24"], "not the address of a host"),
    (["--default-address-pool", "10.0.0.0/8"], "base=10.10.0.0/16,size=24"),
    (["--bridge", "br7"], "a bridge that is there already is not supported yet"),
    (["--fixed-cidr-v6", "fd00::/64"], "need ipv6"),
])
def test_flags_that_cannot_be(flags, words):
    refused = run(BIN / "apusd", "--validate", "--config-file", "/dev/null", *flags)
    assert refused.returncode == 1 and words in refused.stderr + refused.stdout, refused.stderr


# What one network or one container may say of it.


def test_a_network_of_ipv6_only(server, lan):
    server.docker("network", "create", "--ipv4=false", "--ipv6", "--subnet", "2001:db8:7::/64", "six", check=0)
    serve(server, "web", "--network", "six", "-p", "18082:80")
    shown = settings(server, "web")["Networks"]["six"]
    assert not shown["IPAddress"] and shown["GlobalIPv6Address"].startswith("2001:db8:7::")
    assert settings(server, "web")["Ports"]["80/tcp"] == [{"HostIp": "::", "HostPort": "18082"}]
    assert "hello from web" in ask(lan.host6, 18082, lan)
    for options in [["--ipv4=false"], ["--ipv4=false", "--ipv6", "--subnet", "10.1.0.0/24"]]:
        assert server.docker("network", "create", *options, "xx").returncode == 1


def test_interfaces_by_name(server):
    server.docker("network", "create", "plain", check=0)
    server.docker("network", "create", "-o", "com.docker.network.container_iface_prefix=net", "named", check=0)
    server.docker("run", "-d", "--name", "cc", "--network",
                  "name=plain,driver-opt=com.docker.network.endpoint.ifname=lan0,"
                  '"driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,'
                  'net.ipv4.conf.IFNAME.arp_announce=2"', "--network", "named", "busybox", "sleep", "1000", check=0)
    assert set(server.docker("exec", "cc", "ls", "/sys/class/net", check=0).stdout.split()) == {"lan0", "lo", "net1"}
    for name, value in [("log_martians", "1"), ("arp_announce", "2")]:
        assert server.docker("exec", "cc", "cat", f"/proc/sys/net/ipv4/conf/lan0/{name}", check=0).stdout == value + "\n"
    server.docker("network", "disconnect", "named", "cc", check=0)
    server.docker("network", "connect", "--driver-opt", "com.docker.network.endpoint.ifname=back0", "named", "cc", check=0)
    assert set(server.docker("exec", "cc", "ls", "/sys/class/net", check=0).stdout.split()) == {"lan0", "lo", "back0"}
    refused = server.docker("run", "--rm", "--network", "name=bridge,driver-opt=other=1", "busybox", "true")
    assert refused.returncode == 125 and "the driver option other in network bridge is not supported yet" in refused.stderr
    refused = server.docker("run", "--rm", "--network", "name=plain,driver-opt=com.docker.network.endpoint.ifname=x0",
                            "--network", "name=named,driver-opt=com.docker.network.endpoint.ifname=x0", "busybox", "true")
    assert refused.returncode == 125 and "another interface of the container is called x0" in refused.stderr


def test_a_pool_that_is_used_up(server):
    """Said before anything is made, and over as soon as a network has gone."""
    again(server, "--default-address-pool", "base=10.40.0.0/24,size=26")
    # The default network has the first as soon as somebody asks for it.
    network(server)
    for name in ["one", "two", "three"]:
        server.docker("network", "create", name, check=0)
    refused = server.docker("network", "create", "four")
    assert refused.returncode == 1 and "all predefined address pools have been fully subnetted" in refused.stderr
    assert "--default-address-pool" in refused.stderr or "subnet" in refused.stderr
    server.docker("network", "create", "--subnet", "10.41.0.0/24", "own", check=0)
    server.docker("network", "rm", "two", check=0)
    server.docker("network", "create", "four", check=0)


def test_a_network_that_is_full(server):
    server.docker("network", "create", "--subnet", "10.42.0.0/29", "small", check=0)
    for number in range(5):
        server.docker("run", "-d", "--name", f"no{number}", "--network", "small", "busybox", "sleep", "1000", check=0)
    refused = server.docker("run", "-d", "--name", "late", "--network", "small", "busybox", "sleep", "1000")
    assert refused.returncode == 125 and "no available IPv4 addresses on network small" in refused.stderr
    server.docker("rm", "-f", "late", "no3", check=0)
    server.docker("run", "--rm", "--network", "small", "busybox", "true", check=0)


def test_small_packets(server):
    """Less than IPv6 needs is enough for IPv4, on VPNs and in tunnels."""
    for mtu in [68, 576, 1279, 1280]:
        server.docker("network", "create", "-o", f"com.docker.network.driver.mtu={mtu}", f"mtu{mtu}", check=0)
        shown = server.docker("run", "--rm", "--network", f"mtu{mtu}", "busybox", "cat", "/sys/class/net/eth0/mtu", check=0)
        assert shown.stdout.strip() == str(mtu)
    limited = server.apus("run", "--rm", "--network", "mtu576", "--network-bandwidth", "1mbit", "busybox", "true")
    assert limited.returncode == 0, limited.stderr
    refused = server.docker("network", "create", "--ipv6", "-o", "com.docker.network.driver.mtu=1279", "six")
    assert refused.returncode == 1 and "1279 is too small for IPv6, which needs 1280" in refused.stderr


def test_the_default_network_chooses_first(server):
    """Its addresses are known by heart, and with a small pool the others would leave it none."""
    server.docker("network", "create", "other", check=0)

    def subnet(name):
        return json.loads(server.docker("network", "inspect", name, check=0).stdout)[0]["IPAM"]["Config"][0]["Subnet"]
    # Another server on this machine may have 172.17.0.0/16.
    chosen = subnet("bridge")
    assert ipaddress.ip_network(chosen) < ipaddress.ip_network(subnet("other"))
    server.restart()
    assert subnet("bridge") == chosen
