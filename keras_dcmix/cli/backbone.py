"""The option `--backbone`, checked before anything is read."""

from __future__ import annotations

import os
import sys


def refuse_backbone(backbone: str) -> None:
    """Refuses a backbone that cannot be loaded.

    A `module:function` is also looked for in the current folder, as `python -m` does.

    Raises:
        ValueError: If it is not known or cannot be loaded.
    """
    from keras_dcmix.models import check_backbone

    if ":" in backbone and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    check_backbone(backbone)
