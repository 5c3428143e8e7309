"""Pulls from a registry on loopback, and unpacking."""

import subprocess

from measuring import report, timed
from servers import Registry, push_images, start_apus, start_docker


def bench(place, runs):
    registry = Registry(place)
    apus, docker = start_apus(place), start_docker(place)
    try:
        push_images(registry, "big")
        image = f"{registry.host}/big"
        times = {"apus": [], "docker": []}
        for turn in range(-1, max(3, runs // 10)):
            for engine in (apus, docker):
                elapsed = timed(*engine.words("pull", image))
                subprocess.run(["sync"])
                engine.do("rmi", image)
                if turn >= 0:
                    times[engine.name].append(elapsed)
        report("pull of the big image from the same loopback registry (durable)", times, "apus")
        archive = place / "big.tar"
        apus.do("pull", image)
        apus.do("save", "-o", archive, image)
        apus.do("rmi", image)
        times = {"apus": [], "docker": []}
        for turn in range(-1, max(3, runs // 10)):
            for engine in (apus, docker):
                elapsed = timed(*engine.words("load", "-i", archive))
                subprocess.run(["sync"])
                engine.do("rmi", image)
                if turn >= 0:
                    times[engine.name].append(elapsed)
        report("unpack: load of the same image from an archive", times, "apus")
    finally:
        apus.stop()
        docker.stop()
        registry.stop()
