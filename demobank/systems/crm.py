"""The CRM: clients as clerks typed them, families and owners, what they agreed to, when they were in touch."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from .. import cast
from ..block import Block
from ..people import NOBODY, People, numbered
from ..spelling import mistyped_date, pet_name
from .core import Row, birth_date

STAFF = ("Siobhán Keane", "Cian Lally", "Jonas Brandt", "Aoife Brennan", "Ruairí Daly", "Maeve Costello")
FULL_AGE, OLD = 18, 72  # years
_CHANNELS = ("app", "web", "phone", "branch", "email", "letter")
_CONTACTS = (
    ("phone", "call", "Asked how to raise the daily card limit; shown in the app."),
    ("phone", "call", "Asked why a card payment was declined; wrong PIN three times."),
    ("phone", "call", "Reported a card lost, found it during the call."),
    ("branch", "visit", "Brought proof of address."),
    ("branch", "visit", "Paid in coins of a children's collection."),
    ("branch", "visit", "Asked about the conditions of a fixed-term saver."),
    ("app", "message", "Asked for a statement of the last year for the accountant."),
    ("app", "message", "Asked when a transfer from abroad will arrive."),
    ("email", "message", "Asked to write to the new e-mail address."),
    ("web", "message", "Asked for the fees of an account abroad."),
    ("letter", "message", "Sent a change of address by post."),
    ("phone", "call", "Thanked for help with a mistaken transfer; money is back."),
)

# (given, days before as_of), oldest first; empty is "never asked".
Answers = tuple[tuple[bool, int], ...]


@dataclass(frozen=True)
class Clients:
    """CRM identity of a block: arrays and lists per customer; a second record is a client of its own."""

    number: list[str]
    without_customer_no: np.ndarray
    has_second: np.ndarray
    second: list[str]
    swapped_birth_date: np.ndarray


def clients_of(people: People) -> Clients:
    dice = people.dice
    alone = people.is_adult & (people.index >= len(cast.CAST))
    has_second = alone & dice.chance("second client record", 0.012)
    has_second |= people.index == cast.MAIRE
    return Clients(
        number=[client_id(people, row, 0) for row in range(len(people))],
        without_customer_no=alone & ~has_second & dice.chance("no customer number", 0.022),
        has_second=has_second,
        second=[client_id(people, row, 1) for row in range(len(people))],
        swapped_birth_date=alone & dice.chance("birth date swapped", 0.006),
    )


def client_id(people: People, row: int, record: int) -> str:
    return f"CL{numbered(int(people.index[row]) * 2 + record, start=1_048_576, step=7_368_787, size=10_000_000):07d}"


def client_rows(block: Block) -> Iterator[Row]:
    people, names, clients = block.people, block.spellings, clients_of(block.people)
    seconds = people.dice.whole("hour", 8 * 3600, 18 * 3600)
    for row in range(len(people)):
        branch = people.branch_of(row)
        company = people.company[row]
        born = "" if company else birth_date(block, row)
        typed = mistyped_date(born) if clients.swapped_birth_date[row] else born
        customer_no = "" if clients.without_customer_no[row] else people.customer_no(row)
        created = _moment(block, int(people.since_days[row]) - 1, int(seconds[row]))
        language = "en" if people.index[row] % 3 else branch.language
        where = (people.street[row], branch.town, people.postcode[row], language, branch.code)
        yield (
            clients.number[row],
            customer_no,
            *names[row].crm,
            company,
            people.company_number(row) if company else "",
            typed,
            people.phone[row],
            people.email[row],
            *where,
            created,
        )
        if clients.has_second[row]:
            # Typed in once more at a fair or on the phone: another number, no link to the ledger.
            later = _moment(block, int(people.since_days[row]) // 3, int(seconds[row]))
            yield clients.second[row], "", *_typed_again(block, row, born), later


def _typed_again(block: Block, row: int, born: str) -> Row:
    """What a second record says of somebody: with an old phone, before a move, by a pet name, with a slip in the birth date."""
    people, (first, last) = block.people, block.spellings[row].crm_again
    branch = people.branch_of(row)
    phone, street, postcode = people.phone[row], people.street[row], people.postcode[row]
    how = int(people.index[row]) // 7 % 4 if people.index[row] >= len(cast.CAST) else 0
    match how:
        case 0:
            phone = phone[:-4] + "7000" if phone else ""
        case 1:
            other = (row + 1) % len(people)
            street, postcode = people.street[other], people.postcode[other]
        case 2:
            first = pet_name(first)
        case _:
            born = mistyped_date(born)
    language = "en" if people.index[row] % 3 else branch.language
    return first, last, "", "", born, phone, "", street, branch.town, postcode, language, branch.code


def relationship_rows(block: Block) -> Iterator[Row]:
    people, clients = block.people, clients_of(block.people)
    # Some of the old ones have given a power of attorney to somebody of their town.
    represented = people.is_adult & (people.age > OLD) & people.dice.chance("power of attorney", 0.3)
    represented[0] = False
    represented[1:] &= people.is_adult[:-1] & (people.branch[1:] == people.branch[:-1])
    represented_for = people.dice.whole("power of attorney for", 60, 2_000)
    for row in range(len(people)):
        if people.guardian[row] != NOBODY:
            guardian = int(people.guardian[row])
            # Until the day before the child is of age.
            of_age = _birthday(block, row, FULL_AGE) - timedelta(days=1)
            yield clients.number[guardian], clients.number[row], "guardian_of", "", of_age.isoformat()
            if people.partner[guardian] != NOBODY:
                yield clients.number[int(people.partner[guardian])], clients.number[row], "guardian_of", "", of_age.isoformat()
        if people.business[row] != NOBODY:
            yield clients.number[row], clients.number[int(people.business[row])], "owner_of", "", ""
        if represented[row]:
            since = block.plan.as_of - timedelta(days=int(represented_for[row]))
            yield clients.number[row - 1], clients.number[row], "attorney_of", since.isoformat(), ""


def _birthday(block: Block, row: int, years: int) -> date:
    born = date.fromisoformat(birth_date(block, row))
    return born.replace(year=born.year + years) if (born.month, born.day) != (2, 29) else date(born.year + years, 3, 1)


def consents_of(block: Block) -> list[dict[str, Answers]]:
    """Per customer: what was said to each purpose ever asked about."""
    people = block.people
    insight, marketing = people.dice.uniform("consent insight"), people.dice.uniform("consent marketing")
    first_asked = np.maximum(people.since_days * people.dice.between("consent day", 0.1, 0.7), 12).astype(np.int64).tolist()
    answers: list[dict[str, Answers]] = []
    for row in range(len(people)):
        first = first_asked[row]
        second = max(first // 3, 4)
        said: dict[str, Answers] = {}
        if not people.is_child[row]:
            said = {
                "payment_insight": _answers(insight[row], first, second),
                "marketing": _answers((marketing[row] + 0.33) % 1, first, second),
            }
        if cast.in_first_block(people):
            said |= _CAST_CONSENTS.get(row, {})
        answers.append({purpose: given for purpose, given in said.items() if given})
    return answers


def _answers(draw: float, first: int, second: int) -> Answers:
    if draw < 0.63:
        return ((True, first),)
    if draw < 0.71:
        return ((True, first), (False, second))
    if draw < 0.73:
        return ((True, first), (False, first // 2 + 2), (True, second - 1))
    if draw < 0.80:
        return ((False, first),)
    return ()


_YES: Answers = ((True, 410),)
_NEVER_ASKED: Answers = ()
_CAST_CONSENTS: dict[int, dict[str, Answers]] = {
    role.place: {"payment_insight": _YES} for role in cast.CAST if role.place != cast.SAOIRSE
} | {
    cast.INES: {"payment_insight": _YES, "marketing": ((False, 410),)},
    cast.HENRIK: {"payment_insight": _NEVER_ASKED},
    cast.JEAN: {"payment_insight": ((True, 410), (False, 24))},
}


def consent_rows(block: Block) -> Iterator[Row]:
    clients, seconds = clients_of(block.people), block.people.dice.whole("consent hour", 8 * 3600, 20 * 3600)
    channels = block.people.dice.pick("consent channel", np.array([50, 18, 12, 15, 3, 2]))
    for row, said in enumerate(consents_of(block)):
        for purpose, answers in said.items():
            for number, (given, days) in enumerate(answers):
                key = f"CN{clients.number[row][2:]}{purpose[0].upper()}{number}"
                moment = _moment(block, days, int(seconds[row]) + 60 * (purpose == "marketing"))
                channel = _CHANNELS[(channels[row] + number) % len(_CHANNELS)]
                yield key, clients.number[row], purpose, "yes" if given else "no", channel, moment


def contact_rows(block: Block) -> Iterator[Row]:
    people, plan, clients = block.people, block.plan, clients_of(block.people)
    draws = people.dice.uniform("contact", 3, 4)
    for row in range(len(people)):
        number = 0
        named = _CAST_CONTACTS.get(row, ()) if cast.in_first_block(people) else ()
        for days, seconds, channel, kind, summary, staff in named:
            yield f"CT{clients.number[row][2:]}{number}", clients.number[row], _moment(block, days, seconds), channel, kind, summary, staff
            number += 1
        for happens, which, when, hour in draws[row]:
            if named or happens > 0.28:
                continue
            channel, kind, summary = _CONTACTS[int(which * len(_CONTACTS))]
            moment = _moment(block, 1 + int(when * (plan.today - 1)), 8 * 3600 + int(hour * 11 * 3600))
            yield (
                f"CT{clients.number[row][2:]}{number}",
                clients.number[row],
                moment,
                channel,
                kind,
                summary,
                STAFF[int(hour * 997) % len(STAFF)],
            )
            number += 1


_HARD_OF_HEARING = "Hard of hearing: speak slowly, offer text. Prefers English, by phone or app."
_CAST_CONTACTS: dict[int, tuple[tuple[int, int, str, str, str, str], ...]] = {
    cast.INES: (
        (204, 39_660, "branch", "visit", _HARD_OF_HEARING, "Siobhán Keane"),
        (
            11,
            36_240,
            "phone",
            "call",
            "Called about the Velo Rentals charge of €148; dispute opened. Calm, wants it sorted soon.",
            "Aoife Brennan",
        ),
        (3, 55_080, "app", "message", "Uploaded proof of address.", "Siobhán Keane"),
    ),
    cast.DECLAN: ((9, 51_300, "phone", "call", "Asked whether a missed instalment can wait until pay day.", "Jonas Brandt"),),
    cast.NUALA: ((26, 37_800, "branch", "visit", "Asked about a card reader for the café's terrace.", "Siobhán Keane"),),
    cast.RAJESH: ((2, 62_100, "app", "message", "Asked which papers a loan application needs.", "Cian Lally"),),
}


def _moment(block: Block, days_ago: int, second_of_day: int) -> str:
    """ISO 8601 in UTC, so many days before the plan's day."""
    day = block.plan.as_of - timedelta(days=days_ago)
    return (datetime.combine(day, time(), UTC) + timedelta(seconds=second_of_day)).isoformat()
