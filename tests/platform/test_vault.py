"""Encryption that can be taken back: by throwing one small key away."""

from base64 import b64encode
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from bankos.platform import keys, vault
from bankos.platform.vault import Unreadable, decrypt, encrypt, new_data_key, new_master_key, unwrap, wrap


@pytest.fixture
def in_folder(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(keys, "_used", {})  # no database: nothing was ever wrapped
    settings.MASTER_KEYS, settings.MASTER_KEYS_DIR, settings.GENERATE_SIGNING_KEY = "", tmp_path / "master", True
    return tmp_path / "master"


@given(st.binary(max_size=300), st.binary(max_size=20))
def test_what_is_encrypted_can_be_read_again_with_the_same_key_and_binding(content: bytes, binding: bytes) -> None:
    key = new_data_key()

    assert decrypt(key, encrypt(key, content, bound_to=binding), bound_to=binding) == content


@given(st.binary(min_size=1, max_size=50), st.data())
def test_any_changed_byte_is_noticed(content: bytes, data: st.DataObject) -> None:
    key = new_data_key()
    cipher = bytearray(encrypt(key, content, bound_to=b"a"))
    cipher[data.draw(st.integers(0, len(cipher) - 1))] ^= data.draw(st.integers(1, 255))

    with pytest.raises(Unreadable):
        decrypt(key, bytes(cipher), bound_to=b"a")


@pytest.mark.parametrize("cipher", [b"", b"short", b"x" * 12])
def test_what_was_never_encrypted_is_not_read(cipher: bytes) -> None:
    with pytest.raises(Unreadable):
        decrypt(new_data_key(), cipher, bound_to=b"")


def test_another_key_and_another_binding_read_nothing() -> None:
    key = new_data_key()
    cipher = encrypt(key, b"content", bound_to=b"decision 1")

    for other, binding in ((new_data_key(), b"decision 1"), (key, b"decision 2")):
        with pytest.raises(Unreadable):
            decrypt(other, cipher, bound_to=binding)


def test_a_data_key_is_wrapped_by_the_master_key_and_found_again(in_folder: Any) -> None:
    key = new_data_key()

    assert key not in wrap(key)
    assert unwrap(wrap(key)) == key
    assert [file.name for file in in_folder.iterdir()] == ["0001.key"]
    assert (in_folder / "0001.key").stat().st_mode & 0o077 == 0


def test_after_a_new_master_key_the_old_ones_still_unwrap(settings: Any) -> None:
    old, new = new_master_key(), new_master_key()
    settings.MASTER_KEYS = old
    wrapped = wrap(key := new_data_key())
    settings.MASTER_KEYS = f"{new},{old}"
    unwrap.cache_clear()

    assert unwrap(wrapped) == key
    assert wrap(key)[:4] != wrapped[:4]


def test_without_its_master_key_a_data_key_is_lost(settings: Any) -> None:
    settings.MASTER_KEYS = new_master_key()
    wrapped = wrap(new_data_key())
    settings.MASTER_KEYS = new_master_key()
    unwrap.cache_clear()

    with pytest.raises(Unreadable):
        unwrap(wrapped)


@pytest.mark.parametrize(
    "text", ["not base64!", b64encode(b"short").decode(), f"{new_master_key()},"], ids=["no base64", "short", "a comma"]
)
def test_a_master_key_that_is_none_is_refused_without_being_told(settings: Any, text: str) -> None:
    settings.MASTER_KEYS = text

    with pytest.raises(ImproperlyConfigured) as error:
        wrap(new_data_key())
    assert text not in str(error.value)


def test_no_master_key_is_made_up_where_that_is_not_allowed(settings: Any, tmp_path: Any) -> None:
    settings.MASTER_KEYS, settings.MASTER_KEYS_DIR, settings.GENERATE_SIGNING_KEY = "", tmp_path / "master", False
    with pytest.raises(ImproperlyConfigured):
        wrap(new_data_key())
    settings.MASTER_KEYS_DIR = None
    with pytest.raises(ImproperlyConfigured):
        wrap(new_data_key())
    assert not (tmp_path / "master").exists()


def test_two_processes_that_begin_at_once_end_with_one_key(in_folder: Any) -> None:
    vault._write(in_folder)
    first = (in_folder / "0001.key").read_text()
    vault._write(in_folder)

    assert (in_folder / "0001.key").read_text() == first
    assert len(list(in_folder.iterdir())) == 1
