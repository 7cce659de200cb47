"""What is here when the program stands stays for as long as it runs: the garbage collector need not walk it."""

import gc
import sys


def settle() -> None:
    """Put everything loaded so far out of the collector's way, and let it come round less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def take_short_turns() -> None:
    """Let threads of a server take turns by the millisecond.

    A page waits for the interpreter anew after each statement, behind each thread that wants it too; with Python's
    usual 5 ms and two busy threads beside it, ten statements cost 0.1 s.
    """
    sys.setswitchinterval(0.0005)
