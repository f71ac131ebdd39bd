from .deletion_insertion import plot_deletion_insertion as plot_deletion_insertion
from .importance import plot_importance as plot_importance
from .methods import plot_methods as plot_methods
from .mix import plot_mix as plot_mix
from .panels import plot_panels as plot_panels
from .rank_correlation import plot_rank_correlation as plot_rank_correlation
from .thumbnails import plot_thumbnails as plot_thumbnails
from .trajectory import plot_trajectory as plot_trajectory
