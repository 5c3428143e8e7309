#!/usr/bin/env python3
"""Makes an OCI image layout with one image in it, byte for byte the same each time.

oci-layout.py LAYOUT --layer DIRECTORY-OR-TAR... [--cmd WORD...] [--entrypoint WORD...] [--env NAME=VALUE]
              [--created TIME] [--level N] [--name NAME]

Each layer is a directory, whose files are taken as root's, or a tar archive, which is taken as it is. The layout is
what `skopeo copy oci:LAYOUT:latest docker://…` takes, and as a tar what `apus load` takes under its name.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import platform
import shutil
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class HashingWriter(io.RawIOBase):
    """Passes bytes on to a file and remembers their digest and number."""

    def __init__(self, file):
        self.file = file
        self.hash = hashlib.sha256()
        self.size = 0

    def writable(self):
        return True

    def write(self, data):
        self.hash.update(data)
        self.size += len(data)
        self.file.write(data)
        return len(data)

    @property
    def digest(self):
        return "sha256:" + self.hash.hexdigest()


class Layout:
    def __init__(self, path):
        self.path = path
        self.blobs = path / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def add(self, media_type, content):
        digest = hashlib.sha256(content).hexdigest()
        (self.blobs / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(content)}

    def add_json(self, media_type, document):
        return self.add(media_type, json.dumps(document, sort_keys=True, separators=(",", ":")).encode())

    def add_layer(self, source, level):
        """Returns the layer's descriptor and its diff id."""
        temporary = self.blobs / "layer"
        with open(temporary, "wb") as file:
            packed = HashingWriter(file)
            with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=level, mtime=0) as compressor:
                plain = HashingWriter(compressor)
                if source.is_dir():
                    write_tar(source, plain)
                else:
                    with open(source, "rb") as archive:
                        shutil.copyfileobj(archive, plain, 1 << 20)
        temporary.rename(self.blobs / packed.hash.hexdigest())
        media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
        return {"mediaType": media_type, "digest": packed.digest, "size": packed.size}, plain.digest


def write_tar(root, stream):
    def as_root(entry):
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = 0
        return entry

    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for directory, folders, files in os.walk(root):
            folders.sort()
            linked = [name for name in folders if (pathlib.Path(directory) / name).is_symlink()]
            for name in ["."] * (directory != str(root)) + sorted(files + linked):
                path = pathlib.Path(directory) / name
                archive.add(path, path.relative_to(root).as_posix(), recursive=False, filter=as_root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layout", type=pathlib.Path)
    parser.add_argument("--layer", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--cmd", nargs="+")
    parser.add_argument("--entrypoint", nargs="+")
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--created", default="2026-01-01T00:00:00Z")
    parser.add_argument("--level", type=int, default=6, help="how hard gzip tries")
    parser.add_argument("--name", help="what the image is called when it is loaded")
    arguments = parser.parse_args()

    layout = Layout(arguments.layout)
    layers, diff_ids, history = [], [], []
    for source in arguments.layer:
        descriptor, diff_id = layout.add_layer(source, arguments.level)
        layers.append(descriptor)
        diff_ids.append(diff_id)
        history.append({"created": arguments.created, "created_by": f"oci-layout.py {source.name}"})

    config = {"Env": [PATH] + arguments.env, "WorkingDir": "/"}
    if arguments.cmd:
        config["Cmd"] = arguments.cmd
    if arguments.entrypoint:
        config["Entrypoint"] = arguments.entrypoint
    configuration = layout.add_json("application/vnd.oci.image.config.v1+json", {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux",
        "created": arguments.created, "config": config, "history": history,
        "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = layout.add_json(manifest_type, {
        "schemaVersion": 2, "mediaType": manifest_type, "config": configuration, "layers": layers})
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    if arguments.name:
        manifest["annotations"]["io.containerd.image.name"] = arguments.name
    (layout.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))


if __name__ == "__main__":
    main()
