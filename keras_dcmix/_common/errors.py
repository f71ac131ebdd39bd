"""Errors about what a user gave: one sentence, in the words of Python or of the command line.

A message says what is wrong, what was expected, what came ("Received: name=value") and the way out.
Where it mentions an argument of the library, `argument` puts it in, so that the command line can
show the same sentence with its own options.

Example:

>>> error = DataError(f"{argument('crop')} must be a name. Received: {argument('crop', 3)}")
>>> print(error)
`crop` must be a name. Received: crop=3
>>> print(on_command_line(error))
--crop must be a name. Received: --crop 3
>>> error.page
'data'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from shlex import quote
from typing import ClassVar

# Private characters of Unicode around a name and the two forms of its value: no text that a user
# gives is taken for an argument.
_OPEN, _BETWEEN, _CLOSE, _AGAIN = "\ue0f0", "\ue0f1", "\ue0f2", "\ue0f3"
_ARGUMENT = re.compile(
    f"{_OPEN}([^{_BETWEEN}]*){_BETWEEN}([^{_BETWEEN}]*){_BETWEEN}([^{_CLOSE}]*){_CLOSE}", re.DOTALL
)
_NOTHING = object()


def argument(name: str, value: object = _NOTHING) -> str:
    """An argument of the library, to be put into the message of an error or a warning of ours.

    Args:
        name: As in Python; on the command line `nuclei_channel` is `--nuclei-channel`.
        value: Its value, received or proposed; without one the argument is only mentioned.
    """
    if value is _NOTHING:
        return f"{_OPEN}{name}{_BETWEEN}{_BETWEEN}{_CLOSE}"
    return f"{_OPEN}{name}{_BETWEEN}{value!r}{_BETWEEN}{_typed(value)}{_CLOSE}"


def _typed(value: object) -> str:
    """What follows the option; pairs repeat it."""
    if value is True:
        return ""
    if isinstance(value, Mapping):
        return _AGAIN.join(" " + quote(f"{key}={each}") for key, each in value.items())
    return " " + (",".join(map(str, value)) if isinstance(value, tuple | list) else str(value))


def in_python(message: str) -> str:
    """The message with arguments as Python writes them."""
    return _ARGUMENT.sub(_as_argument, message)


def on_command_line(message: object, options: Mapping[str, str] | None = None) -> str:
    """The message of an error or a warning with arguments as options of the command line.

    Args:
        message: The error, the warning, or its text.
        options: The option of each argument that has one; what is not among them is shown as in
            Python. By default every argument is an option of the same name.
    """
    text = message.args[0] if isinstance(message, _Sentence) and message.args else str(message)

    def shown(found: re.Match[str]) -> str:
        default = f"--{found[1].replace('_', '-')}" if options is None else None
        option = (options or {}).get(found[1], default)
        if option is None:
            return _as_argument(found)
        return " ".join(f"{option}{typed}" for typed in found[3].split(_AGAIN))

    return _ARGUMENT.sub(shown, str(text))


def _as_argument(found: re.Match[str]) -> str:
    return f"{found[1]}={found[2]}" if found[2] else f"`{found[1]}`"


class _Sentence:
    """What `InputError` and `InputWarning` share: the message is kept as it was written."""

    args: tuple[object, ...]
    page: ClassVar[str | None] = None

    def __str__(self) -> str:
        return in_python(str(self.args[0])) if self.args else ""


class InputWarning(_Sentence, UserWarning):
    """What was given works, but probably not as meant."""


class InputError(_Sentence, ValueError):
    """What was given does not fit.

    Attributes:
        page: The page in `docs/` that helps, without its ending; `None` where none does.
    """


class MissingPackageError(ImportError):
    """A package that only some work needs is not installed.

    Args:
        message: What needs it, and how to install it.
        page: As in `InputError`.
    """

    def __init__(self, message: str, *, page: str | None = None) -> None:
        super().__init__(message)
        self.page = page


class DataError(InputError):
    """A source, its files, its table or how its images are cut."""

    page = "data"


class ModelError(InputError):
    """How a classifier is built or trained."""

    page = "choosing"


class LayerError(InputError):
    """An argument or an input of a layer."""

    page = "method"


class MethodError(InputError):
    """An importance method, or a comparison of several."""

    page = "comparing"


class RankingError(InputError):
    """How a ranking is measured: folds, repeats, the margin, the runs of a custom loop."""

    page = "evidence"


class SubsetError(InputError):
    """Scores of subsets of the channels."""

    page = "evidence"


class ArtefactError(InputError):
    """A trained model in a file: its card, its export, its predictions."""

    page = "inference"


class ResultError(InputError):
    """Where results, and the trainings of an unfinished run, are written."""

    page = "files"
