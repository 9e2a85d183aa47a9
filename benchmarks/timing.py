"""What work costs: CPU seconds in this process in alternation, or of whole processes with their memory."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall seconds of a process and those it has waited for, and the most memory that it held itself."""

    cpu: float
    wall: float
    megabytes: float


def alternated(work: dict[str, Callable[[], object]], pairs: int) -> dict[str, list[float]]:
    """CPU seconds of each piece of work in each round; one round beforehand is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(pairs + 1):
        for name, run in work.items():
            before = time.process_time()
            run()
            seconds[name].append(time.process_time() - before)
    return {name: found[1:] for name, found in seconds.items()}


def cost(command: Sequence[str], cores: Sequence[int]) -> Cost:
    """Run `command` on these cores; raises RuntimeError with its messages when it fails."""
    began, megabytes = time.monotonic(), 0.0
    with tempfile.TemporaryFile() as messages:
        process = subprocess.Popen(
            ["taskset", "-c", ",".join(map(str, cores)), *command], stdout=subprocess.DEVNULL, stderr=messages
        )
        ended = 0
        while not ended:
            time.sleep(_PAUSE)
            megabytes = max(megabytes, _held(process.pid))
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            messages.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {messages.read().decode()}")
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - began, megabytes)


def _held(process: int) -> float:
    """The most memory so far, in megabytes; what wait4 tells begins with the memory of the process that forked it."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)


def spread(values: Sequence[float], places: int = 3) -> dict[str, float]:
    """Median, lowest and highest."""
    found = {"median": median(values), "low": min(values), "high": max(values)}
    return {name: round(value, places) for name, value in found.items()}


def speeds(seconds: Sequence[float], count: int) -> dict[str, float]:
    """Sentences per second: median, lowest and highest."""
    return spread([count / one for one in seconds], places=1)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """How many times as long theirs took, round by round: median, lowest and highest."""
    return spread([their / our for our, their in zip(ours, theirs, strict=True)])


def processor() -> str:
    """The name of the processor that measured."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")
