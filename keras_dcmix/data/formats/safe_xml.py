"""Reading untrusted XML: no document types, no entities, little memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree
from xml.parsers import expat

from keras_dcmix._common.errors import DataError

_BLOCK = 256


def xml_elements(
    path: Path, names: tuple[str, ...], *, what: str, root: str
) -> Iterator[ElementTree.Element]:
    """Reads the elements of a large file one after the other and forgets each.

    Args:
        path: the file.
        names: names of the elements, without their namespace.
        what: the name of the file in errors, such as "a Harmony index".
        root: the name that its first element must have, without its namespace.

    Yields:
        `xml.etree.ElementTree.Element`, complete with the elements in it.

    Raises:
        ValueError: if the file is missing, empty, truncated, no XML, has another root element, or
            declares a document type.
    """
    if not path.is_file():
        raise DataError(f"{what} must exist. Received: '{path}'")
    with path.open("rb") as file:
        yield from _elements(file, names, f"{what} ('{path}')", root)


def xml_document(text: str, *, what: str, root: str) -> ElementTree.Element:
    """Reads a text.

    Args:
        text: XML; an encoding that it declares is ignored.
        what: as for `xml_elements`.
        root: as for `xml_elements`.

    Returns:
        The first element.

    Raises:
        ValueError: as `xml_elements`.
    """
    text = text.strip("\ufeff \r\n\t\0")
    if text.startswith("<?xml"):
        text = text.partition("?>")[2].lstrip()
    file = io.BytesIO(text.encode("utf-8", "replace"))
    return next(_elements(file, (root,), what, root))


def local_name(element: ElementTree.Element) -> str:
    """The name of an element without its namespace, which changes between versions."""
    return element.tag.rpartition("}")[2]


def children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """The elements of this name directly in another, whatever their namespace."""
    return [child for child in element if local_name(child) == name]


def child_texts(element: ElementTree.Element) -> dict[str, str]:
    """The text of each element in another by its name, of the first one where there are several."""
    return {local_name(child): (child.text or "").strip() for child in reversed(element)}


def _elements(
    file: BinaryIO, names: tuple[str, ...], what: str, root: str
) -> Iterator[ElementTree.Element]:
    try:
        found = _root_name(file, what)
        if found != root:
            raise DataError(
                f"{what} must be XML with the first element '{root}'. Received: '{found}'. Choose "
                "the file that the instrument wrote"
            )
        file.seek(0)
        yield from _each(file, names)
    except (ElementTree.ParseError, expat.ExpatError, LookupError, UnicodeError) as error:
        raise DataError(
            f"{what} must be complete XML. Received: text that cannot be read ({error}). Copy the "
            "file again, or choose another"
        ) from error


def _root_name(file: BinaryIO, what: str) -> str:
    """The name of the first element; a document type, which comes before it, is refused."""
    names: list[str] = []

    def refuse(*_: object) -> None:
        raise DataError(
            f"{what} must not declare a document type (DTD), with which XML can fill the memory or "
            "open other files. No instrument writes one: delete the declaration if you trust the "
            "file"
        )

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: names.append(name.rpartition(" ")[2])
    while not names:
        # Small blocks, so that nothing behind the declaration has been read when it is refused.
        block = file.read(_BLOCK)
        parser.Parse(block, not block)
    return names[0]


def _each(file: BinaryIO, names: tuple[str, ...]) -> Iterator[ElementTree.Element]:
    ancestors: list[ElementTree.Element] = []
    # Entities and document types have been refused before.
    for event, element in ElementTree.iterparse(file, events=("start", "end")):  # noqa: S314
        if event == "start":
            ancestors.append(element)
            continue
        ancestors.pop()
        if local_name(element) in names:
            yield element
            if ancestors:
                ancestors[-1].remove(element)
