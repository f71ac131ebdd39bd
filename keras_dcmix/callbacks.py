"""Callbacks that watch the mixing weights during `model.fit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import keras
import numpy as np

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
    """Records how the weights of the `DCMix` layer move during training.

    At the end of each epoch it also writes every channel's importance, its share of the
    mix, as `dcmix/<channel>` into `logs`: `History`, `ProgbarLogger` and trackers
    behind it in the list of callbacks (`CSVLogger`, `TensorBoard`) see it like a metric.

    A second `fit` with the same callback appends: with `initial_epoch` it carries on from there
    (records of epochs that are trained again are dropped), without it the epochs count on. In a
    new process, pass the file of the first part as `resume_from`.

    `EarlyStopping(restore_best_weights=True)` puts earlier weights back when training
    ends, so the last row need not be the model's final state; that one is read with
    `keras_dcmix.importance.mixing_weights(model)`.

    Args:
        freq: `"epoch"`, or a positive number of training steps between two records (the end of
            each epoch is recorded as well). On JAX each reading copies the whole training
            state back to the model: a small number costs time there.
        layer_name: Name of the layer; needed only where the model has several.
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
            raise ValueError(
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
            raise ValueError(
                f"The records so far are of the channels {sorted(recorded)}, the model has "
                f"{sorted(layer.display_names)}: take a new ChannelWeightHistory"
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
        # Keras' own number: with `steps_per_execution` the calls skip some, and the last one of an
        # epoch counts full even where fewer batches were left.
        steps = (self.params or {}).get("steps") or batch + 1
        self._step = self._steps_before + min(batch + 1, steps)
        if self.freq != "epoch" and self._step - self._last_step() >= self.freq:
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
        # Through `self.model` each time: on JAX that is what brings the weights back from `fit`.
        layer = find_dcmix(self.model, self.layer_name)
        alpha, shares = layer.alpha, layer.shares
        for c, channel in enumerate(layer.display_names):
            for mix in range(layer.num_mixes):
                values = float(alpha[c, mix]), float(shares[c, mix])
                self._rows.append(_Row(self._step, self._epoch, channel, mix, *values))

    def to_frame(self) -> pd.DataFrame:
        """The records as a table, one row a record, channel and plane.

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

    # Only numbers may be missing: "NA" is a fine name of a channel.
    missing_is = {"alpha": [""], "share": [""]}
    frame = pd.read_csv(path, dtype={"channel": str}, keep_default_na=False, na_values=missing_is)
    missing = [name for name in _Row._fields if name not in frame]
    if missing:
        raise ValueError(
            f"`resume_from` must be a file that ChannelWeightHistory.to_csv wrote, but {path} "
            f"lacks the columns {missing}"
        )
    return [_Row(*row) for row in frame[list(_Row._fields)].itertuples(index=False)]


class StableRankingStopping(keras.callbacks.Callback):
    """Stops training when the order of the channels has settled.

    Looked at are the channels' shares of the mix at the ends of the last `patience + 1` epochs.
    A pair of channels has settled if, in all of these epochs,

    - the same channel was in front, and the smallest gap between them was at least `margin`
      times as wide as the gap moved (its largest less its smallest value); or
    - the two stayed equal but for `tie` times an even share (`1 / num_channels`).

    Training stops when every pair has settled and not all channels are equal. Useless channels
    that all sit near 0 are ties, so they do not keep training alive.

    A settled ranking is not yet a good classifier: use this where the ranking is what you want,
    and with a constant learning rate. Under a rate that decays to 0 any order settles in the end.

    Args:
        patience: Positive number of epochs over which the order must hold.
        margin: Number >= 0, how often the gap of a pair must contain its own movement.
        tie: Number >= 0, the gap that counts as none, in even shares.
        start_from_epoch: Epochs to leave out at the beginning, while weights still rise.
        verbose: 1 prints the reason for stopping, 0 does not.
        layer_name: Name of the `DCMix` layer; needed only where the model has several.

    Attributes:
        stopped_epoch: The epoch (from 0) after which it stopped, or `None`.
        reason: One sentence that says why it stopped or, after a training that it did
            not stop, which pair had not settled.

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
            raise ValueError(
                f"`patience` must be a positive number of epochs. Received: patience={patience!r}"
            )
        numbers = {"margin": margin, "tie": tie, "start_from_epoch": start_from_epoch}
        for name, value in numbers.items():
            if not value >= 0:
                raise ValueError(f"`{name}` must be a number >= 0. Received: {name}={value!r}")
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
            self.reason = f"Fewer than {self.patience + 1} epochs were looked at."
            return
        settled, self.reason = self._judge(np.array(self._window), layer)
        if settled:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.verbose and self.stopped_epoch is not None:
            print(f"Epoch {self.stopped_epoch + 1}: {self.reason}")

    def _judge(self, shares: np.ndarray, layer: DCMix) -> tuple[bool, str]:
        """Whether the order in `shares` (epochs, channels) has settled, and a sentence on it."""
        names = np.array(layer.display_names)[np.argsort(-shares[-1], kind="stable")]
        shares = shares[:, np.argsort(-shares[-1], kind="stable")]
        front, behind = np.triu_indices(shares.shape[1], k=1)
        gaps = shares[:, front] - shares[:, behind]
        tied = np.abs(gaps).max(axis=0) <= self.tie / shares.shape[1]
        width, movement = gaps.min(axis=0), np.ptp(gaps, axis=0)
        room = width - self.margin * movement
        if tied.all():
            return False, "All channels have equal shares so far."
        if not np.all(tied | ((width > 0) & (room >= 0))):
            pair = np.argmin(np.where(tied, np.inf, room))
            return False, (
                f"The order of {names[front[pair]]} and {names[behind[pair]]} has not settled: "
                f"their gap moved by {movement[pair]:.3f} within {self.patience} epochs and was "
                f"{width[pair]:.3f} at its smallest."
            )
        pair = np.argmin(np.where(tied, np.inf, width))
        return True, (
            f"The order {' > '.join(names[:6])}{' > ...' if len(names) > 6 else ''} has held for "
            f"{self.patience} epochs; the closest pair that is no tie, {names[front[pair]]} and "
            f"{names[behind[pair]]}, lay at least {width[pair]:.3f} apart and moved by "
            f"{movement[pair]:.3f}."
        )
