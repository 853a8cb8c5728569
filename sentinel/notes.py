"""Signed checkpoints of a log, as text (C2SP signed-note and tlog-checkpoint). Signing is a callable: keys live elsewhere.

    bank.example/decisions          the origin: which log
    4711                            its size
    CsUYapGGPo4dkMgIAUqom/…         its root, base64

    — bank.example/decisions Az3grl…     who signed, and base64 of key id and signature

Reading is strict: what is not spelled the one way it is written is refused.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from .merkle import HASH_LENGTH

KEY_ID_LENGTH = 4
MOST_SIGNATURES = 16
LARGEST_SIZE = 2**53 - 1

_ED25519 = b"\x01"
_DASH = "— "

Sign = Callable[[bytes], bytes]


class NoteInvalid(ValueError):
    """Not a signed note, or not a checkpoint; the message says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: its first `size` entries have this root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """One line under a note; `key_id` is that of `key_id(name, public)`."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which is what was signed (with its last newline), and who says so. Nothing here has been verified."""

    text: str
    signatures: tuple[Signature, ...]


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a note names an Ed25519 key (32 bytes) of this name."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:KEY_ID_LENGTH]


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The text to sign for a log of `size` entries with this root.

    Raises:
        NoteInvalid: an origin, size or root that no checkpoint can have.
    """
    _require_name(origin)
    if not 0 <= size <= LARGEST_SIZE or len(root) != HASH_LENGTH:
        raise NoteInvalid("a checkpoint has a size and the 32 bytes of a root")
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def sign_note(text: str, name: str, sign: Sign, public: bytes) -> str:
    """The note: the text with one signature under it.

    Args:
        sign: makes the Ed25519 signature over the text's bytes with the private half of `public` (32 bytes).
    Raises:
        NoteInvalid: a text or name that no note can have.
    """
    _require_name(name)
    _require_text(text)
    signed = key_id(name, public) + sign(text.encode())
    return f"{text}\n{_DASH}{name} {b64encode(signed).decode()}\n"


def parse_note(note: str) -> Note:
    """The parts of a signed note.

    Raises:
        NoteInvalid
    """
    body, blank, under = note.rpartition("\n\n")
    text = f"{body}\n"
    if not blank or not under.endswith("\n"):
        raise NoteInvalid("a note is a text, an empty line and signatures, each ending in a newline")
    _require_text(text)
    lines = under[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteInvalid(f"more than {MOST_SIGNATURES} signatures")
    return Note(text, tuple(_signature(line) for line in lines))


def parse_checkpoint(text: str) -> Checkpoint:
    """What the text of a note says about a log.

    Raises:
        NoteInvalid: another text, one with extension lines, or another spelling of a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) != 4 or not lines[1].isdecimal() or len(lines[1]) > len(str(LARGEST_SIZE)):
        raise NoteInvalid("a checkpoint is an origin, a size and a root, each on a line")
    checkpoint = Checkpoint(lines[0], int(lines[1]), _decoded(lines[2]))
    if checkpoint_text(checkpoint.origin, checkpoint.size, checkpoint.root) != text:
        raise NoteInvalid("not the one spelling of a checkpoint")
    return checkpoint


def _signature(line: str) -> Signature:
    name, space, signed = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NoteInvalid("a signature is a dash, a name and base64")
    _require_name(name)
    decoded = _decoded(signed)
    if len(decoded) <= KEY_ID_LENGTH:
        raise NoteInvalid("a signature is longer than the id of its key")
    return Signature(name, decoded[:KEY_ID_LENGTH], decoded[KEY_ID_LENGTH:])


def _decoded(text: str) -> bytes:
    try:
        decoded = b64decode(text, validate=True)
    except ValueError as error:
        raise NoteInvalid("not base64") from error
    if b64encode(decoded).decode() != text:
        raise NoteInvalid("not the one spelling of its base64")
    return decoded


def _require_name(name: str) -> None:
    if not name or "+" in name or any(letter.isspace() or not letter.isprintable() for letter in name):
        raise NoteInvalid("a name has no spaces, no plus and nothing that cannot be printed")


def _require_text(text: str) -> None:
    if not text.endswith("\n") or text == "\n" or any(letter < " " and letter != "\n" for letter in text) or not _is_utf8(text):
        raise NoteInvalid("the text of a note is UTF-8 without control characters and ends in a newline")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
