#!/bin/bash
# Makes a docker-archive of busybox (Debian's busybox-static) that `apus load` and `docker load` take.
# image-archive.sh busybox FILE
set -euo pipefail
name=$1
file=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,etc,proc,root,sys,tmp,usr/bin,var} "$work/archive"
chmod 1777 "$root/tmp"
cp /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
tar -C "$root" --owner=0 --group=0 --numeric-owner -cf "$work/archive/layer.tar" .
diff=$(sha256sum "$work/archive/layer.tar" | cut -d' ' -f1)
cat >"$work/archive/config.json" <<JSON
{"architecture":"$(dpkg --print-architecture)","os":"linux","created":"2026-01-01T00:00:00Z",
 "config":{"Cmd":["sh"],"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
 "rootfs":{"type":"layers","diff_ids":["sha256:$diff"]},"history":[{"created":"2026-01-01T00:00:00Z","created_by":"busybox-static"}]}
JSON
printf '[{"Config":"config.json","RepoTags":["%s:latest"],"Layers":["layer.tar"]}]' "$name" >"$work/archive/manifest.json"
tar -C "$work/archive" -cf "$file" manifest.json config.json layer.tar
