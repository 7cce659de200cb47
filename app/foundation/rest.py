"""What is here when the program stands stays for as long as it runs: the garbage collector need not walk it."""

import gc


def settle() -> None:
    """Put everything loaded so far out of the collector's way, and let it come round less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
