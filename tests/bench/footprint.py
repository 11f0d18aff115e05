"""What the processes take: CPU time and memory as the kernel counts them, and how long a start takes."""

import os
import time
from pathlib import Path

from bench.meters.trail import Trail, answered, is_operator, is_write
from bench.report import Row, spread
from bench.stage import Stage, is_ready
from cluster.host import waiting
from cluster.host.process import Process

TICKS = os.sysconf("SC_CLK_TCK")
IDLE_SHARE = 0.2
"""Of a core: who takes less looks at what it knows from time to time, and has nothing else to do."""


def cpu_seconds(process: Process) -> float:
    """CPU time so far of a process and the workers that it forked; 0 where it does not run."""
    total = 0.0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[2]) == process.pid:
            total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def until_idle(process: Process, seconds: float = 300) -> None:
    """Return once it has taken little for three seconds in a row."""

    def idle() -> bool:
        before = cpu_seconds(process)
        time.sleep(3)
        return cpu_seconds(process) - before < IDLE_SHARE * 3

    waiting.until(idle, what=f"{process.name} to have nothing to do", seconds=seconds, pause=0)


def resident_megabytes(process: Process) -> float:
    """Resident memory now."""
    return _megabytes(process, "VmRSS")


def peak_megabytes(process: Process) -> float:
    """The most that its resident memory ever was."""
    return _megabytes(process, "VmHWM")


def _megabytes(process: Process, what: str) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(what))) / 1024


def started(process: Process) -> float:
    """When the process was started, in seconds since the epoch, to a hundredth."""
    ticks = int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19])
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return time.time() - (uptime - ticks / TICKS)


def starts(stage: Stage, count: int) -> list[Row]:
    """From a process started to ready, and to the first write about a server that was applied meanwhile."""
    ended, ready, first, memory = [], [], [], []
    for number in range(count):
        begun = time.monotonic()
        stage.operator.stop()
        ended.append((time.monotonic() - begun) * 1000)
        applied = stage.apply("MLflowServer", f"start-{number}", {"external": {"url": stage.mlflow.url}})
        trail = Trail(stage)
        stage.operator.start()
        begun = started(stage.operator.process)
        ready.append((time.time() - begun) * 1000)
        stage.until("MLflowServer", applied, is_ready)
        first.append((answered(next(e for e in trail.events() if is_operator(e) and is_write(e))) - begun) * 1000)
        memory.append(resident_megabytes(stage.operator.process))
        stage.delete("MLflowServer", f"start-{number}")
    return [
        Row(f"process start → ready (n={count})", spread(ready, " ms"), "", ready),
        Row("process start → first reconcile written", spread(first, " ms"), "", first),
        Row("SIGTERM → process ended", spread(ended, " ms"), "", ended),
        Row("RSS after start, next to no objects", spread(memory, " MB"), "", memory),
    ]
