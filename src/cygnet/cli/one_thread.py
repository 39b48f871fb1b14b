"""How many threads multiply matrices? One, where the products are small and other work may run.

OpenBLAS has its threads wait in busy loops: when another process holds a core, products of a few
milliseconds take several times as long.
"""

import os


def multiply_in_one_thread() -> None:
    """Ask OpenBLAS for one thread, unless its user asked for another number.

    It reads this when numpy is imported, so this must come first.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
