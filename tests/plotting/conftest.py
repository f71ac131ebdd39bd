"""Checks of drawn texts that all figures share."""

import itertools

import matplotlib as mpl
import pytest


@pytest.fixture(autouse=True)
def _no_window():
    before = mpl.get_backend()
    mpl.use("Agg")
    yield
    mpl.use(before)


@pytest.fixture(scope="session")
def assert_apart():
    """Checks that no two of some texts overlap, as drawn."""

    def check(texts, at_least=2):
        boxes = [text.get_window_extent() for text in texts if text.get_text()]
        assert len(boxes) >= at_least
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)

    return check


@pytest.fixture(scope="session")
def assert_inside():
    """Checks that texts are inside a box, such as that of the figure, as drawn."""

    def check(frame, texts):
        for text in texts:
            box = text.get_window_extent()
            assert frame.x0 - 1 <= box.x0, text
            assert box.x1 <= frame.x1 + 1, text
            assert frame.y0 - 1 <= box.y0, text
            assert box.y1 <= frame.y1 + 1, text

    return check
