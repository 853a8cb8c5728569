"""People as a bank's files describe them, with who is who: made up, each time the same for the same numbers.

A person has one record or several, each written down by somebody else: typing, hearing and reading errors, swapped fields, what was left
out, a new address or surname. People live in households that share an address and mostly a surname; some are twins, some fathers and
sons of one name. Surnames, given names and streets are as unequally common as real ones.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

FIELDS = (
    "given_name",
    "surname",
    "date_of_birth",
    "soc_sec_id",
    "street_number",
    "address_1",
    "address_2",
    "suburb",
    "postcode",
    "phone",
    "email",
)


def _words(text: str) -> list[str]:
    return text.split()


_GIVEN = _words(
    "james mary michael patricia john jennifer robert linda david elizabeth william barbara richard susan joseph jessica thomas sarah"
    " christopher karen daniel lisa matthew nancy anthony sandra mark ashley steven emily paul kimberly andrew donna joshua michelle"
    " kenneth carol kevin amanda brian melissa george deborah timothy stephanie ronald rebecca jason laura edward helen jeffrey sharon"
    " ryan cynthia jacob amy nicholas kathleen gary angela eric shirley jonathan emma stephen anna larry brenda justin pamela scott"
    " nicole brandon samantha benjamin katherine samuel christine gregory ruth alexander olivia patrick virginia frank rachel raymond"
    " heather jack diane dennis julie jerry joyce tyler victoria aaron kelly jose christina adam joan nathan evelyn henry lauren zachary"
    " judith douglas megan peter alice kyle ann noah jean ethan doris jeremy jacqueline walter kathryn keith hannah austin grace roger"
    " gloria terry teresa sean sara gerald janice carl marie dylan julia harold grace jordan judy jesse theresa bryan rose lawrence"
    " beverly arthur denise gabriel marilyn bruce amber logan danielle billy brittany joe diana alan jane juan lori elijah mia willie"
    " alexis albert tiffany wayne natalie randy kayla mason isabella vincent charlotte liam ella roy bobby caleb siobhan bradley aoife"
    " russell niamh lucas ciara oscar orla declan roisin fergal maeve tomasz zofia mateusz malgorzata pawel agnieszka piotr katarzyna"
)
_PARTS = _words(
    "al an ar bar ben ber bor bra bur cal car col con cor cul dan del dol don dun el fal fer fin gal gar gil gor hal han har hil hol"
    " jen kel ken kin lam lan lar lin lo mac mal man mar mil mor mul nal nor o pal par pen per qui ral ran rin rol ros ru sal san sel"
    " shan sil sor sul tal tan tor tul ul val van ver vin wal war wel wil wood yar"
)
_ENDS = _words("ley ton by man son ey ow ett er in ard ham well field worth ane agh igan elly oran ski ova ez")
_ROADS = _words("street road avenue place close drive terrace crescent way court")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NEAR = {"a": "sq", "e": "wr", "i": "uo", "o": "ip", "n": "mb", "m": "n", "s": "ad", "t": "ry", "r": "et", "l": "k", "c": "xv", "d": "sf"}
_SOUNDS = (("ph", "f"), ("ck", "k"), ("ie", "y"), ("ll", "l"), ("ou", "u"), ("sh", "ch"), ("ee", "ea"), ("c", "k"), ("s", "z"), ("y", "i"))
_LOOKS = (("m", "rn"), ("l", "1"), ("o", "0"), ("g", "q"), ("d", "cl"), ("5", "s"), ("w", "vv"))

Record = dict[str, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a set is like.

    `most`: records a person has at most; `several`: share of the persons with more than one; `errors`: the most in one copy (1 to that
    many); `contacts`: phone and e-mail are stated, too; `households`: share of the persons who live with the one before.
    """

    most: int = 6
    several: float = 0.5
    errors: int = 10
    contacts: bool = False
    households: float = 0.35


class _Vocabulary:
    """Words and how common each is: the n-th is about 1/n as common as the first."""

    def __init__(self, words: Sequence[str], *, flat: float) -> None:
        self._words = words
        self._weights = list(accumulate(1 / (rank + flat) for rank in range(1, len(words) + 1)))

    def draw(self, dice: random.Random) -> str:
        return dice.choices(self._words, cum_weights=self._weights)[0]


def _made_up(dice: random.Random, count: int, ends: Sequence[str]) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(dice.choices(_PARTS, k=dice.choice((1, 1, 2)))) + dice.choice(ends)] = None
    return list(words)


def people(records: int, *, seed: int, shape: Shape) -> Iterator[tuple[int, Record]]:
    """`records` records with the number of their person; a person's come one after the other."""
    dice = random.Random(seed)
    surnames = _Vocabulary(_made_up(dice, max(min(records // 12, 20_000), 1_000), _ENDS), flat=15)
    given = _Vocabulary(_GIVEN, flat=15)
    streets = _Vocabulary(
        _made_up(dice, max(min(records // 25, 6_000), 600), [f"{end} {road}" for end in ("", *_ENDS[:12]) for road in _ROADS]), flat=40
    )
    houses = _Vocabulary(
        _made_up(dice, max(min(records // 25, 6_000), 600), [" lodge", " park", " view", "", " estate", " villas"]), flat=40
    )
    towns = _Vocabulary(_made_up(dice, max(min(records // 20, 1_500), 60), _ENDS), flat=20)
    postcodes: dict[str, list[str]] = {}
    written, person = 0, 0
    one: Record = {}
    while written < records:
        one = (
            _housemate(dice, one, given)
            if one and dice.random() < shape.households
            else _person(dice, given, surnames, streets, houses, towns, postcodes)
        )
        if not shape.contacts:
            one |= {"phone": "", "email": ""}
        copies = dice.randint(1, shape.most - 1) if dice.random() < shape.several else 0
        for record in (one, *(_copy(dice, one, shape.errors, surnames, streets) for _ in range(copies))):
            if written == records:
                return
            yield person, record
            written += 1
        person += 1


def _person(
    dice: random.Random,
    given: _Vocabulary,
    surnames: _Vocabulary,
    streets: _Vocabulary,
    houses: _Vocabulary,
    towns: _Vocabulary,
    postcodes: dict[str, list[str]],
) -> Record:
    town = towns.draw(dice)
    codes = postcodes.setdefault(town, [str(dice.randint(1000, 9999)) for _ in range(dice.randint(1, 6))])
    record = {
        "street_number": str(dice.randint(1, 250)),
        "address_1": streets.draw(dice),
        "address_2": houses.draw(dice) if dice.random() < 0.4 else "",
        "suburb": town,
        "postcode": dice.choice(codes),
        "surname": surnames.draw(dice),
    }
    return record | _self(dice, given.draw(dice), record["surname"])


def _self(dice: random.Random, given: str, surname: str) -> Record:
    number = str(dice.randint(10_000_000, 999_999_999))
    return {
        "given_name": given,
        "date_of_birth": f"{dice.randint(1930, 2006)}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}",
        "soc_sec_id": str(dice.randint(1_000_000, 9_999_999)) if dice.random() < 0.95 else "",
        "phone": number if dice.random() < 0.85 else "",
        "email": f"{given}.{surname}{dice.randint(1, 9999)}@example.org" if dice.random() < 0.7 else "",
    }


def _housemate(dice: random.Random, one: Record, given: _Vocabulary) -> Record:
    """Somebody at the same address: of the same surname mostly, sometimes a twin, sometimes a child of the same name."""
    other = one | _self(dice, given.draw(dice), one["surname"])
    kind = dice.random()
    if kind < 0.04:
        other["date_of_birth"] = one["date_of_birth"]
    elif kind < 0.06:
        other["given_name"] = one["given_name"]
    elif kind < 0.25:
        other["surname"] = other["surname"][::-1]
    if dice.random() < 0.3:
        other["phone"] = one["phone"]
    return other


def _copy(dice: random.Random, one: Record, most: int, surnames: _Vocabulary, streets: _Vocabulary) -> Record:
    """The same person written down again, with 1 to `most` errors, at most two of them in one field."""
    record = dict(one)
    touched: dict[str, int] = {}
    for _ in range(dice.randint(1, most)):
        kind = dice.random()
        if kind < 0.03:
            record["given_name"], record["surname"] = record["surname"], record["given_name"]
            continue
        if kind < 0.06:
            record["address_1"], record["address_2"] = record["address_2"], record["address_1"]
            continue
        if kind < 0.07:
            record["surname"] = surnames.draw(dice)
            continue
        if kind < 0.09:
            record |= {"address_1": streets.draw(dice), "street_number": str(dice.randint(1, 250))}
            continue
        field = dice.choice(FIELDS)
        if not record[field] or touched.get(field, 0) == 2:
            continue
        touched[field] = touched.get(field, 0) + 1
        record[field] = "" if dice.random() < 0.12 else _mistyped(dice, record[field], digits=record[field].isdigit())
    return record


def _mistyped(dice: random.Random, text: str, *, digits: bool) -> str:
    place = dice.randrange(len(text))
    sign = dice.choice("0123456789") if digits else dice.choice(_NEAR.get(text[place], _LETTERS))
    match dice.randrange(7):
        case 0:
            return text[:place] + sign + text[place:]
        case 1:
            return text[:place] + text[place + 1 :]
        case 2 | 3:
            return text[:place] + sign + text[place + 1 :]
        case 4:
            return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
        case 5 if not digits:
            return _heard(dice, text)
        case _:
            return text.replace(" ", "", 1) if " " in text else text[:place] + sign + text[place + 1 :]


def _heard(dice: random.Random, text: str) -> str:
    for before, after in dice.sample(_SOUNDS + _LOOKS, k=6):
        if before in text:
            return text.replace(before, after, 1)
    return text
