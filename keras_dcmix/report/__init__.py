"""Results as one self-contained HTML page, to read, print and mail, and as files in a folder."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
