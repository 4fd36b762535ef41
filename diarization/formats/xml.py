"""A small XML tree that remembers lines, so that errors can name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from ..errors import FormatError


@dataclass
class Element:
    """An element: its name, attributes, text, the elements in it, and its line."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find_all(self, name: str) -> Iterator[Element]:
        """All elements of that name below this one, in order."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.find_all(name)


def parse_xml(text: str, name: str) -> Element:
    """The root of an XML text.

    Raises
    ------
    FormatError
        Where it is not well-formed, or declares a document type: entities could grow without bound.
    """
    parser = expat.ParserCreate()
    root = Element("", {}, 0)
    open_elements = [root]

    def begin(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, parser.CurrentLineNumber)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_tag: str) -> None:
        open_elements.pop()

    def characters(more: str) -> None:
        open_elements[-1].text += more

    def document_type(*_: Any) -> None:
        raise FormatError(
            f"{name}: line {parser.CurrentLineNumber}: a document type is not accepted; remove <!DOCTYPE>"
        )

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, document_type
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise FormatError(
            f"{name}: line {error.lineno}: this is not well-formed XML ({expat.ErrorString(error.code)})"
        ) from error
    return root.children[0]
