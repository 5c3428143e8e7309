"""Lost and damaged files: what the rest tells of comes back, and nobody else is touched."""

import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import stat
import subprocess
import tempfile

import pytest

from conftest import DOCKER, Server, cgroups_named, eventually, remove_cgroup


def names(server):
    return sorted(server.docker("ps", "-a", "--format", "{{.Names}}", check=0).stdout.split())


def files_of_database(server):
    return list(server.data_root.glob("apus.db*"))


def change_row(server, name, value):
    with contextlib.closing(sqlite3.connect(server.data_root / "apus.db")) as database:
        database.execute("UPDATE container SET configuration = ? WHERE name = ?", (value, name))
        database.commit()


def directory_of(server, name):
    return server.data_root / "containers" / server.inspect(name)["Id"]


def layers(server):
    return sorted(path.name for path in (server.data_root / "layers").iterdir())


def blobs(server):
    return sorted(path.name for path in (server.data_root / "blobs").glob("*/*"))


def test_a_deleted_database_is_made_again_from_the_files(own_server, busybox):
    server = own_server
    server.docker("run", "-d", "--name", "runs", "busybox", "sleep", "1000", check=0)
    server.docker("run", "--name", "wrote", "busybox", "sh", "-c", "echo kept > /file; exit 3")
    # A container outlives its image: then only its own description names the layers.
    server.docker("rmi", "-f", busybox, "busybox:latest")
    pid = server.inspect("runs")["State"]["Pid"]
    kept = layers(server)
    server.kill()
    for path in files_of_database(server):
        path.unlink()
    server.start()
    assert names(server) == ["runs", "wrote"]
    assert server.inspect("runs")["State"]["Pid"] == pid and os.path.exists(f"/proc/{pid}")
    assert server.inspect("wrote")["State"]["ExitCode"] == 3
    assert server.docker("exec", "runs", "echo", "well", check=0).stdout == "well\n"
    # The layers stay over another start, too, and over a pull of the same.
    server.restart()
    eventually(lambda: layers(server) == kept, what="the layers stay")
    server.docker("pull", busybox, check=0)
    assert server.docker("exec", "runs", "echo", "well", check=0).stdout == "well\n"
    assert (directory_of(server, "wrote") / "upper/file").read_text() == "kept\n"


def test_a_rebuild_that_is_cut_short_begins_again(own_server):
    server = own_server
    for name in ["one", "two", "three"]:
        server.docker("create", "--name", name, "busybox", "true", check=0)
    server.kill()
    for path in files_of_database(server):
        path.unlink()
    # What a server leaves that died at the beginning of it: tables, and no rows.
    server.start()
    server.kill()
    with contextlib.closing(sqlite3.connect(server.data_root / "apus.db")) as database:
        database.execute("DELETE FROM container WHERE name != 'two'")
        database.execute("PRAGMA user_version = 0")
        database.commit()
    server.start()
    assert names(server) == ["one", "three", "two"]


@pytest.mark.parametrize("junk", [b"", b"junk", b'{"request": 5}'])
def test_a_damaged_row_is_taken_from_the_description(own_server, junk):
    server = own_server
    server.docker("run", "-d", "--name", "hurt", "busybox", "sleep", "1000", check=0)
    server.docker("create", "--name", "well", "busybox", "true", check=0)
    server.kill()
    change_row(server, "hurt", junk)
    server.start()
    assert names(server) == ["hurt", "well"]
    assert server.inspect("hurt")["State"]["Running"]
    server.docker("rm", "-f", "hurt", "well", check=0)
    server.assert_nothing_left()


def test_what_cannot_be_read_at_all_is_left_alone(own_server):
    server = own_server
    server.docker("run", "--name", "hurt", "busybox", "sh", "-c", "echo precious > /file", check=0)
    server.docker("create", "--name", "well", "busybox", "true", check=0)
    place = directory_of(server, "hurt")
    server.kill()
    change_row(server, "hurt", b"junk")
    description = (place / "container.json").read_bytes()
    (place / "container.json").write_bytes(b"junk")
    for _ in range(2):
        server.start()
        assert names(server) == ["well"]
        assert (place / "upper/file").read_text() == "precious\n"
        assert str(place) in server.log.read_text()
        server.stop()
    (place / "container.json").write_bytes(description)
    server.start()
    assert names(server) == ["hurt", "well"]


def test_a_description_that_cannot_be_read_survives_a_rebuild(own_server):
    server = own_server
    server.docker("run", "--name", "hurt", "busybox", "sh", "-c", "echo precious > /file", check=0)
    place = directory_of(server, "hurt")
    server.kill()
    description = (place / "container.json").read_bytes()
    (place / "container.json").write_bytes(description[:100])
    for path in files_of_database(server):
        path.unlink()
    for _ in range(2):
        server.start()
        assert names(server) == []
        assert (place / "upper/file").read_text() == "precious\n"
        server.kill()
    (place / "container.json").write_bytes(description)
    server.start()
    assert names(server) == ["hurt"]


def test_secrets_in_the_database_are_roots_alone(own_server):
    server = own_server
    server.docker("create", "--name", "cc", "-e", "PASSWORD=secret", "busybox", "true", check=0)
    assert len(files_of_database(server)) == 3
    for path in files_of_database(server):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(server.data_root.stat().st_mode) & 0o007 == 0


def test_what_a_crash_in_a_removal_leaves_is_collected_at_the_next_start(own_server):
    server = own_server
    assert layers(server) and blobs(server)
    server.restart(failpoints="image-remove.after-record=die")
    [image] = set(server.docker("images", "-q", "--no-trunc", check=0).stdout.split())
    server.docker("rmi", "-f", image)
    server.process.wait(20)
    server.start()
    eventually(lambda: not layers(server) and not blobs(server), what="layers and blobs go")


def test_the_last_container_of_an_image_that_is_gone_takes_the_layers_along(own_server, busybox):
    server = own_server
    server.docker("create", "--name", "last", "busybox", "true", check=0)
    server.docker("rmi", "-f", busybox, "busybox:latest")
    assert layers(server)
    server.docker("rm", "last", check=0)
    eventually(lambda: not layers(server), what="the layers go")


def test_a_cgroup_below_another_parent_is_swept_too(own_server):
    server = own_server
    parent = f"{server.cgroup_parent}-other"
    try:
        server.restart(failpoints="remove.after-record=die")
        server.docker("run", "-d", "--name", "cc", "--cgroup-parent", f"/{parent}", "busybox", "sleep", "1000", check=0)
        name = server.inspect("cc")["Id"]
        server.docker("rm", "-f", "cc")
        server.process.wait(20)
        cgroups = [pathlib.Path(path, name) for path in cgroups_named(parent)]
        assert any(path.exists() for path in cgroups)
        server.start()
        eventually(lambda: not any(path.exists() for path in cgroups), what="the cgroup goes")
    finally:
        own_server.remove_all()
        remove_cgroup(parent)


def test_commands_that_meet_a_removal_all_get_an_answer(own_server):
    server = own_server
    for turn in range(8):
        server.docker("run", "-d", "--name", "cc", "busybox", "sleep", "1000", check=0)
        commands = [["rm", "-f", "cc"], ["rm", "-f", "cc"], ["stop", "-t", "0", "cc"], ["kill", "cc"], ["start", "cc"],
                    ["rename", "cc", "dd"]]
        running = [subprocess.Popen([DOCKER, "-H", server.host, *command], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True) for command in commands]
        for command, process in zip(commands, running):
            try:
                _, error = process.communicate(timeout=30)
            finally:
                process.kill()
            assert process.returncode in (0, 1), command
            # Never a success for what is not there any more.
            if process.returncode == 1:
                assert any(words in error for words in ["No such container", "is not running", "marked for removal"]), \
                    (command, error)
        server.docker("rm", "-f", "cc", "dd")
        assert names(server) == []
    server.assert_nothing_left()


def test_images_are_not_taken_from_below_a_container_that_is_being_made(own_server, busybox):
    server = own_server
    for turn in range(10):
        removal = subprocess.Popen([DOCKER, "-H", server.host, "rmi", "-f", busybox, "busybox:latest"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        made = server.docker("run", "-d", "--pull", "never", "--name", f"c{turn}", "busybox", "sleep", "1000")
        removal.wait(30)
        if made.returncode == 0:
            assert server.docker("exec", f"c{turn}", "echo", "well", check=0).stdout == "well\n"
        else:
            assert "No such image" in made.stderr
        server.docker("rm", "-f", f"c{turn}")
        server.docker("pull", busybox, check=0)
        server.docker("tag", busybox, "busybox:latest", check=0)


def test_a_container_is_shown_and_stopped_where_it_could_not_be_made_any_more(own_server):
    server = own_server
    server.docker("run", "-d", "--name", "big", "busybox", "sleep", "1000", check=0)
    description = json.loads((directory_of(server, "big") / "container.json").read_text())
    server.kill()
    # As if a processor had gone since.
    configuration = description["configuration"]
    configuration["request"]["HostConfig"]["NanoCpus"] = 4096 * 10**9
    change_row(server, "big", json.dumps(configuration).encode())
    server.start()
    assert names(server) == ["big"]
    assert server.inspect("big")["HostConfig"]["NanoCpus"] == 4096 * 10**9
    assert server.docker("exec", "big", "echo", "well", check=0).stdout == "well\n"
    assert server.docker("logs", "big").returncode == 0
    server.docker("stop", "-t", "0", "big", check=0)
    refused = server.docker("start", "big")
    assert refused.returncode == 1 and "CPUs" in refused.stderr
    server.docker("rm", "big", check=0)


def test_another_server_with_the_same_parent_of_cgroups(own_server, busybox):
    """What it does not know is not for that reason nobody's."""
    own_server.docker("run", "-d", "--name", "stays", "busybox", "sleep", "1000", check=0)
    other = Server(tempfile.mkdtemp(prefix="apus-own-", dir="/tmp"))
    other.cgroup_parent = own_server.cgroup_parent
    try:
        other.start()
        other.restart()
        # A container of a server that was killed, and is looked after by nobody, is its own all the same.
        assert own_server.inspect("stays")["State"]["Running"]
        own_server.kill()
        other.restart()
        own_server.start()
        assert own_server.inspect("stays")["State"]["Running"]
        assert own_server.docker("exec", "stays", "true").returncode == 0
    finally:
        other.stop()
        shutil.rmtree(other.directory)
