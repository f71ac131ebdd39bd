import time
from threading import Event, Lock

import pytest

from keras_dcmix.data.threads import num_threads, ordered_map


def test_results_come_in_the_order_of_the_items():
    def late(item):
        time.sleep(0.002 * (10 - item))
        return item * item

    assert list(ordered_map(late, range(10))) == [item * item for item in range(10)]


def test_only_a_few_results_are_in_memory_at_a_time():
    begun, lock = [], Lock()

    def note(item):
        with lock:
            begun.append(item)
        return item

    results = ordered_map(note, range(1000))
    next(results)
    assert len(begun) <= num_threads() + 1
    results.close()


def test_the_first_error_is_raised_and_the_rest_never_begins():
    begun, go = [], Event()

    def fail(item):
        begun.append(item)
        if item == 0:
            raise ValueError("number 0 is bad")
        go.wait(1)

    with pytest.raises(ValueError, match="number 0 is bad"):
        list(ordered_map(fail, range(1000)))
    assert len(begun) <= num_threads() + 1
