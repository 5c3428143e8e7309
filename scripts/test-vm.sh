#!/bin/bash
# Boots Debian's cloud kernel in an emulated machine, where cgroup v2 is the only hierarchy and every kind of link is there,
# and runs there Tests/VirtualMachine/main-flows.sh, the tests of the rooms that depend on the cgroup version or on links
# (CgroupsTests, ContainerRuntimeTests, ShimTests, ContainerNetworkTests), and the end-to-end tests of networks.
# Ends with one line: vm: N passed, N failed. Takes the programs from APUS_BIN (default: the debug build, which takes three times
# as long there as a release build); APUS_VM_PARTS says which parts are to run ("main-flows networks"; default: main-flows).
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${APUS_BIN:-$PWD/.build/debug}
suite=$PWD/.build/debug/ApusPackageTests.xctest
parts=${APUS_VM_PARTS:-main-flows}
cache=$PWD/.build-vm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"

# The kernel's package is unpacked, never installed: the machine's own boot is none of our business.
if [ ! -e "$cache/kernel/boot" ]; then
  apt-cache show linux-image-cloud-amd64 >/dev/null 2>&1 || apt-get update >/dev/null
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
  (cd "$work" && apt-get download "$package" >/dev/null 2>&1) || { echo "cannot download ${package:-the cloud kernel}"; exit 1; }
  rm -rf "$cache/kernel.new"
  dpkg -x "$work"/linux-image-*.deb "$cache/kernel.new"
  mv "$cache/kernel.new" "$cache/kernel"
fi
kernel=$(echo "$cache"/kernel/boot/vmlinuz-*)
version=${kernel##*/vmlinuz-}
modules=$cache/kernel/lib/modules/$version
[ -d "$modules" ] || modules=$cache/kernel/usr/lib/modules/$version
[ -e "$modules/modules.dep" ] || depmod -b "${modules%/lib/modules/*}" "$version"

# initramfs: find the disk, go there.
initrd=$work/initrd
mkdir -p "$initrd"/{bin,dev,proc,sys,root,modules}
cp /bin/busybox "$initrd/bin/busybox"
for name in virtio_pci virtio_blk; do
  for file in $(modprobe -d "${modules%/lib/modules/*}" -S "$version" --show-depends $name | sed -n 's/^insmod //p'); do
    cp "$file" "$initrd/modules/"
    echo "${file##*/}" >>"$initrd/modules/order"
  done
done
touch "$initrd/modules/order"
cat >"$initrd/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
while read -r module; do /bin/busybox insmod "/modules/$module"; done </modules/order
n=0
while [ ! -b /dev/vda ] && [ $n -lt 100 ]; do /bin/busybox sleep 0.1; n=$((n + 1)); done
/bin/busybox mount -t ext4 /dev/vda /root
exec /bin/busybox switch_root /root /sbin/init
INIT
chmod 755 "$initrd/init"
(cd "$initrd" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initrd.gz"

# The disk: busybox, our programs with the libraries they load, the modules, the tests.
disk=$work/disk
mkdir -p "$disk"/{bin,sbin,dev,proc,sys,tmp,run,etc,root,var/tmp,usr/bin,usr/lib,lib64,apus,images}
cp /bin/busybox "$disk/bin/busybox"
for applet in $(/bin/busybox --list); do [ -e "$disk/bin/$applet" ] || ln -s busybox "$disk/bin/$applet"; done
for program in apus apusd apus-runtime apus-shim; do cp "$bin/$program" "$disk/apus/"; done
with_libraries() {
  ldd "$1" | grep -Eo '/[^ ]+' | sort -u | while read -r library; do
    [ -e "$disk$library" ] && continue
    mkdir -p "$disk$(dirname "$library")"
    cp -L "$library" "$disk$library"
  done
}
with_libraries "$bin/apusd"
case " $parts " in *" main-flows "*)
  [ -e "$suite" ] || { echo "no tests at $suite: build them first, swift build --build-tests"; exit 1; }
  cp "$suite" "$disk/apus/"
  strip -g "$disk/apus/ApusPackageTests.xctest"
  LD_LIBRARY_PATH=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")/lib/swift/linux with_libraries "$suite"
  ;;
esac
mkdir -p "$disk/lib/modules"
cp -a "$modules" "$disk/lib/modules/$version"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$disk/etc/passwd"
printf 'root:x:0:\n' >"$disk/etc/group"
printf '127.0.0.1 localhost\n' >"$disk/etc/hosts"
scripts/busybox-image.sh "$work/busybox"
tar -C "$work/busybox" -cf "$disk/images/busybox.tar" .
cp Tests/VirtualMachine/main-flows.sh Tests/VirtualMachine/networks.sh "$disk/root/"

# For the end-to-end tests: Python with pytest and docker-py, ip and nft, out of the packages that are installed here. Our
# client stands for docker's, which takes a second to start in there.
mkdir -p "$disk/root/tests/Tests" "$disk/root/tests/.build"
cp -r Tests/EndToEnd "$disk/root/tests/Tests/"
ln -s /apus "$disk/root/tests/.build/debug"
ln -s /apus/apus "$disk/apus/docker"
apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  python3-pytest python3-docker iproute2 nftables | grep '^[a-z0-9]' | sort -u >"$work/packages"
# Some of these are names that others provide.
{ xargs dpkg-query -W -f '${Package}\n' <"$work/packages" 2>/dev/null || true; } \
  | grep -vxE 'dpkg|perl.*|debconf|libc-bin|tar|coreutils|gcc-.*-base|ca-certificates|openssl|media-types' \
  | xargs dpkg -L | grep -vE '^/usr/share/(doc|man|locale|bug|lintian)/|/__pycache__/' | sort -u >"$work/files"
while read -r file; do
  [ -f "$file" ] || continue
  mkdir -p "$disk$(dirname "$file")"
  rm -f "$disk$file"
  # Before busybox's applet of the same name, wherever that is.
  applet=$disk/bin/${file##*/}
  if [ "$(readlink "$applet")" = busybox ]; then rm "$applet"; fi
  cp -a "$file" "$disk$file"
done <"$work/files"
# Busybox's own would start its own applets, whatever program is named.
for program in nsenter unshare; do
  rm -f "$disk/bin/$program" "$disk/usr/bin/$program"
  cp "$(command -v $program)" "$disk/bin/$program"
  with_libraries "$(command -v $program)"
done
cat >"$disk/sbin/init" <<'INIT'
#!/bin/sh
export PATH=/apus:/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup
echo 1 >/proc/sys/kernel/printk
ip link set lo up
for module in overlay bridge veth nf_tables nft_chain_nat nft_nat nft_masq nft_ct nft_fib_inet nft_meta_bridge \
  nf_conntrack_netlink sch_ingress sch_tbf cls_u32 cls_bpf act_mirred macvlan ipvlan 8021q; do modprobe $module; done
# Without links that nobody asked for.
modprobe ifb numifbs=0
modprobe dummy numdummies=0
hostname vm
code=0
for part in PARTS; do sh /root/$part.sh || code=1; done
echo "vm-exit: $code"
sync
poweroff -f
INIT
sed -i "s/PARTS/$parts/" "$disk/sbin/init"
chmod 755 "$disk/sbin/init"
size=$(($(du -sm "$disk" | cut -f1) + 700))
truncate -s "${size}M" "$work/disk.img"
mke2fs -q -t ext4 -d "$disk" -O ^has_journal "$work/disk.img"

# TCG, not KVM: the same everywhere, and slow enough to find races.
timeout "${APUS_VM_TIMEOUT:-1800}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 2 -m 2048 -nographic -no-reboot \
  -kernel "$kernel" -initrd "$work/initrd.gz" -append "console=ttyS0 quiet panic=-1 cgroup_no_v1=all random.trust_cpu=on" \
  -drive "file=$work/disk.img,if=virtio,format=raw,cache=unsafe" -nic none </dev/null 2>&1 | tr -d '\r' | tee "$work/serial" \
  | grep -aE '^(ok|not ok|#|vm)' || true

passed=$(grep -acE '^ok ' "$work/serial" || true)
failed=$(grep -acE '^not ok ' "$work/serial" || true)
if ! grep -aq '^vm-exit: 0' "$work/serial"; then
  [ "$failed" -gt 0 ] || failed=1
  tail -40 "$work/serial"
fi
echo "vm: $passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
