"""What `import keras_dcmix` adds to `import keras`, in pairs within one run.

python benchmarks/import_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys

PAIRS = 7
CODE = """
import time, keras
start = time.perf_counter()
import keras_dcmix, keras_dcmix.layers
first = time.perf_counter()
keras_dcmix.ChannelImportance, keras_dcmix.callbacks, keras_dcmix.models
print(first - start, time.perf_counter() - start)
"""


def main() -> None:
    rows = []
    for _ in range(PAIRS + 1):
        done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True)
        rows.append([float(number) for number in done.stdout.split()])
    alone, with_models = (statistics.median(column) for column in zip(*rows[1:], strict=True))
    print(f"import keras_dcmix after import keras: {alone:.3f} s (median of {PAIRS})")
    print(f"with callbacks, models and results used: {with_models:.3f} s")


if __name__ == "__main__":
    main()
