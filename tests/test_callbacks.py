from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest

from keras_dcmix.callbacks import ChannelWeightHistory, StableRankingStopping
from keras_dcmix.importance import mixing_weights
from keras_dcmix.layers import DCMix

COLUMNS = ["step", "epoch", "channel", "mix", "alpha", "share"]
BATCHES = 4


def compiled_model(
    names=("A", "B", "C"), num_mixes: int = 1, steps_per_execution: int = 1
) -> keras.Model:
    inputs = keras.Input((len(names),))
    mixed = DCMix(num_mixes, channel_names=names, name="mix")(inputs)
    # Ones: a head that starts below 0 could push all channels down.
    model = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(mixed))
    model.compile(keras.optimizers.Adam(0.1), "mse", steps_per_execution=steps_per_execution)
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback, **kwargs) -> dict:
    """Trains on 16 examples in 4 batches; the answer is the first channel."""
    inputs = np.random.default_rng(0).normal(size=(16, model.input_shape[-1])).astype("float32")
    kwargs = {"epochs": 2, "batch_size": 16 // BATCHES, "verbose": 0, **kwargs}
    return model.fit(inputs, inputs[:, :1], callbacks=[*callbacks], **kwargs).history


def steps_and_epochs(history: ChannelWeightHistory) -> list[tuple[int, int]]:
    frame = history.to_frame()
    one_row_a_record = (frame["channel"] == frame["channel"][0]) & (frame["mix"] == 0)
    return list(frame[one_row_a_record][["step", "epoch"]].itertuples(index=False, name=None))


def test_one_record_an_epoch_for_every_channel():
    history = ChannelWeightHistory()
    fit(compiled_model(), history)
    frame = history.to_frame()
    assert list(frame) == COLUMNS
    assert [frame[name].dtype.kind for name in ("step", "epoch", "mix", "alpha", "share")] == [
        *"iiiff"
    ]
    assert steps_and_epochs(history) == [(4, 0), (8, 1)]
    assert frame["channel"].tolist() == ["A", "B", "C"] * 2
    np.testing.assert_allclose(frame.groupby("epoch")["share"].sum(), 1, rtol=1e-6)


def test_the_last_record_is_what_the_layer_holds():
    model, history = compiled_model(), ChannelWeightHistory()
    fit(model, history)
    last = history.to_frame().query("epoch == 1")
    assert last["alpha"].tolist() == model.get_layer("mix").alpha.ravel().tolist()
    assert last["share"].tolist() == mixing_weights(model).scores.tolist()
    assert last["share"].nunique() > 1


def test_every_few_steps_and_at_the_end_of_each_epoch_is_recorded():
    history = ChannelWeightHistory(freq=3)
    fit(compiled_model(), history)
    assert steps_and_epochs(history) == [(3, 0), (4, 0), (7, 1), (8, 1)]


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras runs one step at a time on torch"
)
def test_several_steps_at_once_are_counted_as_steps():
    history = ChannelWeightHistory(freq=1)
    fit(compiled_model(steps_per_execution=3), history)
    assert steps_and_epochs(history) == [(3, 0), (4, 0), (7, 1), (8, 1)]


def test_logs_carry_every_share_to_history_and_loggers_behind(tmp_path):
    logger = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    model, history = compiled_model(), ChannelWeightHistory()
    logs = fit(model, history, logger)
    expected = history.to_frame()
    for name in "ABC":
        shares = expected.query("channel == @name")["share"].tolist()
        assert logs[f"dcmix/{name}"] == shares
        written = pd.read_csv(tmp_path / "log.csv")[f"dcmix/{name}"]
        np.testing.assert_allclose(written, shares, rtol=1e-6)


def test_several_planes_are_recorded_each_and_logged_as_their_mean():
    model, history = compiled_model(num_mixes=2), ChannelWeightHistory()
    model.get_layer("mix").set_weights([np.array([[1, 2], [4, 3], [2, 9]])])
    logs = fit(model, history, epochs=1)
    frame = history.to_frame()
    assert frame["mix"].tolist() == [0, 1] * 3
    assert frame["alpha"].tolist() == model.get_layer("mix").alpha.ravel().tolist()
    np.testing.assert_allclose(frame.groupby("mix")["share"].sum(), 1, rtol=1e-6)
    np.testing.assert_allclose(logs["dcmix/A"], frame["share"][:2].mean(), rtol=1e-6)


def test_a_second_fit_counts_on_and_initial_epoch_trains_again():
    model, history = compiled_model(), ChannelWeightHistory()
    fit(model, history)
    first = history.to_frame()
    fit(model, history, epochs=1)
    assert steps_and_epochs(history) == [(4, 0), (8, 1), (12, 2)]
    pd.testing.assert_frame_equal(history.to_frame()[: len(first)], first)
    fit(model, history, initial_epoch=1, epochs=3)
    assert steps_and_epochs(history) == [(4, 0), (8, 1), (12, 2)]
    pd.testing.assert_frame_equal(history.to_frame()[:3], first[:3])
    assert history.to_frame()["alpha"][3] != first["alpha"][3]


def test_a_history_goes_on_from_its_file(tmp_path):
    model, before = compiled_model(["DNA", "ER"]), ChannelWeightHistory()
    fit(model, before, epochs=1)
    before.to_csv(tmp_path / "weights.csv")
    after = ChannelWeightHistory(resume_from=tmp_path / "weights.csv")
    pd.testing.assert_frame_equal(after.to_frame(), before.to_frame(), check_exact=True)
    fit(model, after, initial_epoch=1)
    assert steps_and_epochs(after) == [(4, 0), (8, 1)]


@pytest.mark.parametrize(
    "names", [["01", "1e3"], ["NA", "null"], ["a,b", ' "x"\n'], ["真", "True"]]
)
def test_channel_names_survive_the_file(tmp_path, names):
    history = driven(ChannelWeightHistory(), [[1, 2]], names)
    history.to_csv(tmp_path / "weights.csv")
    again = ChannelWeightHistory(resume_from=tmp_path / "weights.csv").to_frame()
    assert again["channel"].tolist() == names


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("epoch,loss\n0,1.5\n")
    with pytest.raises(ValueError, match=r"to_csv\. .*log\.csv lacks .*\['step', 'chan"):
        ChannelWeightHistory(resume_from=tmp_path / "log.csv")


def test_weights_lost_to_nan_are_recorded_and_read_back_as_nan(tmp_path):
    history = driven(ChannelWeightHistory(), [[np.nan, 1.0]])
    history.to_csv(tmp_path / "weights.csv")
    again = ChannelWeightHistory(resume_from=tmp_path / "weights.csv").to_frame()
    pd.testing.assert_frame_equal(again, history.to_frame())
    assert again["alpha"].isna().tolist() == [True, False]
    assert again["share"].isna().all()


def test_a_history_before_any_training_is_an_empty_table():
    assert list(ChannelWeightHistory().to_frame()) == COLUMNS
    assert len(ChannelWeightHistory().to_frame()) == 0


@pytest.mark.parametrize("freq", [0, -1, 1.5, True, "batch", None])
def test_a_wrong_frequency_is_refused(freq):
    with pytest.raises(ValueError, match=r"'epoch' or a positive number of steps\. .*freq="):
        ChannelWeightHistory(freq)


@pytest.mark.parametrize("callback", [ChannelWeightHistory, StableRankingStopping])
def test_a_model_without_the_layer_is_refused_when_training_begins(callback):
    inputs = keras.Input((3,))
    watcher = callback()
    watcher.set_model(keras.Model(inputs, keras.layers.Dense(1)(inputs), name="plain"))
    with pytest.raises(ValueError, match=r"'plain' has no DCMix layer"):
        watcher.on_train_begin()


@pytest.mark.parametrize("callback", [ChannelWeightHistory, StableRankingStopping])
def test_of_two_layers_one_must_be_named(callback):
    inputs = keras.Input((2,))
    layers = [DCMix(name="first"), DCMix(name="second")]
    model = keras.Model(inputs, [layer(inputs) for layer in layers])
    unnamed, named = callback(), callback(layer_name="second")
    unnamed.set_model(model)
    with pytest.raises(ValueError, match=r"layers \['first', 'second'\]: name one"):
        unnamed.on_train_begin()
    named.set_model(model)
    named.on_train_begin()


def driven(callback: keras.callbacks.Callback, epochs, names=("c0", "c1", "c2")):
    """The callback after epochs whose weights were set by hand: (epochs, channels)."""
    model = compiled_model(names[: len(epochs[0])])
    model.stop_training = False
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, alpha in enumerate(epochs):
        callback.on_epoch_begin(epoch)
        model.get_layer("mix").set_weights([np.array(alpha, "float32")[:, None]])
        callback.on_train_batch_end(0)
        callback.on_epoch_end(epoch, {})
        if model.stop_training:
            break
    callback.on_train_end()
    return callback


def test_a_settled_order_stops_training_and_says_so():
    stopping = driven(StableRankingStopping(patience=3), [[1, 5, 2]] * 10)
    assert stopping.model.stop_training
    assert stopping.stopped_epoch == 3
    assert stopping.reason == (
        "The order c1 > c2 > c0 was stable for 3 epochs; the gap of the closest pair that is not a "
        "tie, c2 and c0, was at least 0.125 and changed by 0.000."
    )


SETTLED = [[1, 5]] * 20
USELESS = [[1, 0.01, 0.0], [1, 0.0, 0.01]] * 6
SWAPPING = [[10, 1, 1.5], [10, 1.5, 1]] * 3  # a gap of 0.04, with even shares of 1/3
WIDENING = [[50 + 10 * n, 50 - 10 * n] for n in (1, 2, 3, 4)]  # gaps of 0.2, 0.4, 0.6, 0.8


@pytest.mark.parametrize(
    ("arguments", "epochs", "stopped"),
    [
        ({"patience": 1}, [[1, 3], [3, 1]] * 3 + SETTLED, 7),
        ({"patience": 2}, [[1, 3], [3, 1]] * 3 + SETTLED, 8),
        ({"patience": 7}, [[1, 3], [3, 1]] * 3 + SETTLED, 13),
        ({"patience": 2, "start_from_epoch": 4}, SETTLED, 6),
        ({"patience": 1}, [[1]] * 4, None),
        ({"patience": 2}, [[np.nan, 1]] * 6, None),
        ({"patience": 3}, USELESS, 3),
        ({"patience": 3, "tie": 0}, USELESS, None),
        ({"patience": 2, "tie": 0.13}, SWAPPING, 2),
        ({"patience": 2, "tie": 0.11}, SWAPPING, None),
        ({"patience": 2}, WIDENING, 3),
        ({"patience": 2, "margin": 0.5}, WIDENING, 2),
        ({"patience": 2, "margin": 2}, WIDENING, None),
        ({"patience": 2, "margin": 0}, [[51, 49], [99, 1], [99, 1]], 2),
        ({"patience": 2, "margin": 0}, [[50, 50], [99, 1], [99, 1]], None),
    ],
)
def test_training_stops_when_every_pair_is_stable_or_a_tie(arguments, epochs, stopped):
    assert driven(StableRankingStopping(**arguments), epochs).stopped_epoch == stopped


def test_too_few_epochs_say_so():
    stopping = driven(StableRankingStopping(patience=5), [[1, 5]] * 5)
    assert stopping.stopped_epoch is None
    assert stopping.reason == "Fewer than 6 epochs were available."


def test_two_channels_that_cross_keep_training_alive():
    crossing = [[9, 4, 5], [9, 5, 4]] * 6
    stopping = driven(StableRankingStopping(patience=3), crossing)
    assert stopping.stopped_epoch is None
    assert stopping.reason == (
        "The order of c1 and c2 is not stable: their gap changed by 0.111 within 3 epochs, and its "
        "minimum was -0.056."
    )


def test_channels_that_are_all_equal_do_not_stop_training():
    stopping = driven(StableRankingStopping(patience=2), [[1, 1, 1.01]] * 8)
    assert stopping.stopped_epoch is None
    assert stopping.reason == "All channels have equal shares so far."


def test_a_second_training_starts_afresh():
    stopping = driven(StableRankingStopping(patience=2), [[1, 5]] * 9)
    assert stopping.stopped_epoch == 2
    assert driven(stopping, [[1, 5]] * 2).stopped_epoch is None


@pytest.mark.parametrize(("verbose", "printed"), [(0, ""), (1, "Epoch 2: The order c1 > c0 was")])
def test_verbose_prints_the_reason(capsys, verbose, printed):
    driven(StableRankingStopping(patience=1, verbose=verbose), [[1, 5]] * 3)
    out = capsys.readouterr().out
    assert out.startswith(printed)
    assert bool(out) == bool(printed)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"patience": 0}, r"`patience` must be a positive number of epochs\. .*patience=0"),
        ({"patience": 1.5}, r"Received: patience=1\.5"),
        ({"patience": True}, r"Received: patience=True"),
        ({"margin": -1}, r"`margin` must be a number >= 0\. Received: margin=-1"),
        ({"margin": float("nan")}, r"Received: margin=nan"),
        ({"tie": -0.1}, r"`tie` must be a number >= 0\. Received: tie=-0\.1"),
        ({"start_from_epoch": -1}, r"`start_from_epoch` must be .* start_from_epoch=-1"),
    ],
)
def test_a_wrong_argument_of_the_stopping_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        StableRankingStopping(**arguments)


def test_a_real_training_stops_once_the_order_is_clear():
    stopping = StableRankingStopping(patience=3)
    logs = fit(compiled_model(), stopping, epochs=60)
    assert len(logs["loss"]) == stopping.stopped_epoch + 1 < 60
    assert stopping.reason.startswith("The order A > ")


def test_records_of_other_channels_are_not_mixed_in():
    history = ChannelWeightHistory()
    fit(compiled_model(("A", "B")), history, epochs=1)
    with pytest.raises(ValueError, match=r"\['A', 'B'\].*\['A', 'C'\].*new ChannelWeightHistory"):
        fit(compiled_model(("A", "C")), history, epochs=1)
