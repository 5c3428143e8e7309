#!/bin/bash
# Installs the Debian/Ubuntu packages for the purposes named: build, demo, test, vm, bench.
# Asks apt only when something is missing, so that it costs nothing the second time.
set -euo pipefail

declare -A packages=(
  [build]="libisal-dev libzstd-dev libsqlite3-dev"
  [demo]="busybox-static docker-registry skopeo python3 mmdebstrap ca-certificates"
  [test]="openssl zstd gzip tar busybox-static docker-registry skopeo python3 python3-pytest python3-pexpect python3-docker
    mmdebstrap docker.io docker-compose containerd runc podman crun conmon netavark fuse-overlayfs iproute2 nftables iptables
    firewalld dbus ufw util-linux procps e2fsprogs"
  [vm]="qemu-system-x86 mmdebstrap e2fsprogs cpio kmod xz-utils python3 busybox-static"
  [bench]="busybox-static docker-registry skopeo python3 docker.io containerd runc podman crun conmon
    netavark fuse-overlayfs iproute2 iptables iperf3 util-linux"
)

wanted=()
for purpose in "$@"; do
  for package in ${packages[$purpose]:?no such purpose: $purpose}; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || wanted+=("$package")
  done
done
[ ${#wanted[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "these packages are needed: ${wanted[*]}"
  echo "run this as root, or: sudo apt-get install --no-install-recommends ${wanted[*]}"
  exit 1
fi

# It loads a machine's own rules when that starts, and goes when ufw comes.
case " ${wanted[*]} " in
  *" ufw "*)
    if dpkg-query -W -f '${db:Status-Status}' netfilter-persistent 2>/dev/null | grep -qx installed; then
      echo "the tests need ufw, which takes the place of netfilter-persistent: that keeps this machine's own rules"
      echo "run them on another machine, or first, if the rules may go: sudo apt-get install ufw"
      exit 1
    fi
    ;;
esac

had_ufw=false
dpkg-query -W -f '${db:Status-Status}' ufw 2>/dev/null | grep -qx installed && had_ufw=true

echo "installing: ${wanted[*]}"
# dockerd, containerd and docker-registry must not start by themselves as services: the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
  trap 'rm -f $policy' EXIT
fi
log=$(mktemp)
for attempt in 1 2 3; do
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"; } \
    >"$log" 2>&1; then
    rm -f "$log"
    # The machine's own firewall stays what it was: the tests start one for themselves. ufw goes by its configuration, which
    # may be there from before; one that was in use already is left alone.
    case " ${wanted[*]} " in *" firewalld "*) systemctl disable firewalld >/dev/null 2>&1 || true ;; esac
    case " ${wanted[*]} " in *" ufw "*) $had_ufw || sed -i 's/^ENABLED=.*/ENABLED=no/' /etc/ufw/ufw.conf ;; esac
    exit 0
  fi
  sleep $((attempt * 3))
done
cat "$log"
echo "apt-get could not install: ${wanted[*]}"
exit 1
