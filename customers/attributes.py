"""The attributes of a party: how each is compared, what it must look like, and which of them can be stated one by one."""

import re
from datetime import date

from .models import MaskedField, PartyFact
from .spelling import fold, phone_digits

Attribute = PartyFact.Attribute

PHONES = (Attribute.PHONE, Attribute.PHONE_MOBILE, Attribute.PHONE_HOME, Attribute.PHONE_WORK)
EMAILS = (Attribute.EMAIL, Attribute.EMAIL_HOME, Attribute.EMAIL_WORK)
DAYS = (Attribute.BIRTH_DATE, Attribute.CUSTOMER_SINCE, Attribute.DECEASED)
COUNTRIES = (Attribute.NATIONALITY, Attribute.TAX_RESIDENCE)
# What is told of a customer beside what every page shows, in this order.
DETAILS = (
    Attribute.FORMER_NAME,
    Attribute.LEGAL_FORM,
    Attribute.COMPANY_NUMBER,
    Attribute.PHONE_MOBILE,
    Attribute.PHONE_HOME,
    Attribute.PHONE_WORK,
    Attribute.EMAIL_HOME,
    Attribute.EMAIL_WORK,
    Attribute.OCCUPATION,
    Attribute.EMPLOYER,
    Attribute.NATIONALITY,
    Attribute.TAX_RESIDENCE,
)
# What a customer is opened with is said by whoever opens them, all of it together.
OPENED_WITH = (Attribute.KIND, Attribute.HOME_BRANCH, Attribute.CUSTOMER_SINCE)
STATED_ALONE = tuple(one for one in Attribute if one not in OPENED_WITH)
STATED_BY_CUSTOMERS = tuple(one for one in STATED_ALONE if one != Attribute.DECEASED)


def masked_as(attribute: str) -> str:
    """The field of the masking rules that covers this attribute; empty if none does. Nationality is as telling as a national number."""
    if attribute in PHONES:
        return MaskedField.PHONE
    if attribute in EMAILS:
        return MaskedField.EMAIL
    if attribute in COUNTRIES:
        return MaskedField.NATIONAL_ID
    return attribute if attribute in MaskedField else ""


def normalised(attribute: str, value: str) -> str:
    """What search and comparison go by: the digits of a phone, lower case of an e-mail, a name without diacritics."""
    if attribute in PHONES:
        return phone_digits(value)
    if attribute in EMAILS or attribute == Attribute.LANGUAGE:
        return value.lower()
    if attribute in COUNTRIES or attribute == Attribute.COMPANY_NUMBER:
        return value.upper()
    if attribute in DAYS or attribute in OPENED_WITH:
        return value
    return fold(value)


_PHONE = re.compile(r"\+?[0-9(][0-9 ()./-]{3,30}[0-9]", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"']{1,64}@[^\s@<>()\[\]\\,;:\"'&/]{1,190}\.[^\s@<>()\[\]\\,;:\"'&/.]{2,63}")
_NO_WORDS = re.compile(r"[<>{}\[\]\\|^`\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LONGEST_WORD = 200


def objection_to_word(attribute: str, value: str) -> str:
    """What is wrong with what somebody says of a customer, as a sentence; empty if it can be stated.

    Stricter than what a source may send: a person can be asked again, and what is stated is passed on to every system.
    """
    if wrong := objection(attribute, value):
        return wrong
    if attribute in PHONES and not _PHONE.fullmatch(value):
        return "A phone number has 5 to 32 digits, blanks and + ( ) . / -, such as +353 86 111 2233."
    if attribute in EMAILS and not _EMAIL.fullmatch(value):
        return "An e-mail address looks like ines@example.org, without blanks, brackets and quotes."
    if len(value) > LONGEST_WORD:
        return f"That is longer than {LONGEST_WORD} characters."
    if _NO_WORDS.search(value):
        return "Write it in letters, digits and the usual punctuation, without < > { } [ ] and the like."
    return ""


def objection(attribute: str, value: str) -> str:
    """What is wrong with a value, as a sentence for who wrote it; empty if it can be stated."""
    if not value:
        return "There is no value."
    if attribute in DAYS:
        try:
            date.fromisoformat(value)
        except ValueError:
            return f"“{value}” is not a date; write it like 2026-11-23."
    if attribute in EMAILS and not all(value.partition("@")):
        return f"“{value}” is not an e-mail address."
    if attribute in PHONES and not any(map(str.isdigit, value)):
        return f"“{value}” is not a phone number."
    if attribute in COUNTRIES and not (len(value) == 2 and value.isascii() and value.isalpha()):
        return f"“{value}” is not a country; write its two letters (ISO 3166-1), like IE."
    return ""
