"""A password that somebody who knows the house would try is refused; a few words that nobody put together before are not."""

import random
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from bankos.platform import passwords
from bankos.platform.models import User

TOMAS = User(username="tomas", name="Tomás Keogh", job_title="Adviser, Dublin Camden Street", branch_code="DUB1")


@pytest.mark.parametrize(
    "password",
    [
        "meridian-bank1", "Meridian-Bank2026!", "M3r1d1an-B4nk!!", "meridianbank", "MERIDIAN BANK 1", "bankos2026bankos",
        "b4nk0s-b4nk0s", "bankos-admin-1", "meridian-demo-bank", "meridian_demo_bank!", "Meridiandemobank1", "tomaskeogh2026",
        "T0m4s.Keogh.1", "keogh-tomas-dub", "camden-street-dublin1", "password1234", "P@ssw0rd2026!", "Passw0rd!Passw0rd!",
        "welcome-to-bank1", "Winter2026!!!", "Summer-2026-Bank", "qwertyuiop12", "1qaz2wsx3edc", "qwertzuiop123", "asdfghjkl;'12",
        "zaq1xsw2cde3", "abcdefghijkl", "123456789012", "aaaaaaaaaaaa", "abcabcabcabc", "xyxyxyxyxyxyxy", "111222333444",
        "letmein-please", "changeme12345", "administrator", "ad-min-is-tra-tor", "dragon123456", "m.e.r.i.d.i.a.n",
        "ｍｅｒｉｄｉａｎ－ｂａｎｋ", "mérïdian-bänk-1", "monday-tuesday", "iloveyou12345", "Fáilte-Dublin1", "lkjhgfdsapoiuy",
        "2026-11-30-2026",
    ],
)  # fmt: skip
def test_what_an_attacker_would_try_here_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, TOMAS)


@pytest.mark.parametrize(
    "password",
    [
        "the heron waits at low tide", "purple kettle sails north", "correct horse battery staple", "Kf9#vRw2pLx8",
        "wohnung lampe fjord", "siar ó dheas an ghaoth", "żółta łódka płynie", "狐は静かに川を渡る夜明け前", "gherkin-velocity-39",
        "x" * 20 + "unrelated walrus", "a heron " * 20 + "walks", "spoonful of copper rain" * 20,
    ],
)  # fmt: skip
def test_words_that_have_nothing_to_do_with_each_other_are_taken(password: str) -> None:
    validate_password(password, TOMAS)


@pytest.mark.parametrize("length", [11, 1_001])
def test_too_short_and_too_long_are_refused(length: int) -> None:
    words = ("gherkin velocity walrus copper fjord " * 40)[:length]
    with pytest.raises(ValidationError):
        validate_password(words, TOMAS)
    validate_password(("gherkin velocity walrus copper fjord " * 40)[: 12 if length == 11 else 1_000], TOMAS)


def test_the_documented_password_is_for_demo_banks(settings: Any) -> None:
    with pytest.raises(ValidationError):
        validate_password(settings.DEMO_PASSWORD, TOMAS)
    settings.DEMO_LOGINS = True
    validate_password(settings.DEMO_PASSWORD, TOMAS)
    with pytest.raises(ValidationError):
        validate_password("meridian-bank1", TOMAS)


def digest(text: str) -> str:
    return sha1(text.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.mark.parametrize("length", [40, 10])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_breached_password_is_found_and_no_other(tmp_path: Path, length: int, ending: str) -> None:
    leaked = [f"heron number {n} of the tide" for n in range(500)]
    file = tmp_path / "hashes.txt"
    lines = sorted(f"{digest(one)[:length]}:{random.randint(1, 10 ** random.randint(1, 7))}" for one in leaked)
    file.write_bytes(ending.join(lines).encode() + ending.encode())
    assert all(passwords.is_breached(one, file) for one in leaked)
    assert not any(passwords.is_breached(f"{one}!", file) for one in leaked)


@pytest.mark.parametrize("content", [b"", b"\n", b"garbage", b"FFFF", b"0" * 40])
def test_odd_files_are_no_reason_to_fail(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "hashes.txt"
    file.write_bytes(content)
    assert not passwords.is_breached("the heron waits at low tide", file)


def test_a_breached_password_is_refused_and_a_missing_file_never_lets_one_pass(tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "hashes.txt"
    file.write_text(f"{digest('the heron waits at low tide')}:3\n")
    settings.BREACHED_PASSWORDS_FILE = str(file)
    validate_password("purple kettle sails north", TOMAS)
    for path in (file, tmp_path / "missing.txt"):
        settings.BREACHED_PASSWORDS_FILE = str(path)
        with pytest.raises(ValidationError):
            validate_password("the heron waits at low tide", TOMAS)
