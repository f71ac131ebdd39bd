"""The importance methods: one entry each, with the question it answers and what it looks at.

Help of the command line, lists of the docs, the page of a comparison and the contract tests are
made from it. It imports neither Keras nor a method: a method is imported when it scores.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import numpy as np

    from keras_dcmix.importance.channel_importance import ChannelImportance

    ScoreModel = Callable[[keras.Model, Any, np.ndarray], ChannelImportance]


class Model(StrEnum):
    """What a method looks at in a comparison; methods of the same model share its training."""

    DCMIX = "dcmix"
    PLAIN = "none"
    MASKED = "masked"
    ATTENTION = "attention"
    ONE_CHANNEL = "one_channel"
    ALL_BUT_ONE = "all_but_one"

    @property
    def description(self) -> str:
        """What is trained for one seed, for tables of methods."""
        return _DESCRIPTIONS[self]

    @property
    def retrains(self) -> bool:
        """Whether it is a training for each channel."""
        return self in (Model.ONE_CHANNEL, Model.ALL_BUT_ONE)


_DESCRIPTIONS = {
    Model.DCMIX: "the DCMIX model",
    Model.PLAIN: "the model on all channels",
    Model.MASKED: "the model trained on random subsets of the channels",
    Model.ATTENTION: "a model with the attention layer at its input",
    Model.ONE_CHANNEL: "a model for each channel, on this channel alone",
    Model.ALL_BUT_ONE: "a model for each channel, on all others",
}


@dataclass(frozen=True)
class Method:
    """A way to score channels.

    Attributes:
        name: As in tables and for `compare_methods`.
        question: What it answers, in one sentence.
        model: What it looks at.
        function: Its public function in `keras_dcmix.importance`.
        page: Its page in `docs/importance/`, without ending.
        score: From a trained model, raw test images and their class numbers to the scores, as
            `compare_methods` asks for them. `None` where the training itself gives the scores
            (the subset scores of the masked model, the accuracies of retrained ones), or where
            the method is not compared.
        needs_gradients: Whether it needs a backend with gradients.
        compared: Whether `compare_methods` knows it; what gives one ranking a class is not.
    """

    name: str
    question: str
    model: Model
    function: str
    page: str
    score: ScoreModel | None = None
    needs_gradients: bool = False
    compared: bool = True

    @property
    def retrains(self) -> bool:
        """Whether it trains a model for each channel."""
        return self.model.retrains

    @property
    def run(self) -> str:
        """What the training that it looks at is called; methods of the same run share it."""
        return self.name if self.model is Model.ATTENTION else self.model.value


def _function(name: str) -> Callable[..., ChannelImportance]:
    return getattr(importlib.import_module("keras_dcmix.importance"), name)


def _weights(model: keras.Model, _: Any, __: np.ndarray) -> ChannelImportance:
    return _function("mixing_weights")(model)


def _gates(model: keras.Model, images: Any, _: np.ndarray) -> ChannelImportance:
    return _function("attention_gates")(model, images, verbose=False)


def _scored_by(function: str, **kwargs: Any) -> ScoreModel:
    def score(model: keras.Model, images: Any, labels: np.ndarray) -> ChannelImportance:
        return _function(function)(model, images, labels, verbose=False, **kwargs)

    return score


def _attention(layer: str, question: str) -> Method:
    return Method(layer, question, Model.ATTENTION, "attention_gates", layer, _gates)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "dcmix",
            "How much does each channel contribute to the one image that the model sees?",
            Model.DCMIX,
            function="mixing_weights",
            page="mixing_weights",
            score=_weights,
        ),
        Method(
            "shapley",
            "What does a channel add, averaged over all subsets of the other channels?",
            Model.MASKED,
            function="subset_scores",
            page="shapley",
        ),
        Method(
            "permutation",
            "How much worse is the model if a channel comes from another image?",
            Model.PLAIN,
            function="permutation",
            page="permutation",
            score=_scored_by("permutation", metric="log_likelihood"),
        ),
        Method(
            "pixel_permutation",
            "How much worse is the model if the pixels of a channel are shuffled in each image?",
            Model.PLAIN,
            function="pixel_permutation",
            page="pixel_permutation",
            score=_scored_by("pixel_permutation"),
        ),
        Method(
            "occlusion",
            "How much worse is the model if a channel is replaced by its mean?",
            Model.PLAIN,
            function="occlusion",
            page="occlusion",
            score=_scored_by("occlusion"),
        ),
        Method(
            "integrated_gradients",
            "Which channel changes the output on the path from the mean to the image?",
            Model.PLAIN,
            function="integrated_gradients",
            page="integrated_gradients",
            score=_scored_by("integrated_gradients"),
            needs_gradients=True,
        ),
        Method(
            "deletion_insertion",
            "How does the output change if channels are removed, or added, one by one?",
            Model.PLAIN,
            function="deletion_insertion",
            page="deletion_insertion",
            score=_scored_by("deletion_insertion"),
        ),
        _attention(
            "squeeze_excitation",
            "How open is the gate that two dense layers set from the means of all channels?",
        ),
        _attention(
            "efficient_channel_attention",
            "How open is the gate that a short convolution sets from neighbouring channels?",
        ),
        _attention(
            "cbam",
            "How open is the gate that is set from the mean and maximum of every channel?",
        ),
        _attention(
            "soft_attention",
            "What share of a fixed total does a softmax over the channels give the channel?",
        ),
        Method(
            "single_channel",
            "How accurate is a model trained on this channel alone?",
            Model.ONE_CHANNEL,
            function="single_channel",
            page="single_channel",
        ),
        Method(
            "leave_one_out",
            "How much accuracy is lost if a model is trained without the channel?",
            Model.ALL_BUT_ONE,
            function="leave_one_out",
            page="leave_one_out",
        ),
        Method(
            "per_class",
            "Which channels matter for which class?",
            Model.PLAIN,
            function="per_class",
            page="per_class",
            compared=False,
        ),
    )
}

# What `compare_methods` knows, and runs by default.
COMPARED: dict[str, Method] = {name: each for name, each in METHODS.items() if each.compared}
