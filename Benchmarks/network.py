"""Containers in networks: their starts, published ports, traffic and names, beside dockerd with its bridge.

Each server has a network namespace of its own, so that neither meets the other's rules.
"""

import concurrent.futures
import statistics
import time

import traffic
from measuring import alternate, report, timed, verdict
from servers import start_apus, start_docker

MANY, AT_ONCE = 200, 4


def bench(place, runs):
    engines = [start_apus(place), start_docker(place, bridged=True)]
    try:
        image = traffic.image(place)
        for engine in engines:
            engine.do("import", image, "tools:latest")
        starts(engines, runs)
        publishing(engines, max(3, runs // 10))
        many(engines)
        traffic.bench(engines, max(3, runs // 10))
        traffic.names(engines)
    finally:
        for engine in engines:
            engine.end()


def run_times(engines, runs, *options):
    return alternate({engine.name: engine.words("run", "--rm", *options, "tools", "true") for engine in engines}, runs)


def starts(engines, runs):
    times = run_times(engines, runs)
    report("run --rm true, on the default bridge", times, "apus")
    verdict("run --rm on the bridge", statistics.median(times["apus"]), 30, " ms")
    verdict("beside dockerd", statistics.median([ours / theirs for ours, theirs in zip(*times.values())]), 1 / 8)
    report("run --rm -p 18080:80 true", run_times(engines, runs, "-p", "18080:80"), "apus")
    # What one leaves is taken away before the next begins: the kernel's lock is held meanwhile.
    apus = engines[0]
    beside = alternate({"on the bridge": apus.words("run", "--rm", "tools", "true"),
                        "without a network": apus.words("run", "--rm", "--network", "none", "tools", "true")}, runs, gap=0.1)
    report("apus run --rm true, a tenth of a second apart", beside, "on the bridge")


def publishing(engines, runs):
    plain = run_times(engines, runs)
    ports = run_times(engines, runs, "-p", "20000-20099:20000-20099")
    report("run --rm -p 20000-20099:20000-20099 true", ports, "apus")
    for engine in engines:
        added = statistics.median(ports[engine.name]) - statistics.median(plain[engine.name])
        print(f"  {engine.name}: {added:.1f} ms of it are the 100 ports")
        if engine.name == "apus":
            verdict("publishing 100 ports", added, 50, " ms")


def many(engines):
    """Many containers that stay, a few started at once."""
    times = {}
    for engine in engines:
        begin = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda number: timed(*engine.words("run", "-d", "tools", "sleep", "100000")), range(MANY)))
        times[engine.name] = [(time.perf_counter() - begin) * 1000]
        engine.do("rm", "-f", *engine.do("ps", "-q").split())
    report(f"{MANY} containers started on the bridge, {AT_ONCE} at once", times, "apus")
    verdict(f"{MANY} containers", times["apus"][0] / 1000, 8, " s")
