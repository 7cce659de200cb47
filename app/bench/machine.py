"""On what was it measured, and how busy was it with other things."""

import os
import platform
from pathlib import Path
from statistics import median
from typing import Any

import psutil


def notes() -> dict[str, Any]:
    """What a reader needs to compare figures."""
    one, five, _ = os.getloadavg()
    return {
        "processor": _model(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "system": platform.system(),
        "load_average": [round(one, 2), round(five, 2)],
    }


def broken(**faults: int | bool) -> list[str]:
    """The names of those that are not nought: a bench with one of them has measured something that does not work."""
    return [name for name, seen in faults.items() if seen]


def percentiles_ms(seconds: list[float]) -> dict[str, float]:
    """The median, the 95th and the 99th percentile, in milliseconds."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {
        f"p{share}": round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)] * 1000, 1)
        for share in (50, 95, 99)
    }


def middle(figures: list[float]) -> float:
    return round(float(median(figures)), 2)


def _model() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    names = [
        line.partition(":")[2].strip()
        for line in info.read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()
