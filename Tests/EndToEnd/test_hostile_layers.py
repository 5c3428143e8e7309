"""Layers that want out of their root, through the door they would come by: `docker load`."""

import gzip
import hashlib
import io
import json
import os
import pathlib
import tarfile

import pytest

from conftest import run


def layer(entries):
    """A layer's tar of (name, kind, content or target)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            if kind == "file":
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
                continue
            info.type = {"dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "link": tarfile.LNKTYPE,
                         "block": tarfile.BLKTYPE}[kind]
            info.linkname = content or ""
            if kind == "block":
                info.devmajor, info.devminor = 8, 0
            tar.addfile(info)
    return stream.getvalue()


def archive(path, layers, name="hostile:1"):
    config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]},
              "rootfs": {"type": "layers",
                         "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]}}
    files = {"config.json": json.dumps(config).encode()}
    for number, data in enumerate(layers):
        files[f"{number}.tar"] = data
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": [f"{n}.tar" for n in range(len(layers))]}]
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(path, "w") as tar:
        for file, data in files.items():
            info = tarfile.TarInfo(file)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


HOSTILE = {
    "absolute path": lambda out: [[(f"{out}/absolute", "file", b"x")]],
    "parent path": lambda out: [[("../" * 20 + f"{out}/parent".lstrip("/"), "file", b"x")]],
    "through a symlink": lambda out: [[("way", "symlink", out), ("way/through", "file", b"x")]],
    "through a symlink of a lower layer": lambda out: [[("way", "symlink", out)], [("way/lower", "file", b"x")]],
    "relative symlink": lambda out: [[("way", "symlink", "../" * 20 + out.lstrip("/")), ("way/r", "file", b"x")]],
    "hard link to the host": lambda out: [[("stolen", "link", "/etc/passwd"), ("stolen", "file", b"x")]],
    "hard link by parents": lambda out: [[("stolen", "link", "../" * 20 + "etc/passwd")]],
    "whiteout of the parent": lambda out: [[("a/.wh...", "file", b"")]],
    "whiteout through a symlink": lambda out: [[("way", "symlink", out), ("way/.wh.keep", "file", b"")]],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_layer_stays_inside(server, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    keep = outside / "keep"
    keep.write_text("untouched")
    passwd = pathlib.Path("/etc/passwd").read_bytes()
    path = tmp_path / "hostile.tar"
    archive(path, [layer(entries) for entries in HOSTILE[name](str(outside))])
    done = server.docker("load", "-i", path)
    assert os.listdir(outside) == ["keep"] and keep.read_text() == "untouched"
    assert pathlib.Path("/etc/passwd").read_bytes() == passwd
    # Either it is refused with a sentence, or it is contained.
    assert done.returncode == 0 or done.stderr.strip()
    if done.returncode != 0:
        assert "hostile" not in server.docker("images", check=0).stdout
    server.docker("rmi", "-f", "hostile:1")


def endless():
    """A file of four terabytes, of which the archive holds the first zeros."""
    info = tarfile.TarInfo("bomb")
    info.size = 4 << 40
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)


def bomb():
    """Five megabytes that unpack to five gigabytes of zeros, in gzip's parts: a whole tar, and nothing wrong with it."""
    info = tarfile.TarInfo("zeros")
    info.size = 80 * (64 << 20)
    end = gzip.compress(bytes(10240))
    return gzip.compress(info.tobuf(tarfile.GNU_FORMAT)) + 80 * gzip.compress(bytes(64 << 20)) + end


@pytest.mark.parametrize("name,content,words", [
    ("device flood", lambda: layer([(f"sd{n}", "block", "") for n in range(5000)]), "device nodes"),
    ("endless file", endless, "bytes"),
    ("bomb of zeros", bomb, "expands to more than 250 times its size"),
])
def test_a_layer_that_costs_too_much_is_refused(server, tmp_path, name, content, words):
    path = tmp_path / "hostile.tar"
    archive(path, [content()])
    assert path.stat().st_size < 10 << 20
    done = server.docker("load", "-i", path)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert "hostile" not in server.docker("images", check=0).stdout
    server.assert_nothing_half_made()


def test_truncated_and_foreign_archives_are_refused(server, tmp_path):
    whole = tmp_path / "whole.tar"
    archive(whole, [layer([("f", "file", b"x" * 5000)])])
    for name, data in {"cut": whole.read_bytes()[:3000], "noise": os.urandom(4096), "empty": b""}.items():
        path = tmp_path / name
        path.write_bytes(data)
        done = server.docker("load", "-i", path)
        assert done.returncode != 0 and done.stderr.strip(), name
    assert "hostile" not in server.docker("images", check=0).stdout


def test_a_wrong_diff_id_is_refused(server, tmp_path):
    path = tmp_path / "wrong.tar"
    data = layer([("f", "file", b"x")])
    archive(path, [data])
    with tarfile.open(path) as tar:
        parts = {member.name: tar.extractfile(member).read() for member in tar}
    parts["0.tar"] = layer([("f", "file", b"y")])
    with tarfile.open(path, "w") as tar:
        for file, content in parts.items():
            info = tarfile.TarInfo(file)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    done = server.docker("load", "-i", path)
    assert done.returncode != 0 and done.stderr.strip()
