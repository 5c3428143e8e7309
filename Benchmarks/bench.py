#!/usr/bin/env python3
"""Apus beside Docker, Podman, runc and crun: medians and ratios, all in one run on one machine.

bench.py [runtime] [engine] [network] [memory] [pull]     (default: all)

Figures are whole-process wall times in milliseconds, where nothing else is said. Runs of the compared programs alternate,
so that a drift of the machine's speed meets all of them. A ratio below 1 means that Apus is faster or smaller; of
throughput, that it is slower.
"""

import argparse
import pathlib
import signal
import sys
import tempfile

import engine
import memory
import network
import pull
import runtime
from place import clear, isolate_network

PARTS = {"runtime": runtime.bench, "engine": engine.bench, "network": network.bench, "memory": memory.bench, "pull": pull.bench}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=list(PARTS), metavar="part", help=", ".join(PARTS))
    parser.add_argument("-n", "--runs", type=int, default=100)
    arguments = parser.parse_args()
    unknown = [what for what in arguments.what if what not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}")
    # Whoever ends the bench finds its traces gone, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by SIGTERM"))
    isolate_network()
    for what in arguments.what:
        place = pathlib.Path(tempfile.mkdtemp(prefix="apus-bench-", dir="/tmp"))
        try:
            PARTS[what](place, arguments.runs)
        finally:
            clear(place)


if __name__ == "__main__":
    main()
