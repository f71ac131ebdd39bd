"""Figures: each function takes a result, draws into `ax` and returns it.

Colours can be told apart by colour-blind readers, and text follows matplotlib's `rcParams`, so that
`plt.style.context("dark_background")` works. Nothing is shown or saved here.
"""

from keras_dcmix.plotting.deletion_insertion import plot_deletion_insertion
from keras_dcmix.plotting.importance import plot_importance
from keras_dcmix.plotting.methods import plot_methods
from keras_dcmix.plotting.mix import plot_mix
from keras_dcmix.plotting.panels import plot_panels
from keras_dcmix.plotting.rank_correlation import plot_rank_correlation
from keras_dcmix.plotting.thumbnails import plot_thumbnails
from keras_dcmix.plotting.trajectory import plot_trajectory

__all__ = [
    "plot_deletion_insertion",
    "plot_importance",
    "plot_methods",
    "plot_mix",
    "plot_panels",
    "plot_rank_correlation",
    "plot_thumbnails",
    "plot_trajectory",
]
