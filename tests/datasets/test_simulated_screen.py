"""A simulated screen: its table, its plates, and where each phenotype can be seen."""

import pickle
import re

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from keras_dcmix.datasets import simulated_screen

CHANNELS = ("DNA", "ER", "RNA", "Actin", "Mito", "Golgi")
# Alternately affected and unaffected, so that neighbours in brightness and place are told apart.
PHENOTYPES = {
    "odd": {"DNA": 4.0, "RNA": 4.0, "Mito": 4.0},
    "even": {"ER": 4.0, "Actin": 4.0, "Golgi": 4.0},
}


def small(**options):
    return simulated_screen(
        **{"num_experiments": 2, "wells_per_plate": 4, "sites_per_well": 1, "size": 64, **options}
    )


@pytest.fixture(scope="module")
def screen():
    return small()


@pytest.fixture(scope="module")
def fineness():
    """For each treatment the ratio of fine to coarse contrast, of shape `(fields, 6)`."""
    screen = small(phenotypes=PHENOTYPES, wells_per_plate=24, size=128, seed=3)
    ratios = []
    for index in range(len(screen.table)):
        pixels = np.sqrt(screen.field(index).astype(np.float32))
        fine, coarse = (pixels - gaussian_filter(pixels, (width, width, 0)) for width in (1.2, 4))
        ratios.append(fine.std(axis=(0, 1)) / coarse.std(axis=(0, 1)))
    treatments = screen.table["Metadata_Treatment"].to_numpy()
    return {name: np.array(ratios)[treatments == name] for name in (*PHENOTYPES, "EMPTY")}


def difference(fineness, phenotype, channel):
    """Welch's t between a phenotype and the untreated wells, without its sign."""
    treated, control = (fineness[name][:, CHANNELS.index(channel)] for name in (phenotype, "EMPTY"))
    error = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
    return abs(treated.mean() - control.mean()) / error


def plate_counts(screen):
    """Fields of each treatment on each plate, in the order of the plates."""
    table = screen.table.groupby(["Metadata_Plate", "Metadata_Treatment"]).size()
    return table.unstack(fill_value=0)


def brightness(screen):
    """Mean counts above the camera's offset, one row a field."""
    return np.array([screen.field(i).mean(axis=(0, 1)) - 100 for i in range(len(screen.table))])


@pytest.mark.parametrize("phenotype", PHENOTYPES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_phenotype_shows_in_its_channels_only(fineness, phenotype, channel):
    found = difference(fineness, phenotype, channel)
    assert found > 5 if channel in PHENOTYPES[phenotype] else found < 3.5


def test_a_field_is_the_same_whenever_it_is_drawn(screen):
    first = screen.field(3)
    screen.field(0)
    np.testing.assert_array_equal(screen.field(3), first)
    np.testing.assert_array_equal(small().field(3), first)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(screen)).field(3), first)


def test_fields_and_seeds_differ(screen):
    assert not np.array_equal(screen.field(0), screen.field(1))
    assert not np.array_equal(screen.field(0), small(seed=1).field(0))
    assert not screen.table.equals(small(seed=1).table)


def test_fields_are_camera_counts(screen):
    field = screen.field(0)
    assert field.shape == (64, 64, 6)
    assert field.dtype == np.uint16
    assert 4095 >= field.max() > field.min() > 50
    assert screen.channel_names == CHANNELS


def test_the_table_has_a_row_for_each_field():
    table = small(plates_per_experiment=2, sites_per_well=2).table
    assert list(table) == [
        *("Metadata_Experiment", "Metadata_Plate", "Metadata_Well", "Metadata_Site"),
        *("Metadata_Treatment", "Metadata_WellType"),
    ]
    assert len(table) == 2 * 2 * 4 * 2
    assert table.iloc[0, :4].tolist() == ["SIM-01", "SIM-01_1", "A01", 1]
    assert table.iloc[-1, :4].tolist() == ["SIM-02", "SIM-02_2", "A04", 2]
    assert not table.iloc[:, 1:4].duplicated().any()


def test_a_well_holds_one_treatment():
    table = small(sites_per_well=3).table
    wells = table.groupby(["Metadata_Plate", "Metadata_Well"])
    assert (wells["Metadata_Treatment"].nunique() == 1).all()


def test_untreated_wells_are_the_negative_control(screen):
    is_control = screen.table["Metadata_WellType"] == "negative_control"
    assert set(screen.table["Metadata_Treatment"][is_control]) == {"EMPTY"}
    assert set(screen.table["Metadata_WellType"][~is_control]) == {"treatment"}
    assert "EMPTY" not in screen.truth.index


def test_truth_is_the_effects_on_every_channel():
    truth = small(phenotypes={"a": {"Golgi": 1, "ER": 2.5}, "none": {}}).truth
    assert tuple(truth) == CHANNELS
    assert truth.loc["a"].tolist() == [0, 2.5, 0, 0, 0, 1]
    assert truth.loc["none"].tolist() == [0] * 6


def test_controls_change_places_from_plate_to_plate():
    table = small(wells_per_plate=24).table
    controls = table[table["Metadata_Treatment"] == "EMPTY"]
    places = controls.groupby("Metadata_Plate")["Metadata_Well"].agg(list)
    assert places.iloc[0] != places.iloc[1]


@pytest.mark.parametrize("wells", [4, 24, 27, 96])
def test_balanced_plates_hold_all_treatments_alike(wells):
    counts = plate_counts(small(wells_per_plate=wells, num_experiments=3))
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    assert (counts.sum(axis=1) == wells).all()


def test_imbalance_gathers_controls_on_every_other_plate():
    options = {"wells_per_plate": 24, "num_experiments": 4}
    shares = [plate_counts(small(**options, imbalance=i))["EMPTY"].tolist() for i in (0, 0.5, 1)]
    assert shares == [[6] * 4, [14, 4, 14, 4], [21, 1, 21, 1]]


def test_an_imbalanced_plate_still_holds_every_treatment():
    counts = plate_counts(small(wells_per_plate=24, imbalance=1))
    assert counts.to_numpy().min() == 1
    assert counts.shape == (2, 4)


def test_batches_differ_in_brightness():
    options = {"num_experiments": 4, "plates_per_experiment": 2, "size": 96, "wells_per_plate": 8}
    spreads = {}
    for effect in (0.0, 0.5):
        light = np.log(brightness(small(**options, batch_effect=effect))).reshape(4, 2, 8, 6)
        spreads[effect] = (
            light.mean(axis=(1, 2)).std(axis=0).mean(),
            light.mean(axis=2).std(axis=1).mean(),
        )
    experiments, plates = (spreads[0.5][i] - spreads[0.0][i] for i in (0, 1))
    assert experiments > 0.2
    assert 0.05 < plates < experiments


def test_plates_of_one_experiment_share_its_gains():
    screen = small(plates_per_experiment=2, batch_effect=0.5)
    gains = np.log([screen._exposure(i).gains for i in range(len(screen.table))])
    means = gains.reshape(2, 2, 4, 6).mean(axis=2)
    within = np.abs(means[:, 0] - means[:, 1]).mean()
    assert within < np.abs(means[0] - means[1]).mean()


def test_denser_fields_hold_more_cells():
    light = [brightness(small(density=density, size=128))[:, 3].mean() for density in (0.1, 0.8)]
    assert light[1] > 2 * light[0]


@pytest.mark.parametrize(
    ("phenotypes", "words"),
    [
        ({}, "map at least one name to its effects, .*Received: phenotypes={}"),
        ({"EMPTY": {}}, "not EMPTY, the negative control; rename it. Received: 'EMPTY'"),
        ({" ": {}}, "not blank, .* Received: ' '"),
        ({"nan": {}}, "not NA, .* Received: 'nan'"),
        ({3: {}}, "names that are strings, .* Received: 3"),
        ({"a": {"mito": 1}}, r"`phenotypes\['a'\]` must name channels .* did you mean 'Mito'"),
        ({"a": {"ER": -1}}, r"`phenotypes\['a'\]` must be finite and at least 0"),
    ],
)
def test_a_phenotype_that_cannot_be_is_refused(phenotypes, words):
    with pytest.raises(ValueError, match=words):
        small(phenotypes=phenotypes)


def test_effects_that_are_no_mapping_are_refused():
    with pytest.raises(TypeError, match=r"as a mapping, .*Received: 3 for a"):
        small(phenotypes={"a": 3})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"num_experiments": 0},
            "`num_experiments` must be at least 1.*Received: num_experiments=0",
        ),
        ({"plates_per_experiment": 0}, "`plates_per_experiment` must be at least 1"),
        ({"sites_per_well": 0}, "`sites_per_well` must be at least 1.*Received: sites_per_well=0"),
        ({"wells_per_plate": 3}, "`wells_per_plate` must be 4 to 384.*Received: wells_per_plate=3"),
        (
            {"wells_per_plate": 385},
            "`wells_per_plate` must be 4 to 384.*Received: wells_per_plate=385",
        ),
        ({"size": 63}, "`size` must be at least 64.*Received: size=63"),
        ({"seed": -1}, "`seed` must be at least 0.*Received: seed=-1"),
        ({"density": 0}, "`density` must be 0.01 to 0.9.*Received: density=0"),
        ({"density": 1}, "`density` must be 0.01 to 0.9.*Received: density=1"),
        ({"batch_effect": -0.1}, "`batch_effect` must be 0 to 1.*Received: batch_effect=-0.1"),
        ({"batch_effect": np.nan}, "`batch_effect` must be 0 to 1.*Received: batch_effect=nan"),
        ({"imbalance": 1.1}, "`imbalance` must be 0 to 1.*Received: imbalance=1.1"),
        (
            {"imbalance": 0.5, "num_experiments": 1},
            "`imbalance` must be 0 where there is only one plate.*Received: imbalance=0.5",
        ),
    ],
)
def test_a_number_out_of_range_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        small(**options)


@pytest.mark.parametrize("name", ["num_experiments", "wells_per_plate", "size", "seed"])
def test_a_count_that_is_no_integer_is_refused(name):
    with pytest.raises(TypeError, match=f"`{name}` must be an integer. Received: {name}=64.0"):
        small(**{name: 64.0})


@pytest.mark.parametrize("name", ["density", "batch_effect", "imbalance"])
def test_a_fraction_that_is_no_number_is_refused(name):
    with pytest.raises(TypeError, match=f"`{name}` must be a number. Received: {name}='0.1'"):
        small(**{name: "0.1"})


@pytest.mark.parametrize(
    ("index", "error", "words"),
    [
        (8, ValueError, "Received: index=8"),
        (-1, ValueError, "`index` must be at least 0. Received: index=-1"),
        (0.0, TypeError, "`index` must be an integer. Received: index=0.0"),
    ],
)
def test_a_field_that_is_not_there_is_refused(screen, index, error, words):
    with pytest.raises(error, match=re.escape(words)):
        screen.field(index)
