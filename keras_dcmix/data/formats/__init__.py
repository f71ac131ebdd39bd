"""Formats of images: one instrument or table a file, and what their readers share."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
