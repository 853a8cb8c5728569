"""What is plainly no table and of no other known format: said so, rather than measured against the headers of extracts."""

from ..errors import UnknownHeader, UnreadableFile
from .layout import Arriving
from .xml import DECLARES, declares, root_name


class Unknown:
    def recognise(self, file: Arriving) -> None:
        """Raises IngestError if it is XML or no text at all."""
        name = file.path.name
        if file.beginning.startswith(b"<"):
            if declares(file.head):
                raise UnreadableFile(f"{name} {DECLARES}")
            root, namespace = root_name(file.head)
            if not root:
                raise UnreadableFile(f"{name} isn't well-formed XML. Send it again, whole.")
            raise UnknownHeader(f"{name} is XML of a kind bankos doesn't read: “{root}”{f' of {namespace}' if namespace else ''}.")
        if b"\x00" in file.head:
            raise UnreadableFile(f"{name} isn't text in UTF-8. Save the file as UTF-8 and send it again.")
