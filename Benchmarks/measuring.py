"""Wall times of whole programs, and how they are printed."""

import os
import statistics
import subprocess
import sys
import time

NULL = os.open(os.devnull, os.O_RDWR)


def timed(*command):
    """Wall milliseconds of one run, from spawn to reaped; a failing command ends the bench."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ,
                          file_actions=[(os.POSIX_SPAWN_DUP2, NULL, fd) for fd in (0, 1, 2)])
    _, status = os.waitpid(pid, 0)
    elapsed = (time.perf_counter() - start) * 1000
    if status:
        done = subprocess.run(words, capture_output=True, text=True)
        sys.exit(f"bench: {' '.join(words)} failed ({status}): {done.stdout}{done.stderr}")
    return elapsed


def alternate(commands, runs, gap=0.0, warm=3):
    """Times each of `commands` (name → words) `runs` times, in turn."""
    times = {name: [] for name in commands}
    for turn in range(-warm, runs):
        for name, words in commands.items():
            elapsed = timed(*words)
            if turn >= 0:
                times[name].append(elapsed)
            if gap:
                time.sleep(gap)
    return times


def report(title, times, base, unit="ms"):
    """A row for each program, and the median of the pairwise ratios base/other."""
    print(f"\n{title}")
    for name, values in times.items():
        spread = f"{min(values):8.2f} {statistics.median(values):8.2f} {max(values):8.2f}"
        ratio = ""
        if name != base:
            pairs = [ours / theirs for ours, theirs in zip(times[base], values)]
            ratio = f"   {base} / {name} = {statistics.median(pairs):.3f}"
        print(f"  {name:<28} min/median/max {unit} {spread}{ratio}")
    sys.stdout.flush()


def verdict(what, value, limit, unit=""):
    """A figure beside the most that it should be."""
    print(f"  {what}: {value:.3g}{unit} (at most {limit:g}{unit}): {'reached' if value <= limit else 'MISSED'}")
    sys.stdout.flush()
