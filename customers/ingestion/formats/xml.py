"""XML as a stream of elements, hardened: no document type, no entities, no network, no tree larger than one entry."""

from collections.abc import Iterator
from typing import TypeAlias

from lxml import etree

from ..errors import UnreadableFile
from ..reading import Source

LONGEST_ENTRY = 16 * 1024 * 1024
MOST_MARKS = 1_000_000
"""Signs of less and of equality in an entry: its elements and attributes, at about 100 bytes of memory each."""
LONGEST_LEFT = 64 * 1024 * 1024
"""Bytes of a tree of which the entries that were read are taken away."""
_LOOKED_AT = 8 * 1024 * 1024
_A_NODE = 120
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
    waited, marks, unseen, before = 0, 0, 0, b""
    root: Element | None = None
    try:
        while block := source.read(_BLOCK):
            if declares(before + block):
                raise UnreadableFile(f"{source.name} {DECLARES}")
            before, waited, unseen = block[-16:], waited + len(block), unseen + len(block)
            marks += block.count(b"<") + block.count(b"=")
            if marks > MOST_MARKS:
                raise UnreadableFile(f"{source.name} has an entry of more than {MOST_MARKS:,} parts; no bank writes such.")
            parser.feed(block)
            for event, element in parser.read_events():
                waited, marks = 0, 0
                if root is None:
                    root = element.getroottree().getroot()
                yield event, element
            if root is not None and unseen > _LOOKED_AT:
                unseen = 0
                if _left(root) > LONGEST_LEFT:
                    raise UnreadableFile(f"{source.name} is full of what belongs to no entry; this isn't what it says it is.")
            if waited > LONGEST_ENTRY:
                raise UnreadableFile(f"{source.name} has an entry of more than {LONGEST_ENTRY // 1024**2} MB; no bank writes such.")
        parser.close()
        yield from parser.read_events()
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(f"{source.name} isn't well-formed XML: {_plain(error)} Send it again, whole.") from None


def _left(root: Element) -> int:
    """About how many bytes a tree takes."""
    nodes = int(root.xpath("count(//node()) + count(//@*)"))
    if nodes * _A_NODE > LONGEST_LEFT:
        return nodes * _A_NODE
    texts = int(root.xpath("string-length(/)"))
    return nodes * _A_NODE + texts + sum(len(value) for value in root.xpath("//@*"))


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
