"""Keras layers, one in each file."""

from keras_dcmix.layers.attention import ATTENTION_LAYERS as ATTENTION_LAYERS
from keras_dcmix.layers.cbam import CBAM as CBAM
from keras_dcmix.layers.channel_attention import ChannelAttention as ChannelAttention
from keras_dcmix.layers.channel_selection import ChannelSelection as ChannelSelection
from keras_dcmix.layers.channel_subsets import ChannelSubsets as ChannelSubsets
from keras_dcmix.layers.dcmix import DCMix as DCMix
from keras_dcmix.layers.dcmix import EqualBlend as EqualBlend
from keras_dcmix.layers.dcmix import find_dcmix as find_dcmix
from keras_dcmix.layers.efficient_channel_attention import (
    EfficientChannelAttention as EfficientChannelAttention,
)
from keras_dcmix.layers.soft_attention import SoftAttention as SoftAttention
from keras_dcmix.layers.squeeze_excitation import SqueezeExcitation as SqueezeExcitation
