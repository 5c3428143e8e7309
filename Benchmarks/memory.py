"""What the server and the shims hold in memory."""

import contextlib
import pathlib
import statistics
import time

from servers import Registry, push_images, start_apus


def smaps(pid):
    fields = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        fields[name.rstrip(":")] = int(value)
    return fields["Rss"], fields["Anonymous"], fields["Pss"]


def shims(name, marker):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                if name in words.split(b"\0")[0] and (not marker or marker in (entry / "mountinfo").read_bytes() + words):
                    found.append(int(entry.name))
    return found


def bench(place, runs):
    registry = Registry(place)
    apus = start_apus(place)
    try:
        push_images(registry, "busybox big huge")
        idle = smaps(apus.process.pid)
        apus.do("pull", f"{registry.host}/big")
        apus.do("pull", f"{registry.host}/busybox")
        for _ in range(20):
            apus.do("run", "--rm", "--network", "none", f"{registry.host}/busybox", "true")
        for n in range(20):
            apus.do("run", "-d", "--name", f"m{n}", "--network", "none", f"{registry.host}/busybox", "sleep", "100000")
        time.sleep(60)
        after_runs = smaps(apus.process.pid)
        each = [smaps(pid) for pid in shims(b"apus-shim", str(place).encode())]
        apus.do("pull", f"{registry.host}/huge")
        time.sleep(60)
        print("\nmemory, KiB (RSS, anonymous, PSS)")
        print(f"  {'apusd, just started':<44}", *idle)
        print(f"  {'apusd, 60 s after a pull and 20 runs':<44}", *after_runs)
        print(f"  {'apusd, 60 s after a pull of 1 GB more':<44}", *smaps(apus.process.pid))
        means = [statistics.mean(column) for column in zip(*each)]
        print(f"  {f'apus-shim, mean over {len(each)}':<44}", *[f"{mean:.0f}" for mean in means])
    finally:
        ids = apus.do("ps", "-aq").split()
        if ids:
            apus.do("rm", "-f", *ids)
        apus.stop()
        registry.stop()
