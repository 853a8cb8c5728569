"""Spellings made comparable: what is stored beside a name or phone number, and what a search for it becomes."""

import re
import unicodedata

from django.conf import settings

# Letters that Unicode doesn't decompose into a plain letter and a mark.
_WHOLE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "'": "", "’": "", "ʼ": "", "`": ""}
)
_NOT_A_LETTER = re.compile(r"[\W_]+")
_NOT_A_DIGIT = re.compile(r"[^0-9]")


def fold(name: str) -> str:
    """Lower case, without diacritics or punctuation, words apart by one space: "Seán O'Brien-Łoś" → "sean obrien los"."""
    plain = name.casefold().translate(_WHOLE_LETTERS)
    if not plain.isascii():
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return _NOT_A_LETTER.sub(" ", plain).strip()


def name_key(name: str) -> str:
    """The words of a name in alphabetical order, so that "MARCHETTI INES" and "Inès Marchetti" are the same."""
    return " ".join(sorted(fold(name).split()))


def phone_digits(phone: str) -> str:
    """International digits without a plus: "+353 (0)87 123 4567", "00353871234567" and "087 123 4567" → "353871234567"."""
    text = phone.replace("(0)", "").strip()
    digits = _NOT_A_DIGIT.sub("", text)
    if text.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    return settings.BANK_CALLING_CODE + digits[1:] if digits.startswith("0") else digits
