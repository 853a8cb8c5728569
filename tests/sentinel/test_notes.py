"""Checkpoints as signed notes: the same text others read and write, and no second spelling of it."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sentinel import notes
from sentinel.notes import Checkpoint, NoteInvalid

NAME = "bank.example/decisions"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
ROOT = bytes(range(100, 132))


def signed(text: str) -> str:
    return notes.sign_note(text, NAME, PRIVATE.sign, PUBLIC)


def test_a_note_of_another_implementation_is_read_and_its_signature_holds() -> None:
    """The example of Go's golang.org/x/mod/sumdb/note, signed by PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW."""
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]

    note = notes.parse_note(f"{text}\n{line}")

    assert note.text == text
    assert [(signature.name, signature.key_id.hex()) for signature in note.signatures] == [("PeterNeumann", "c74f20a3")]
    assert notes.key_id("PeterNeumann", public).hex() == "c74f20a3"
    Ed25519PublicKey.from_public_bytes(public).verify(note.signatures[0].signature, text.encode())


@given(st.integers(0, notes.LARGEST_SIZE), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_read_as_it_was_written(size: int, root: bytes) -> None:
    text = notes.checkpoint_text(NAME, size, root)
    note = notes.parse_note(signed(text))
    assert notes.parse_checkpoint(note.text) == Checkpoint(NAME, size, root)
    assert [(signature.name, signature.key_id) for signature in note.signatures] == [(NAME, notes.key_id(NAME, PUBLIC))]
    Ed25519PublicKey.from_public_bytes(PUBLIC).verify(note.signatures[0].signature, text.encode())


def test_a_checkpoint_is_this_text() -> None:
    text = notes.checkpoint_text(NAME, 4711, ROOT)
    assert text == "bank.example/decisions\n4711\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\n"
    assert signed(text).startswith(f"{text}\n— bank.example/decisions ")


@given(st.data())
def test_a_note_with_a_letter_changed_is_refused_or_reads_otherwise(data: st.DataObject) -> None:
    note = signed(notes.checkpoint_text(NAME, 4711, ROOT))
    at = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda other: other != note[at]))
    try:
        read = notes.parse_note(note[:at] + letter + note[at + 1 :])
    except NoteInvalid:
        return
    assert read != notes.parse_note(note)
    same = [(signature.name, signature.key_id) for signature in read.signatures] == [(NAME, notes.key_id(NAME, PUBLIC))]
    if same:
        with pytest.raises(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(PUBLIC).verify(read.signatures[0].signature, read.text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bank.example/decisions\n4711\n",
        f"bank.example/decisions\n04711\n{base64.b64encode(ROOT).decode()}\n",
        f"bank.example/decisions\n+4711\n{base64.b64encode(ROOT).decode()}\n",
        f"bank.example/decisions\n٤٧\n{base64.b64encode(ROOT).decode()}\n",
        f"bank.example/decisions\n{2**53}\n{base64.b64encode(ROOT).decode()}\n",
        f"bank example\n4711\n{base64.b64encode(ROOT).decode()}\n",
        f"bank.example/decisions\n4711\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"bank.example/decisions\n4711\n{base64.b64encode(ROOT).decode()[:-2]}N=\n",
        f"bank.example/decisions\n4711\n{base64.b64encode(ROOT).decode()}",
        f"bank.example/decisions\n4711\n{base64.b64encode(ROOT).decode()}\nan extension\n",
    ],
)
def test_no_other_text_is_a_checkpoint(text: str) -> None:
    with pytest.raises(NoteInvalid):
        notes.parse_checkpoint(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n— bank abcdefgh\n",
        "text\n\n— bank abcdefgh",
        "text\n\n- bank abcdefgh\n",
        "text\n\n— bank\n",
        "text\n\n— bank  abcdefgh\n",
        "text\n\n— ba+nk abcdefgh\n",
        "text\n\n— bank abcdefg\n",
        "text\n\n— bank abcdefgh=\n",
        "text\n\n— bank abcdef==\n",
        "text\n\n— bank abcdeQ==\nmore\n",
        "te\txt\n\n— bank abcdefgh\n",
        "\n\n— bank abcdefgh\n",
        "te\ud800xt\n\n— bank abcdefgh\n",
        "text\n\n" + "— bank abcdefgh\n" * 17,
    ],
)
def test_no_other_text_is_a_note(note: str) -> None:
    with pytest.raises(NoteInvalid):
        notes.parse_note(note)


def test_a_name_that_would_read_as_another_note_is_refused() -> None:
    for name in ("", "two words", "a+b", "a\nb", "a\u00a0b", "a\u200bb"):
        with pytest.raises(NoteInvalid):
            notes.sign_note("text\n", name, PRIVATE.sign, PUBLIC)
        with pytest.raises(NoteInvalid):
            notes.checkpoint_text(name, 1, ROOT)
