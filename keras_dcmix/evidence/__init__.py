"""What scores and runs show: statistics over repeats and groups, verdicts, sentences."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
