"""Trained models in use: the model card, exports, predictions for new images."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
