"""Callbacks that record the mixing weights during `model.fit`, or stop on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np

from keras_dcmix._common.errors import LayerError
from keras_dcmix.layers.dcmix import DCMix, find_dcmix

if TYPE_CHECKING:
    import pandas as pd


class _Row(NamedTuple):
    step: int
    epoch: int
    channel: str
    mix: int
    alpha: float
    share: float


class ChannelWeightHistory(keras.callbacks.Callback):
    """Records the weights of the `DCMix` layer during training.

    At the end of each epoch it also writes every channel's importance, its share of the
    mix, as `dcmix/<channel>` into `logs`, where `History`, `ProgbarLogger` and later
    callbacks in the list (`CSVLogger`, `TensorBoard`) treat it as a metric.

    A second `fit` with the same callback appends: with `initial_epoch` it continues there
    (records of epochs that are trained again are removed), without it epochs are numbered on. In
    a new process, pass the file of the first part as `resume_from`.

    `EarlyStopping(restore_best_weights=True)` restores earlier weights when training ends, so the
    last row may differ from the model's final state; read that with
    `keras_dcmix.importance.mixing_weights(model)`.

    Args:
        freq: `"epoch"`, or a positive number of training steps between two records (the end of
            each epoch is recorded as well). On JAX each record copies the complete training
            state back to the model, so a small number costs time there.
        layer_name: Name of the layer; required only if the model has several.
        resume_from: CSV file written by `to_csv`.

    Raises:
        ValueError: If an argument does not fit, or, when training begins, if the
            model has no `DCMix` layer.

    Example:

    ```python
    history = keras_dcmix.callbacks.ChannelWeightHistory()
    model.fit(images, labels, epochs=10, callbacks=[history])
    history.to_frame()
    ```
    """

    def __init__(
        self,
        freq: str | int = "epoch",
        *,
        layer_name: str | None = None,
        resume_from: str | Path | None = None,
    ) -> None:
        super().__init__()
        if freq != "epoch" and (not isinstance(freq, int) or isinstance(freq, bool) or freq < 1):
            raise LayerError(
                f"`freq` must be 'epoch' or a positive number of steps. Received: freq={freq!r}"
            )
        self.freq = freq
        self.layer_name = layer_name
        self.resume_from = resume_from
        self._rows: list[_Row] = [] if resume_from is None else _read_rows(Path(resume_from))
        self._first_epoch_pending = True
        self._epoch_offset = 0
        self._steps_before = 0
        self._step = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        layer = find_dcmix(self.model, self.layer_name)
        recorded = {row.channel for row in self._rows}
        if recorded and layer.built and recorded != set(layer.display_names):
            raise LayerError(
                f"The existing records are of the channels {sorted(recorded)}, the model has "
                f"{sorted(layer.display_names)}: use a new ChannelWeightHistory"
            )
        self._first_epoch_pending = True

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._first_epoch_pending:
            self._first_epoch_pending = False
            self._continue_from(epoch)
        self._epoch = epoch + self._epoch_offset
        self._steps_before = self._step

    def _continue_from(self, epoch: int) -> None:
        self._epoch_offset = 0
        if epoch == 0 and self._rows:
            self._epoch_offset = self._rows[-1].epoch + 1
        elif epoch > 0:
            self._rows = [row for row in self._rows if row.epoch < epoch]
        self._step = self._rows[-1].step if self._rows else 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # The number from Keras: with `steps_per_execution` it skips some, and at the end of an
        # epoch it may be larger than the number of batches.
        steps = (self.params or {}).get("steps") or batch + 1
        self._step = self._steps_before + min(batch + 1, steps)
        if isinstance(self.freq, int) and self._step - self._last_step() >= self.freq:
            self._record()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self._last_step() < self._step:
            self._record()
        if logs is not None:
            layer = find_dcmix(self.model, self.layer_name)
            shares = layer.shares.mean(axis=1)
            names = layer.display_names
            logs.update({f"dcmix/{n}": float(s) for n, s in zip(names, shares, strict=True)})

    def _last_step(self) -> int:
        return self._rows[-1].step if self._rows else 0

    def _record(self) -> None:
        # Through `self.model` each time: on JAX this access copies the weights back from `fit`.
        layer = find_dcmix(self.model, self.layer_name)
        alpha, shares = layer.alpha, layer.shares
        for c, channel in enumerate(layer.display_names):
            for mix in range(layer.num_mixes):
                values = float(alpha[c, mix]), float(shares[c, mix])
                self._rows.append(_Row(self._step, self._epoch, channel, mix, *values))

    def to_frame(self) -> pd.DataFrame:
        """The records as a table, one row for each record, channel and plane.

        Returns:
            DataFrame with the columns `step` (training steps finished), `epoch` (from 0, as Keras
            counts), `channel`, `mix` (the plane, from 0), `alpha` (>= 0) and `share` (of the
            plane, 0 to 1).
        """
        import pandas as pd

        return pd.DataFrame(self._rows, columns=list(_Row._fields))

    def to_csv(self, path: str | Path) -> None:
        """Writes `to_frame()` to a CSV file."""
        self.to_frame().to_csv(path, index=False)


def _read_rows(path: Path) -> list[_Row]:
    import pandas as pd

    # Only numbers may be missing: "NA" is a valid name of a channel.
    missing_is = {"alpha": [""], "share": [""]}
    frame = pd.read_csv(path, dtype={"channel": str}, keep_default_na=False, na_values=missing_is)
    missing = [name for name in _Row._fields if name not in frame]
    if missing:
        raise LayerError(
            f"`resume_from` must be a file written by ChannelWeightHistory.to_csv. {path} lacks "
            f"the columns {missing}"
        )
    return [_Row(*row) for row in frame[list(_Row._fields)].itertuples(index=False)]


class StableRankingStopping(keras.callbacks.Callback):
    """Stops training when the order of the channels is stable.

    Use it with a constant learning rate, when you need the ranking and not the classifier: a
    stable ranking does not mean that the classifier is fully trained. Do not use it with a rate
    that decays to 0, such as the cosine schedule of `rank`: every order becomes stable then,
    also a wrong one.

    The criterion uses the channels' shares of the mix at the ends of the last `patience + 1`
    epochs. The order of a pair of channels is stable if, in all of these epochs,

    - the same channel had the larger share, and the smallest gap between the two was at least
      `margin` times the range of the gap (its largest minus its smallest value); or
    - the shares were equal within `tie` times an even share (`1 / num_channels`).

    Training stops when every pair is stable and not all channels are equal. Useless channels with
    shares near 0 count as ties, so they do not prevent stopping.

    Args:
        patience: Positive number of epochs over which the order must be stable.
        margin: Number >= 0, the smallest gap of a pair in units of the gap's range.
        tie: Number >= 0, the largest gap that counts as a tie, in even shares.
        start_from_epoch: Number of epochs to ignore at the beginning.
        verbose: 1 prints the reason for stopping, 0 does not.
        layer_name: Name of the `DCMix` layer; required only if the model has several.

    Attributes:
        stopped_epoch: The epoch (from 0) after which training stopped, or `None`.
        reason: One sentence that says why training stopped or, if it did not, which pair was not
            stable.

    Raises:
        ValueError: If an argument does not fit, or, when training begins, if the
            model has no `DCMix` layer.
    """

    def __init__(
        self,
        patience: int = 5,
        *,
        margin: float = 1.0,
        tie: float = 0.1,
        start_from_epoch: int = 0,
        verbose: int = 0,
        layer_name: str | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(patience, int) or isinstance(patience, bool) or patience < 1:
            raise LayerError(
                f"`patience` must be a positive number of epochs. Received: patience={patience!r}"
            )
        numbers = {"margin": margin, "tie": tie, "start_from_epoch": start_from_epoch}
        for name, value in numbers.items():
            if not value >= 0:
                raise LayerError(f"`{name}` must be a number >= 0. Received: {name}={value!r}")
        self.patience = patience
        self.margin = margin
        self.tie = tie
        self.start_from_epoch = start_from_epoch
        self.verbose = verbose
        self.layer_name = layer_name
        self.stopped_epoch: int | None = None
        self.reason = ""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        find_dcmix(self.model, self.layer_name)
        self.stopped_epoch = None
        self.reason = "No epoch has ended yet."
        self._window: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if epoch < self.start_from_epoch:
            return
        layer = find_dcmix(self.model, self.layer_name)
        self._window = [*self._window, layer.shares.mean(axis=1)][-self.patience - 1 :]
        if len(self._window) <= self.patience:
            self.reason = f"Fewer than {self.patience + 1} epochs were available."
            return
        is_stable, self.reason = self._judge(np.array(self._window), layer)
        if is_stable:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.verbose and self.stopped_epoch is not None:
            print(f"Epoch {self.stopped_epoch + 1}: {self.reason}")

    def _judge(self, shares: np.ndarray, layer: DCMix) -> tuple[bool, str]:
        """Whether the order in `shares` (epochs, channels) is stable, and why, in a sentence."""
        names = np.array(layer.display_names)[np.argsort(-shares[-1], kind="stable")]
        shares = shares[:, np.argsort(-shares[-1], kind="stable")]
        front, behind = np.triu_indices(shares.shape[1], k=1)
        gaps = shares[:, front] - shares[:, behind]
        tied = np.abs(gaps).max(axis=0) <= self.tie / shares.shape[1]
        smallest, spread = gaps.min(axis=0), np.ptp(gaps, axis=0)
        surplus = smallest - self.margin * spread
        if tied.all():
            return False, "All channels have equal shares so far."
        if not np.all(tied | ((smallest > 0) & (surplus >= 0))):
            pair = np.argmin(np.where(tied, np.inf, surplus))
            return False, (
                f"The order of {names[front[pair]]} and {names[behind[pair]]} is not stable: their "
                f"gap changed by {spread[pair]:.3f} within {self.patience} epochs, and its minimum "
                f"was {smallest[pair]:.3f}."
            )
        pair = np.argmin(np.where(tied, np.inf, smallest))
        return True, (
            f"The order {' > '.join(names[:6])}{' > ...' if len(names) > 6 else ''} was stable for "
            f"{self.patience} epochs; the gap of the closest pair that is not a tie, "
            f"{names[front[pair]]} and {names[behind[pair]]}, was at least {smallest[pair]:.3f} "
            f"and changed by {spread[pair]:.3f}."
        )
