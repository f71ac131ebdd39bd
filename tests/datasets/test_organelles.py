"""One cell: outlines, dyes, and what the latent parameter moves."""

import numpy as np
import pytest

from keras_dcmix.datasets.camera import Exposure, photograph
from keras_dcmix.datasets.cell_shapes import CellFrame, CellShape, draw_shape
from keras_dcmix.datasets.organelles import STAINS, render_cell

NAMES = tuple(STAINS)
ROUND = CellShape(21.0, 9.0, np.zeros((5, 2)), np.zeros((3, 2)))


def mean_dye(name, latent):
    """Dye of one stain, averaged over twelve equally round cells."""
    latents = dict.fromkeys(NAMES, 0.0) | {name: latent}
    drawn = [render_cell(ROUND, latents, np.random.default_rng(i))[0] for i in range(12)]
    return np.mean(drawn, axis=0)[..., NAMES.index(name)]


def test_a_round_cell_has_the_areas_of_circles():
    frame = CellFrame(ROUND)
    assert frame.cell.sum() == pytest.approx(np.pi * 21**2, rel=0.02)
    assert frame.nucleus.sum() == pytest.approx(np.pi * 9**2, rel=0.02)


def test_a_wave_moves_the_cell_off_its_nucleus():
    waves = np.zeros((5, 2))
    waves[0, 0] = 0.2
    frame = CellFrame(CellShape(21.0, 9.0, waves, np.zeros((3, 2))))
    assert (frame.cell * frame.x).sum() / frame.cell.sum() > 3
    assert abs((frame.nucleus * frame.x).sum()) < 1


def test_the_nucleus_stays_inside_a_dented_cell():
    waves = np.zeros((5, 2))
    waves[1] = (0.9, 0.3)
    frame = CellFrame(CellShape(21.0, 9.0, waves, np.zeros((3, 2))))
    assert np.all(frame.nucleus_edge < frame.cell_edge)
    assert np.all((frame.depth >= 0) & (frame.depth <= 1))


@pytest.mark.parametrize("latent", [-3.0, 0.0, 3.0, 100.0])
def test_the_latent_moves_dye_and_makes_none(latent):
    rng = np.random.default_rng(0)
    dyes, cover = render_cell(draw_shape(rng), dict.fromkeys(NAMES, latent), rng)
    np.testing.assert_allclose(dyes.sum(axis=(0, 1)), 1, rtol=1e-4)
    assert dyes.min() >= 0
    assert dyes[cover < 1e-3].sum() < 0.02


@pytest.mark.parametrize(("name", "inner"), [("ER", 1.25), ("Actin", 1.1), ("Golgi", 0.85)])
def test_dye_moves_towards_or_away_from_the_nucleus(name, inner):
    near = CellFrame(ROUND).distance < 14
    ratio = mean_dye(name, 4.0)[near].sum() / mean_dye(name, 0.0)[near].sum()
    assert (ratio > inner) if inner > 1 else (ratio < inner)


def test_nucleoli_grow_in_number():
    latents = dict.fromkeys(NAMES, 0.0)
    peaks = []
    for latent in (-2.0, 4.0):
        dyes, _ = render_cell(ROUND, latents | {"RNA": latent}, np.random.default_rng(0))
        rna = dyes[..., NAMES.index("RNA")]
        inner = rna[1:-1, 1:-1]
        around = [np.roll(rna, step, axis=axis)[1:-1, 1:-1] for step in (1, -1) for axis in (0, 1)]
        peaks.append(np.sum((inner > np.max(around, axis=0)) & (inner > 0.3 * rna.max())))
    assert peaks[0] <= 2
    assert peaks[1] >= 6


def test_chromatin_clumps():
    inside = CellFrame(ROUND).distance < 7
    spreads = []
    for latent in (-2.0, 4.0):
        latents = dict.fromkeys(NAMES, 0.0) | {"DNA": latent}
        dna = render_cell(ROUND, latents, np.random.default_rng(0))[0][..., 0]
        spreads.append(dna[inside].std() / dna[inside].mean())
    assert spreads[1] > 3 * spreads[0]


def test_photons_follow_dye_and_gain():
    even, usual = np.full((40, 40, 6), 1.0), np.ones(6)
    dark, plain, strong = (
        photograph(dye * even, Exposure(gain * usual, usual), np.random.default_rng(0)).mean((0, 1))
        for dye, gain in ((0, 1), (1, 1), (1, 2))
    )
    np.testing.assert_allclose(strong - dark, 2 * (plain - dark), rtol=0.02)


def test_shot_noise_grows_with_the_root_of_the_light():
    usual = np.ones(6)
    bright = photograph(
        np.full((64, 64, 6), 2.0), Exposure(usual, 1e-6 * usual), np.random.default_rng(0)
    ).astype(float)
    np.testing.assert_allclose(bright.var(axis=(0, 1)), bright.mean(axis=(0, 1)) - 84, rtol=0.1)
