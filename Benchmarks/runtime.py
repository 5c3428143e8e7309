"""The runtimes alone: `run` of `true` from one bundle."""

import json
import os
import pathlib
import subprocess
import sys

from place import runtime_files
from servers import BIN, ROOT, busybox_rootfs, busybox_tar, start_apus


def default_seccomp(place):
    """The default profile as the engine writes it into a container's spec: one profile for all runtimes."""
    apus = start_apus(place)
    try:
        apus.do("import", busybox_tar(place), "busybox:latest")
        container = apus.do("run", "-d", "--network", "none", "busybox", "sleep", "1000")
        spec = json.loads((runtime_files(place) / "apus/bundles" / container / "config.json").read_text())
        apus.do("rm", "-f", container)
        return spec["linux"]["seccomp"]
    finally:
        apus.stop()


def bench(place, runs):
    """`run` of `true` from one bundle. crun 1.8 refuses a hybrid hierarchy: all run in a mount namespace without
    the unified mount."""
    bundle = place / "bundle"
    busybox_rootfs(bundle / "rootfs")
    subprocess.run(["runc", "spec"], cwd=bundle, check=True)
    spec = json.loads((bundle / "config.json").read_text())
    spec["process"]["terminal"] = False
    spec["process"]["args"] = ["/bin/true"]
    # runc's template raises ambient capabilities that are not inheritable, which the kernel refuses.
    spec["process"]["capabilities"].pop("ambient", None)
    spec["linux"]["seccomp"] = default_seccomp(place)
    (bundle / "config.json").write_text(json.dumps(spec))
    script = f"""
import sys; sys.path.insert(0, {str(ROOT / 'Benchmarks')!r})
from measuring import alternate, report
commands = {{name: [program, "--root", {str(runtime_files(place))!r} + "/" + name, "run", "--bundle", {str(bundle)!r}, name]
            for name, program in [("apus-runtime", {str(BIN / 'apus-runtime')!r}), ("crun", "crun"), ("runc", "runc")]}}
report("bare runtime: run of `true`, back to back", alternate(commands, {runs}), "apus-runtime")
report("bare runtime: run of `true`, 200 ms apart", alternate(commands, {runs}, gap=0.2), "apus-runtime")
"""
    subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c",
                    "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$@\"", "sh", sys.executable, "-c", script],
                   check=True, env={**os.environ, "APUS_BIN": str(BIN)})
