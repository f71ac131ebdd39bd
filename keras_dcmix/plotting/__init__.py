"""Figures: each function takes a result, draws into `ax` and returns it.

Colours are distinguishable for colour-blind readers, and text follows matplotlib's `rcParams`, so
that `plt.style.context("dark_background")` works. Functions neither show nor save figures.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
