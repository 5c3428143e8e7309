#!/bin/bash
# Makes the images of the demo, the tests and the bench out of what this machine has, and pushes them into a registry.
# No container engine is needed: a Python script writes OCI layouts, and skopeo pushes them.
#
#   make-images.sh HOST:PORT [HELLO-PROGRAM]
#
# APUS_IMAGES   which ones: hello busybox debian big huge; default: hello busybox debian
# APUS_CACHE    where layouts that take long to make are kept; default: .build/images
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
registry=${1:?the address of a registry is needed: make-images.sh HOST:PORT}
hello_program=${2:-}
cache=${APUS_CACHE:-$root/.build/images}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "$*"; }

fail() {
  echo "$*" >&2
  exit 1
}

needs() {
  command -v "$1" >/dev/null || fail "$1 is needed: scripts/install-packages.sh demo"
}

# push LAYOUT NAME: skopeo names no digest of its own making, what was written is what is pushed.
push() {
  skopeo --insecure-policy copy --quiet --preserve-digests --dest-tls-verify=false \
    "oci:$1:latest" "docker://$registry/$2:latest" >"$work/skopeo.log" 2>&1 \
    || fail "skopeo could not push $2 to $registry: $(tail -n 1 "$work/skopeo.log")"
  say "pushed $registry/$2 ($(du -sh "$1/blobs" | cut -f1))"
}

# keep NAME LAYOUT: puts a finished layout into the cache at once, so that none is ever found there half-made.
keep() {
  mkdir -p "$cache"
  rm -rf "$cache/$1.new"
  cp -r "$2" "$cache/$1.new"
  rm -rf "${cache:?}/$1"
  mv "$cache/$1.new" "$cache/$1"
}

# An image of one file: our own static program.
make_hello() {
  mkdir -p "$work/hello"
  if [ -n "$hello_program" ]; then
    install -m 755 "$hello_program" "$work/hello/hello"
  else
    needs swiftc
    local source=$root/Examples/hello/hello.swift
    mkdir -p "$cache"
    if [ ! "$cache/hello-program" -nt "$source" ]; then
      swiftc -static-executable -Osize -use-ld=lld -Xlinker --strip-all -o "$work/hello-program" "$source"
      mv "$work/hello-program" "$cache/hello-program"
    fi
    install -m 755 "$cache/hello-program" "$work/hello/hello"
  fi
  "$here/oci-layout.py" "$work/hello-layout" --layer "$work/hello" --cmd /hello
  push "$work/hello-layout" hello
}

make_busybox() {
  "$here/busybox-image.sh" "$work/busybox-layout"
  push "$work/busybox-layout" busybox
}

# A small Debian, if its archive can be reached. Takes half a minute the first time.
make_debian() {
  if [ ! -d "$cache/debian" ]; then
    if ! command -v mmdebstrap >/dev/null; then
      say "no debian image: mmdebstrap is not installed"
      return
    fi
    say "making debian with mmdebstrap, which takes a while the first time"
    if ! mmdebstrap --quiet --variant=minbase --format=tar --aptopt='Acquire::Retries "3"' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
      bookworm "$work/debian.tar" >"$work/mmdebstrap.log" 2>&1 </dev/null; then
      say "no debian image: mmdebstrap failed: $(tail -n 1 "$work/mmdebstrap.log")"
      return
    fi
    "$here/oci-layout.py" "$work/debian-layout" --layer "$work/debian.tar" --cmd bash --level 4
    keep debian "$work/debian-layout"
  fi
  push "$cache/debian" debian
}

# Over 120 MB in three layers to measure with: busybox, and files that compress like those of a real image.
make_big() {
  if [ ! -d "$cache/big" ]; then
    say "making big"
    mkdir -p "$work/big-base/bin"
    install -m 755 /bin/busybox "$work/big-base/bin/busybox"
    ln -s busybox "$work/big-base/bin/sh"
    ln -s busybox "$work/big-base/bin/true"
    python3 - "$work" <<'PYTHON'
import pathlib, random, sys

# Each file is half noise, as compiled code nearly is, and half text. The seed makes it the same on every machine.
source = random.Random(20260101)
words = [bytes(source.choices(b"etaoinshrdlucmfwyp", k=source.randint(2, 9))) for _ in range(2000)]
pages = [b" ".join(source.choices(words, k=1500)) for _ in range(200)]
for layer in range(3):
    for number in range(530):
        folder = pathlib.Path(sys.argv[1], f"big-{layer}", "data", str(layer), f"{number // 40:02}")
        folder.mkdir(parents=True, exist_ok=True)
        size = source.choice([4_000, 16_000, 40_000, 160_000])
        text = b"\n".join(source.choices(pages, k=1 + size // 9000))
        (folder / f"{number:04}").write_bytes(source.randbytes(size) + text[:size])
PYTHON
    "$here/oci-layout.py" "$work/big-layout" --level 1 --cmd true \
      --layer "$work/big-base" "$work/big-0" "$work/big-1" "$work/big-2"
    keep big "$work/big-layout"
  fi
  push "$cache/big" big
}

# 1 GB in four layers that do not compress.
make_huge() {
  if [ ! -d "$cache/huge" ]; then
    say "making huge"
    for layer in 0 1 2 3; do
      mkdir -p "$work/huge-$layer/data"
      head -c 256M /dev/urandom >"$work/huge-$layer/data/$layer"
    done
    "$here/oci-layout.py" "$work/huge-layout" --level 1 --cmd true \
      --layer "$work/huge-0" "$work/huge-1" "$work/huge-2" "$work/huge-3"
    keep huge "$work/huge-layout"
  fi
  push "$cache/huge" huge
}

needs python3
needs skopeo
for image in ${APUS_IMAGES:-hello busybox debian}; do
  case $image in
    hello | busybox | debian | big | huge) "make_$image" ;;
    *) fail "no such image: $image (there are hello, busybox, debian, big and huge)" ;;
  esac
done
