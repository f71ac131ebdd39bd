"""Checks of arguments that many functions take."""

from __future__ import annotations

from typing import TypeGuard

from keras_dcmix._common.errors import InputError, argument


def check_positive_integer(
    name: str, value: object, *, error: type[InputError] = InputError
) -> None:
    """Raises an error for an argument that is not an integer of at least 1.

    Args:
        name: Of the argument.
        value: What was given.
        error: The class of the error; it names the page of the docs.

    Raises:
        ValueError: If it is anything else; `True` is not an integer here.
    """
    if not _is_integer(value) or value < 1:
        raise error(
            f"{argument(name)} must be a positive integer. Received: {argument(name, value)}"
        )


def check_jobs(n_jobs: object) -> None:
    """Raises an error for a number of processes that joblib cannot start.

    Args:
        n_jobs: What was given.

    Raises:
        ValueError: If it is neither a positive integer nor -1, for all cores.
    """
    if not _is_integer(n_jobs) or (n_jobs < 1 and n_jobs != -1):
        raise InputError(
            f"{argument('n_jobs')} must be a positive integer, or -1 for all cores. "
            f"Received: {argument('n_jobs', n_jobs)}"
        )


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
