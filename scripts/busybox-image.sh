#!/bin/bash
# Makes an OCI layout of busybox: Debian's busybox-static under all its names.
#
#   busybox-image.sh LAYOUT
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
layout=${1:?where is the layout to be made? busybox-image.sh LAYOUT}
[ -x /bin/busybox ] || { echo "/bin/busybox is needed: install the package busybox-static" >&2; exit 1; }
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

mkdir -p "$tree"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,usr/sbin,var/tmp}
chmod 755 "$tree"
chmod 700 "$tree/root"
chmod 1777 "$tree/tmp" "$tree/var/tmp"
install -m 755 /bin/busybox "$tree/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ -e "$tree/bin/$applet" ] || ln -s busybox "$tree/bin/$applet"
done
ln -s ../../bin/env "$tree/usr/bin/env"
cat >"$tree/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
PASSWD
cat >"$tree/etc/group" <<'GROUP'
root:x:0:
daemon:x:1:
bin:x:2:
tty:x:5:
www-data:x:33:
users:x:100:nobody
nogroup:x:65534:
GROUP
"$here/oci-layout.py" "$layout" --layer "$tree" --cmd sh --name docker.io/library/busybox:latest
