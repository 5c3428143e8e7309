"""Logging in to registries, where credentials are kept, and which server and configuration a client uses."""

import base64
import json
import os
import stat

import pytest

from conftest import BIN, DOCKER, Registry, run

USER, PASSWORD = "ann", "p:a ss\u00fcword"
CLIENTS = {"docker": DOCKER, "apus": BIN / "apus"}


@pytest.fixture(scope="module")
def private(scratch, busybox):
    """A registry that wants a password, with an image."""
    registry = Registry(scratch / "private", users={USER: PASSWORD})
    try:
        run("skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--dest-creds", f"{USER}:{PASSWORD}",
            f"docker://{busybox}", f"docker://{registry.host}/secret/box:1", check=0)
        yield registry
    finally:
        registry.stop()


class Client:
    """One client with a configuration directory of its own."""

    def __init__(self, program, server, directory, **environment):
        self.command = [program, "-H", server.host]
        self.directory = directory
        self.env = {"DOCKER_CONFIG": str(directory), **environment}

    def __call__(self, *arguments, **options):
        return run(*self.command, *arguments, env=self.env, **options)

    @property
    def config(self):
        return json.loads((self.directory / "config.json").read_text())


@pytest.mark.parametrize("name", CLIENTS)
def test_login_pull_and_logout(server, private, tmp_path, name):
    client = Client(CLIENTS[name], server, tmp_path)
    image = f"{private.host}/secret/box:1"

    refused = client("pull", image)
    assert refused.returncode == 1 and "no basic auth credentials" in refused.stderr

    for user, password in [(USER, "wrong"), ("nobody", PASSWORD)]:
        wrong = client("login", "-u", user, "--password-stdin", private.host, input=password)
        assert wrong.returncode == 1 and "unauthorized: authentication required" in wrong.stderr, wrong.stderr
        assert "Login Succeeded" not in wrong.stdout
    assert not (tmp_path / "config.json").exists() or private.host not in client.config.get("auths", {})

    done = client("login", "-u", USER, "--password-stdin", private.host, input=PASSWORD + "\n", check=0)
    assert done.stdout.endswith("Login Succeeded\n")
    assert "unencrypted" in done.stderr
    assert base64.b64decode(client.config["auths"][private.host]["auth"]).decode() == f"{USER}:{PASSWORD}"
    assert stat.S_IMODE((tmp_path / "config.json").stat().st_mode) == 0o600
    again = client("login", private.host, check=0)
    assert "Authenticating with existing credentials" in again.stdout + again.stderr

    client("pull", image, check=0)
    server.docker("rmi", image, check=0)
    # What one client has stored, the other one uses; `run` pulls with it too.
    for program in CLIENTS.values():
        Client(program, server, tmp_path)("run", "--rm", image, "true", check=0)
        server.docker("rmi", image, check=0)

    assert f"Removing login credentials for {private.host}" in client("logout", private.host, check=0).stdout
    assert private.host not in client.config.get("auths", {})
    assert "no basic auth credentials" in client("pull", image, check=1).stderr
    assert f"Removing login credentials for {private.host}" in client("logout", private.host, check=0).stdout


HELPER = """#!/bin/sh
# Keeps the credentials of each registry in a file of its own.
read -r input
cd "${0%/*}"
case $1 in
store) echo "$input" >"$(echo "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/')" ;;
get) cat "$input" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm -f "$input" ;;
*) exit 2 ;;
esac
"""


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
@pytest.mark.parametrize("name", CLIENTS)
def test_a_credential_helper_keeps_the_password(server, private, tmp_path, name, key):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker-credential-e2e").write_text(HELPER)
    (programs / "docker-credential-e2e").chmod(0o755)
    (tmp_path / "config.json").write_text(
        json.dumps({key: "e2e" if key == "credsStore" else {private.host: "e2e"}, "psFormat": "{{.ID}}"}))
    client = Client(CLIENTS[name], server, tmp_path, PATH=f"{programs}:{os.environ['PATH']}")
    image = f"{private.host}/secret/box:1"

    assert client("pull", image).returncode == 1
    done = client("login", "-u", USER, "--password-stdin", private.host, input=PASSWORD, check=0)
    assert "unencrypted" not in done.stderr
    kept = json.loads((programs / private.host).read_text())
    assert (kept["Username"], kept["Secret"]) == (USER, PASSWORD)
    assert "auth" not in client.config.get("auths", {}).get(private.host, {})
    assert client.config["psFormat"] == "{{.ID}}"

    client("pull", image, check=0)
    client("logout", private.host, check=0)
    assert not (programs / private.host).exists()
    assert client("pull", image).returncode == 1
    server.docker("rmi", image, check=0)


def test_a_credential_helper_that_is_missing_is_named(server, private, tmp_path):
    (tmp_path / "config.json").write_text('{"credsStore": "never-installed"}')
    client = Client(BIN / "apus", server, tmp_path)
    done = client("pull", f"{private.host}/secret/box:1")
    assert done.returncode == 1 and "docker-credential-never-installed" in done.stderr


def apus(*arguments, **environment):
    """Without any -H but what is given here."""
    clean = {"APUS_HOST": "", "DOCKER_HOST": "", "DOCKER_CONTEXT": "", **environment}
    return run("env", *[f"-u{name}" for name in clean if not clean[name]], BIN / "apus", *arguments, env=environment)


def test_which_server_is_asked(server):
    """-H comes before APUS_HOST, that before DOCKER_HOST."""
    nowhere = "unix:///nowhere/x.sock"
    ask = ["version", "--format", "{{.Server.Os}}"]
    for flags, environment in [
        (["-H", server.host], {"APUS_HOST": nowhere, "DOCKER_HOST": nowhere}),
        ([], {"APUS_HOST": server.host, "DOCKER_HOST": nowhere}),
        ([], {"DOCKER_HOST": server.host}),
        (["--host", server.host], {"DOCKER_HOST": "nonsense"}),
    ]:
        done = apus(*flags, *ask, **environment)
        assert (done.returncode, done.stdout) == (0, "linux\n"), (flags, environment, done.stderr)
    for flags, environment in [
        (["-H", nowhere], {"DOCKER_HOST": server.host}),
        ([], {"APUS_HOST": nowhere, "DOCKER_HOST": server.host}),
        ([], {"DOCKER_HOST": nowhere}),
    ]:
        done = apus(*flags, "ps", **environment)
        assert done.returncode == 1 and "/nowhere/x.sock" in done.stderr, (flags, environment)
    twice = apus("-H", server.host, "-H", server.host, "ps")
    assert twice.returncode == 1 and "specify only one -H" in twice.stderr
    wrong = apus("ps", DOCKER_HOST="nonsense")
    assert wrong.returncode == 1 and "nonsense" in wrong.stderr


def test_which_configuration_is_read(server, tmp_path):
    """--config comes before DOCKER_CONFIG, that before the home directory's."""
    server.docker("create", "--name", "cfg", "busybox", check=0)
    for place in ["flag", "variable", "home/.docker"]:
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "config.json").write_text(json.dumps({"psFormat": f"{place} {{{{.Names}}}}"}))
    home = {"HOME": str(tmp_path / "home")}
    variable = {**home, "DOCKER_CONFIG": str(tmp_path / "variable")}
    ask = ["-H", server.host, "ps", "-a"]
    assert apus("--config", tmp_path / "flag", *ask, **variable).stdout == "flag cfg\n"
    assert apus(*ask, **variable).stdout == "variable cfg\n"
    done = run("env", "-u", "DOCKER_CONFIG", BIN / "apus", *ask, env=home)
    assert done.stdout == "home/.docker cfg\n"
