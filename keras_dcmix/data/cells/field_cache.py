"""A cache of decoded fields with an upper limit in bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np


class FieldCache:
    """Keeps the fields used last, up to `max_bytes` of pixels.

    Threads may share it. Two threads that need the same absent field at once both read it: if
    they waited for each other, one slow file could stop all workers. A pickle of it is empty.

    Args:
        max_bytes: upper limit of the sum of all kept arrays, in bytes; 0 keeps nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._reset()

    def _reset(self) -> None:
        self.num_bytes = 0
        self._fields: OrderedDict[int, np.ndarray] = OrderedDict()
        self._lock = Lock()

    def get(self, key: int, load: Callable[[int], np.ndarray]) -> np.ndarray:
        """Returns the array kept under `key`, or the one that `load(key)` returns."""
        with self._lock:
            if key in self._fields:
                self._fields.move_to_end(key)
                return self._fields[key]
        field = load(key)
        self.keep(key, field)
        return field

    def keep(self, key: int, field: np.ndarray) -> None:
        """Stores a field and drops the ones unused for longest; one above the limit is not kept."""
        with self._lock:
            if key in self._fields or field.nbytes > self.max_bytes:
                return
            self._fields[key] = field
            self.num_bytes += field.nbytes
            while self.num_bytes > self.max_bytes:
                _, dropped = self._fields.popitem(last=False)
                self.num_bytes -= dropped.nbytes

    def __getstate__(self) -> dict[str, Any]:
        return {"max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.max_bytes = state["max_bytes"]
        self._reset()
