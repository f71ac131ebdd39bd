import pickle

import numpy as np
import pytest

from keras_dcmix.data.planes import Stack, paths_of, read_planes

PIXELS = {
    ("a", None): np.array([[1, 9]], np.uint8),
    ("b", 0): np.array([[5, 2]], np.uint8),
    ("b", 1): np.array([[4, 4]], np.uint8),
    ("wide", None): np.array([[1, 2, 3]], np.uint8),
    ("deep", None): np.array([[1, 2]], np.uint16),
}


def read(path, page=None):
    return PIXELS[path, page]


def test_a_path_is_read_without_a_page():
    assert read_planes("a", read).tolist() == [[1, 9]]


def test_a_stack_of_one_plane_is_this_plane():
    assert read_planes(Stack((("b", 1),)), read).tolist() == [[4, 4]]


def test_several_planes_are_projected_by_their_maximum():
    assert read_planes(Stack((("a", None), ("b", 0), ("b", 1))), read).tolist() == [[5, 9]]


@pytest.mark.parametrize("other", ["wide", "deep"])
def test_planes_that_differ_in_size_or_type_are_refused(other):
    with pytest.raises(ValueError, match=r"same size and data type.*'a and 1 more planes'"):
        read_planes(Stack((("a", None), (other, None))), read)


def test_the_files_of_a_stack_are_named_once():
    assert paths_of(Stack((("b", 0), ("a", None), ("b", 1)))) == ("b", "a")
    assert paths_of("a") == ("a",)


@pytest.mark.parametrize(
    ("planes", "text"),
    [
        ((("a", None),), "a"),
        ((("b", 0),), "b, plane 0"),
        ((("b", 0), ("b", 1), ("a", None)), "b, plane 0 and 2 more planes"),
    ],
)
def test_errors_call_a_stack_by_its_first_plane(planes, text):
    assert str(Stack(planes)) == text


def test_equal_stacks_are_found_equal_in_another_process():
    stack = Stack((("b", 0), ("b", 1)))
    assert hash(pickle.loads(pickle.dumps(stack))) == hash(stack)
    assert pickle.loads(pickle.dumps(stack)) == stack != Stack((("b", 0),))
