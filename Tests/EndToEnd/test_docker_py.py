"""docker-py against apusd."""

import docker
import pytest

from conftest import eventually


@pytest.fixture
def client(server):
    client = docker.DockerClient(base_url=server.host)
    yield client
    client.close()


def test_run_returns_output(client):
    assert client.containers.run("busybox", "echo hi", remove=True) == b"hi\n"


def test_failing_run_raises_with_its_output(client):
    with pytest.raises(docker.errors.ContainerError) as failure:
        client.containers.run("busybox", ["sh", "-c", "echo no >&2; exit 3"], remove=True)
    assert failure.value.exit_status == 3


def test_streamed_logs(client):
    container = client.containers.run("busybox", ["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"], detach=True)
    assert b"".join(container.logs(stream=True, follow=True)) == b"1\n2\n3\n"
    assert container.wait()["StatusCode"] == 0
    container.remove()


def test_exec_run(client):
    container = client.containers.run("busybox", "sleep 1000", detach=True)
    code, output = container.exec_run(["sh", "-c", "echo in; exit 2"])
    assert (code, output) == (2, b"in\n")
    code, (out, err) = container.exec_run(["sh", "-c", "echo o; echo e >&2"], demux=True)
    assert (out, err) == (b"o\n", b"e\n")
    assert b"stream" in b"".join(container.exec_run("echo stream", stream=True).output)
    container.stop(timeout=1)
    container.reload()
    assert container.status == "exited"
    container.remove()


def test_attach_socket_carries_stdin(client):
    container = client.containers.create("busybox", "cat", stdin_open=True)
    socket = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    container.start()
    socket._sock.sendall(b"over\n")
    eventually(lambda: container.logs() == b"over\n", what="the echo")
    socket.close()
    container.remove(force=True)


def test_images(client, busybox):
    image = client.images.pull(busybox)
    assert busybox in image.tags
    assert client.images.get(busybox).id == image.id
    with pytest.raises(docker.errors.ImageNotFound):
        client.images.get("never-was:1")
    with pytest.raises(docker.errors.NotFound):
        client.containers.get("never-was")


def test_events_and_list(client):
    container = client.containers.create("busybox", "true", name="listed", labels={"a": "b"})
    found = client.containers.list(all=True, filters={"label": "a=b"})
    assert [c.name for c in found] == ["listed"]
    assert found[0].attrs["Config"]["Labels"]["a"] == "b"
    container.remove()
