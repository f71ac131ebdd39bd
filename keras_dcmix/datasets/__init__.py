"""Labelled images of which the informative channels are known."""

from keras_dcmix.datasets.channel_dataset import ChannelDataset
from keras_dcmix.datasets.mnist_channels import mnist_channels
from keras_dcmix.datasets.planted_channels import SCENARIOS, planted_channels
from keras_dcmix.datasets.screen_layouts import LAYOUTS, write_screen
from keras_dcmix.datasets.simulated_cells import simulated_cells
from keras_dcmix.datasets.simulated_screen import SimulatedScreen, simulated_screen

__all__ = [
    "LAYOUTS",
    "SCENARIOS",
    "ChannelDataset",
    "SimulatedScreen",
    "mnist_channels",
    "planted_channels",
    "simulated_cells",
    "simulated_screen",
    "write_screen",
]
