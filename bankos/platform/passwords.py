"""Which passwords are refused: those everybody tries first, those of this house, and those that were found in breaches.

Nothing is asked of a password's kinds of characters (NIST SP 800-63B, 5.1.1.2). What is looked at is what is left of it when the words an
attacker would try here, rows of keys, repetitions and figures are taken away.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha1
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

LONGEST = 1_000  # characters; hashing longer ones costs time
LEFT_AT_LEAST = 6  # letters that are none of the words below
_WORDS = (
    "bankos", "bank", "banking", "password", "passwort", "passcode", "passphrase", "kennwort", "welcome", "willkommen", "failte",
    "login", "logon", "signin", "admin", "administrator", "letmein", "changeme", "change", "default", "secret", "secure", "security",
    "temp", "temporary", "test", "demo", "user", "staff", "adviser", "advisor", "compliance", "officer", "teamlead", "manager", "money",
    "euro", "account", "customer", "branch", "office", "company", "work", "spring", "summer", "autumn", "winter", "january", "february",
    "march", "april", "june", "july", "august", "september", "october", "november", "december", "monday", "tuesday", "wednesday",
    "thursday", "friday", "saturday", "sunday", "ireland", "irish", "dublin", "galway", "cork", "limerick", "hello", "please",
    "iloveyou", "love", "master", "super", "root", "guest", "abc", "qwerty",
)  # fmt: skip
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "abcdefghijklmnopqrstuvwxyz",
         "qazwsxedcrfvtgbyhnujmikolp", "01234567890", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p")  # fmt: skip
_WALK = 4  # keys in a row
_LEET = (
    str.maketrans("013456789@$!+|€£", "oieasgtbgasitlel"),
    str.maketrans("013456789@$!+|€£", "oleasgtbgasltiel"),
)


class HouseWordsValidator:
    """Refuses what is made of words an attacker would try at this bank, for this person, in whatever disguise."""

    def validate(self, password: str, user: Any = None) -> None:
        if settings.DEMO_LOGINS and password == settings.DEMO_PASSWORD:
            return
        words = sorted({*_WORDS, *_house(), *_of(user)}, key=len, reverse=True)
        for text in _readings(password):
            left = _without_padding(_without(text, words))
            if len(left) < LEFT_AT_LEAST or left in _common():
                raise ValidationError(
                    "This password is easy to guess: it is made of words of this bank or person, well-known passwords, rows of keys or "
                    "repetitions. Several words that have nothing to do with each other are harder.",
                    code="password_of_house_words",
                )

    def get_help_text(self) -> str:
        return "Not made of the bank’s or your own name, well-known passwords or rows of keys."


class BreachedPasswordValidator:
    """Refuses what is in `BREACHED_PASSWORDS_FILE`: sorted lines of SHA-1 in hexadecimal, whole or their first characters, and `:count`."""

    def validate(self, password: str, user: Any = None) -> None:
        if not settings.BREACHED_PASSWORDS_FILE:
            return
        try:
            found = is_breached(password, Path(settings.BREACHED_PASSWORDS_FILE))
        except OSError as error:
            raise ValidationError("Passwords cannot be checked just now. Tell your administrator.", code="password_unchecked") from error
        if found:
            raise ValidationError(
                "This password was found in a breach of another service: attackers try it first.", code="password_breached"
            )

    def get_help_text(self) -> str:
        return "Not found in breaches of other services."


class LongestPasswordValidator:
    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(f"A password has up to {LONGEST:,} characters.", code="password_too_long")

    def get_help_text(self) -> str:
        return f"Up to {LONGEST:,} characters."


def is_breached(password: str, file: Path) -> bool:
    """Whether a file of hashes, sorted, holds this password's. Reads about 30 lines of it, however large it is. Raises OSError."""
    digest = sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as lines:
        low, high = 0, lines.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            start, line = _line_from(lines, middle)
            key = line.partition(b":")[0].strip().upper()
            if not line or start >= high or not key:
                high = middle
            elif digest.startswith(key):
                return True
            elif key < digest:
                low = start + len(line)
            else:
                high = middle
    return False


def _line_from(lines: IO[bytes], place: int) -> tuple[int, bytes]:
    """The first line that begins at `place` or behind it."""
    lines.seek(max(place - 1, 0))
    if place:
        lines.readline()
    start = lines.tell()
    return start, lines.readline()


def _readings(password: str) -> Iterator[str]:
    """As it stands, and as its figures and signs may stand for letters; without accents."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", password).casefold())
    text = "".join(character for character in text if not unicodedata.combining(character))
    yield text
    for table in _LEET:
        yield text.translate(table)
        # Figures at the end are a year or a counter and no letters.
        yield re.sub(r"[\W\d_]+$", "", text).translate(table)


def _without(text: str, words: Iterable[str]) -> str:
    """Without the words, also where something stands between their letters; what is left on both sides of one stays apart."""
    text = _without_walks(text)
    letters = "".join(character if character.isalpha() else "" for character in text)
    for word in words:
        letters = letters.replace(word, " ")
    return letters


def _without_padding(text: str) -> str:
    """Letters alone, runs of one letter as one, and of a repetition the piece that is repeated."""
    letters = re.sub(r"(.)\1{2,}", r"\1", "".join(filter(str.isalpha, text)))
    repeated = re.fullmatch(r"(.{1,12}?)\1+.{0,3}", letters)
    return repeated[1] if repeated else letters


def _without_walks(text: str) -> str:
    for row in _walks():
        if len(row) >= _WALK:
            text = text.replace(row, " ")
    return text


@lru_cache(maxsize=1)
def _walks() -> tuple[str, ...]:
    """Every row of at least four keys, either way, the longest first."""
    found = set()
    for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
        found |= {row[start:end] for start in range(len(row)) for end in range(start + _WALK, min(len(row), start + 16) + 1)}
    return tuple(sorted(found, key=len, reverse=True))


def _house() -> Iterator[str]:
    yield from _parts(settings.BANK_NAME)


def _of(user: Any) -> Iterator[str]:
    """What everybody at the bank knows of a person."""
    for field in ("username", "name", "first_name", "last_name", "email", "job_title", "branch_code"):
        yield from _parts(str(getattr(user, field, "") or ""))


def _parts(text: str) -> Iterator[str]:
    plain = next(_readings(text))
    pieces = [piece for piece in re.split(r"[^a-z]+", plain) if len(piece) >= 3]
    yield from pieces
    if len(pieces) > 1:
        yield "".join(pieces)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)
