"""CPU time that processes have used so far: the figure that stays put on a noisy machine."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_ms(pids: Iterable[int]) -> float:
    """User + system milliseconds of processes and all their descendants, ended ones included. Linux only."""
    family = set(pids)
    table = _table()
    grown = True
    while grown:
        grown = False
        for pid, (parent, _) in table.items():
            if parent in family and pid not in family:
                family.add(pid)
                grown = True
    return sum(table[pid][1] for pid in family if pid in table) * 1000 / TICKS_PER_SECOND


def _table() -> dict[int, tuple[int, int]]:
    """For each process: its parent, and ticks of its own and of its ended children."""
    table = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        table[int(folder.name)] = int(fields[1]), sum(int(fields[place]) for place in (11, 12, 13, 14))
    return table
