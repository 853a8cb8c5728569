"""XML as a stream of elements, hardened: no document type, no entities, no network, no tree larger than one entry."""

from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

from ..errors import UnreadableFile
from ..reading import Source

LONGEST_ENTRY = 16 * 1024 * 1024
_BLOCK = 32 * 1024
DECLARES = "declares a document type or entities. Bank files have none; it is not read."
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY", b"<!doctype")

Element: TypeAlias = etree._Element


def elements(source: Source, *names: str) -> Iterator[tuple[str, Element]]:
    """("start" or "end", element) of the elements with these local names, in the order of the file.

    Whoever is done with an element takes it from its parent, or the tree grows until the file is refused.

    Raises:
        UnreadableFile: not well-formed, cut off, or made to do harm.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    waited, before = 0, b""
    try:
        while block := source.read(_BLOCK):
            if declares(before + block):
                raise UnreadableFile(f"{source.name} {DECLARES}")
            before, waited = block[-16:], waited + len(block)
            parser.feed(block)
            for event, element in parser.read_events():
                waited = 0
                yield event, element
            if waited > LONGEST_ENTRY:
                raise UnreadableFile(f"{source.name} has an entry of more than {LONGEST_ENTRY // 1024**2} MB; no bank writes such.")
        parser.close()
        yield from parser.read_events()
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(f"{source.name} isn't well-formed XML: {_plain(error)} Send it again, whole.") from None


def declares(text: bytes) -> bool:
    """Whether it declares a document type or entities."""
    return any(word in text for word in _DECLARATIONS)


def root_name(head: bytes) -> tuple[str, str]:
    """(local name, namespace) of the first element, two empty texts if there is none."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        parser.feed(head)
        for _, element in parser.read_events():
            name = etree.QName(element)
            return name.localname, name.namespace or ""
    except etree.XMLSyntaxError:
        pass
    return "", ""


def local(element: Element) -> str:
    tag: str = element.tag
    return tag[tag.rfind("}") + 1 :]


def child(element: Element | None, *path: str) -> Element | None:
    """The first element down this path of local names."""
    for name in path:
        if element is None:
            return None
        # Asked so, libxml2 compares the names itself and no other child becomes a Python object.
        element = next(element.iterchildren(f"{{*}}{name}"), None)
    return element


def text(element: Element | None, *path: str) -> str:
    """The text of the first element down this path, without the white space around it; empty if there is none."""
    found = child(element, *path)
    return (found.text or "").strip() if found is not None else ""


def first_text(element: Element | None, *paths: tuple[str, ...]) -> str:
    """The first of these paths that leads to a text."""
    return next((found for path in paths if (found := text(element, *path))), "")


def _plain(error: etree.XMLSyntaxError) -> str:
    line = error.position[0] if error.position else 0
    return f"line {line}: {(error.msg or 'it ends early').split(', line')[0]}."
