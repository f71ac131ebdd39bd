"""Image sets of which the important channels are known."""

from keras_dcmix.datasets.channel_problem import ChannelProblem
from keras_dcmix.datasets.mnist_channels import mnist_channels
from keras_dcmix.datasets.planted_channels import SCENARIOS, planted_channels
from keras_dcmix.datasets.simulated_cells import simulated_cells

__all__ = [
    "SCENARIOS",
    "ChannelProblem",
    "mnist_channels",
    "planted_channels",
    "simulated_cells",
]
