"""The door and the append-only record."""

import os

__version__ = "0.1.0"

# There is a process a core already. With two threads in one the same products of matrices take one and a half times the
# processor, on a busy machine two and a half times, and no less time. Set before anybody loads numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
