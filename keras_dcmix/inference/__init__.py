"""Trained models elsewhere: the model card, export to other formats, prediction on new images."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
