"""The channel-attention layers by the names that `build_classifier` takes."""

from __future__ import annotations

from keras_dcmix.layers.cbam import CBAM
from keras_dcmix.layers.channel_attention import ChannelAttention
from keras_dcmix.layers.efficient_channel_attention import EfficientChannelAttention
from keras_dcmix.layers.soft_attention import SoftAttention
from keras_dcmix.layers.squeeze_excitation import SqueezeExcitation

ATTENTION_LAYERS: dict[str, type[ChannelAttention]] = {
    "squeeze_excitation": SqueezeExcitation,
    "efficient_channel_attention": EfficientChannelAttention,
    "cbam": CBAM,
    "soft_attention": SoftAttention,
}
