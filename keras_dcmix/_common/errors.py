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
from typing import ClassVar

# Private characters of Unicode around a name and the two forms of its value: no text that a user
# gives is taken for an argument.
_OPEN, _BETWEEN, _CLOSE = "\ue0f0", "\ue0f1", "\ue0f2"
_ARGUMENT = re.compile(
    f"{_OPEN}([^{_BETWEEN}]*){_BETWEEN}([^{_BETWEEN}]*){_BETWEEN}([^{_CLOSE}]*){_CLOSE}", re.DOTALL
)
_NOTHING = object()


def argument(name: str, value: object = _NOTHING) -> str:
    """An argument of the library, to be put into the message of an error or a warning of ours.

    Args:
        name: As in Python; on the command line `nuclei_channel` is `--nuclei-channel`.
        value: What it is, or shall be, set to; left out, the argument is only mentioned.
    """
    if value is _NOTHING:
        return f"{_OPEN}{name}{_BETWEEN}{_BETWEEN}{_CLOSE}"
    typed = "" if value is True else f" {value}"
    return f"{_OPEN}{name}{_BETWEEN}{value!r}{_BETWEEN}{typed}{_CLOSE}"


def in_python(message: str) -> str:
    """The message with arguments as Python writes them."""
    return _ARGUMENT.sub(lambda m: f"{m[1]}={m[2]}" if m[2] else f"`{m[1]}`", message)


def on_command_line(message: object) -> str:
    """The message of an error or a warning with arguments as options of the command line."""
    text = message.args[0] if isinstance(message, _Sentence) and message.args else str(message)
    return _ARGUMENT.sub(lambda m: f"--{m[1].replace('_', '-')}{m[3]}", str(text))


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


class SubsetError(InputError):
    """Scores of subsets of the channels."""

    page = "check"


class ArtefactError(InputError):
    """A trained model that is kept in a file: its card, its export, its predictions."""

    page = "inference"


class ResultError(InputError):
    """Where results are written, and unfinished ones wait."""

    page = "files"
