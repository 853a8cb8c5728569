"""Who the customers are: persons and small businesses, their families, where they live and how to reach them."""

import unicodedata
from dataclasses import dataclass, field

import numpy as np

from .dice import Dice
from .merchants import COMPANY_FIRST, COMPANY_FORMS, COMPANY_SHOPS, COMPANY_TRADES
from .names import TRADITIONS, mix_of, surname_for
from .places import BRANCHES, STREETS, Branch
from .plan import GROUP, Plan

# Places within a group: who is whose partner, child or business. Those others depend on come first.
COUPLES = ((0, 1), (3, 4))
CHILDREN = ((2, 0), (5, 3))
OWNER, BUSINESS = 6, 7
# Who is easily taken for one person: twins, and a parent and grown-up child of one name, each at one address.
TWINS, NAMESAKES = (8, 9), (10, 11)
# The first groups are the documentation's, and stay as they are.
_FIRST_LOOKALIKE = 3 * GROUP

NOBODY = -1
_LETTERS_NO_CODE_USES = "BGJLMQSUZ"
_MAIL_HOSTS = ("mail.example", "post.example", "webmail.example", "inbox.example")
_PHONE_SPELLINGS = ("+353 88 {0} {1}", "088 {0}{1}", "088{0}{1}", "00353 88 {0}{1}", "(088) {0} {1}", "088-{0}-{1}")


_NOT_DECOMPOSED = str.maketrans("øØłŁđ", "oOlLd", "") | {ord("ß"): "ss", ord("æ"): "ae", ord("Æ"): "AE"}


def fold(text: str) -> str:
    """Without diacritics, as an old system's character set has it."""
    plain = text.translate(_NOT_DECOMPOSED)
    return "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))


def numbered(index: int, *, start: int, step: int, size: int) -> int:
    """A number below `size` that looks arbitrary and is unique per index (`step` shares no factor with `size`)."""
    return (start + index * step) % size


@dataclass
class People:
    """One block of customers; arrays have a place per customer, references are places within the block or NOBODY.

    Ages are in days before `as_of`.
    """

    plan: Plan
    dice: Dice
    index: np.ndarray
    is_business: np.ndarray
    is_child: np.ndarray
    partner: np.ndarray
    leads: np.ndarray
    guardian: np.ndarray
    business: np.ndarray
    lookalike: np.ndarray
    branch: np.ndarray
    woman: np.ndarray
    age_days: np.ndarray
    since_days: np.ndarray
    keeps_shop: np.ndarray
    company: list[str]
    tradition: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    maiden: list[str] = field(default_factory=list)
    phone: list[str] = field(default_factory=list)
    email: list[str] = field(default_factory=list)
    street: list[str] = field(default_factory=list)
    postcode: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.index)

    @property
    def is_adult(self) -> np.ndarray:
        return ~self.is_business & ~self.is_child

    @property
    def age(self) -> np.ndarray:
        return self.age_days // 365.25

    def customer_no(self, row: int) -> str:
        return str(10_000_000 + numbered(int(self.index[row]), start=10_488_137, step=61_803_397, size=90_000_000))

    def national_id(self, row: int) -> str:
        """One digit longer than any real personal number, so that it is nobody's; a company has its registration number."""
        if self.is_business[row]:
            return self.company_number(row)
        number = numbered(int(self.index[row]), start=31_415_926, step=27_182_819, size=100_000_000)
        return f"{number:08d}{'ABCDEFGHIJKLMNOPQRSTUVW'[number % 23]}"

    def company_number(self, row: int) -> str:
        return f"CRO{numbered(int(self.index[row]), start=612_345, step=7_654_321, size=10_000_000):07d}"

    def name(self, row: int) -> str:
        return self.company[row] or f"{self.first[row]} {self.last[row]}"

    def rename(self, row: int, *, first: str, last: str, maiden: str = "") -> None:
        self.first[row], self.last[row], self.maiden[row] = first, last, maiden
        self.email[row] = _email(first, last, "", row)

    def branch_of(self, row: int) -> Branch:
        return BRANCHES[self.branch[row]]


def draw_people(plan: Plan, indexes: range) -> People:
    """Draw one block; the same index is the same person in a bank of any size."""
    index = np.arange(indexes.start, indexes.stop)
    dice = Dice(plan.seed, index)
    slot = index % GROUP
    row_of = {int(number): row for row, number in enumerate(index)}
    n = len(index)

    partner, guardian, business, lookalike = (np.full(n, NOBODY) for _ in range(4))
    is_child = np.zeros(n, dtype=bool)
    leads = np.ones(n, dtype=bool)
    has_child = dice.chance("has child", 0.75)
    has_lookalike = dice.chance("has lookalike", 0.5)
    for row in range(n):
        for one, two in COUPLES:
            other = row_of.get(int(index[row]) - one + two)
            if slot[row] == one and other is not None:
                partner[row], partner[other], leads[other] = other, row, False
        for child, parent in CHILDREN:
            if slot[row] == child and has_child[row]:
                is_child[row], guardian[row] = True, row - child + parent
        if slot[row] == BUSINESS:
            business[row - BUSINESS + OWNER] = row
        for one, two in (TWINS, NAMESAKES):
            if slot[row] == two and index[row] >= _FIRST_LOOKALIKE and has_lookalike[row]:
                lookalike[row] = row - two + one
    is_business = slot == BUSINESS

    # A family banks at one branch: the draw is the first member's.
    family = np.where(partner != NOBODY, np.minimum(np.arange(n), partner), np.arange(n))
    family = np.where(is_child, guardian, family)
    family = np.where(is_business, np.arange(n) - BUSINESS + OWNER, family)
    family = np.where(lookalike != NOBODY, lookalike, family)
    branch = dice.pick("branch", np.array([branch.weight for branch in BRANCHES]))[family]

    years = dice.between("age", 19, 62) + np.where(dice.chance("older", 0.16), dice.between("older by", 12, 30), 0)
    years = np.where(partner != NOBODY, 27 + (dice.between("age", 19, 62)[family] - 19) * 0.65 + dice.between("age apart", -3, 3), years)
    years = np.where(slot == OWNER, dice.between("age", 26, 64), years)
    years = np.where(is_child, dice.between("age", 7, 17.6), years)
    named_after = (lookalike != NOBODY) & (slot == NAMESAKES[1])
    has_namesake = np.isin(np.arange(n), lookalike[named_after])
    years = np.where(has_namesake, 50 + years * 0.3, years)
    years = np.where(named_after, years[family] - 29, years)
    age_days = (years * 365.25).astype(np.int64)
    age_days = np.where((lookalike != NOBODY) & (slot == TWINS[1]), age_days[family], age_days)
    since = np.minimum(dice.between("since", 1, 22) * 365.25, np.where(is_business, 9 * 365.25, age_days * 0.7)).astype(np.int64)
    woman = dice.chance("woman", 0.505)
    # Most couples of this bank are a woman and a man; the second follows the first's draw.
    woman = np.where((partner != NOBODY) & ~leads & dice.chance("woman and man", 0.93), ~woman[partner], woman)
    woman = np.where(named_after, woman[family], woman)

    people = People(
        plan=plan,
        dice=dice,
        index=index,
        is_business=is_business,
        is_child=is_child,
        partner=partner,
        leads=leads,
        guardian=guardian,
        business=business,
        lookalike=lookalike,
        branch=branch,
        woman=woman,
        age_days=age_days,
        since_days=np.maximum(since, 60),
        keeps_shop=dice.chance("keeps a shop", 0.55),
        company=[""] * n,
    )
    _name(people, family)
    _reach(people, family)
    return people


def _name(people: People, family: np.ndarray) -> None:
    """Names by the branch's mix of traditions; couples and children share surnames in the ways families do."""
    dice, n = people.dice, len(people)

    def surname_of(row: int, tradition: str, *, woman: bool) -> str:
        return _surname(tradition, float(second_draw[row]), float(third_draw[row]), woman=woman)

    mixes = [mix_of(branch.tradition) for branch in BRANCHES]
    which = dice.uniform("tradition")
    first_draw, second_draw, third_draw = dice.uniform("first name"), dice.uniform("surname"), dice.uniform("second surname")
    marriage, maiden_kept = dice.uniform("marriage name"), dice.uniform("maiden name")
    for row in range(n):
        mix = mixes[people.branch[row]]
        edges = np.cumsum(list(mix.values()))
        own = list(mix)[int(np.searchsorted(edges, which[row] * edges[-1], side="right"))]
        lead = int(family[row])
        lookalike = people.lookalike[row] != NOBODY
        if people.is_child[row] or lookalike or (lead != row and marriage[row] < 0.7):
            own = people.tradition[lead]
        tradition, woman = TRADITIONS[own], bool(people.woman[row])
        given = tradition.women if woman else tradition.men
        first = given[int(first_draw[row] * len(given))]
        if lookalike:
            first = _first_of_lookalike(people, row, given, first)
        surname = surname_of(lead if lookalike else row, own, woman=woman)
        maiden = ""
        if people.is_child[row] and not tradition.two_surnames:
            surname = surname_of(lead, own, woman=woman)
        elif woman and people.partner[row] != NOBODY and lead != row and marriage[row] < 0.7:
            shared = surname_of(lead, people.tradition[lead], woman=woman)
            maiden, surname = surname, shared
            if maiden_kept[row] < 0.25 and " " not in maiden + shared and "-" not in maiden + shared:
                surname = f"{maiden}-{shared}"
        elif woman and people.age[row] > 30 and people.is_adult[row] and _alone(people, row) and maiden_kept[row] < 0.2:
            maiden = _surname(own, third_draw[row], second_draw[row], woman=True)
        people.tradition.append(own)
        people.first.append(first)
        people.last.append(surname)
        people.maiden.append("" if maiden == surname else maiden)
    for business in np.flatnonzero(people.is_business):
        people.company[business] = _company(people, int(business))


def _alone(people: People, row: int) -> bool:
    return people.partner[row] == NOBODY and people.lookalike[row] == NOBODY


def _first_of_lookalike(people: People, row: int, given: tuple[str, ...], drawn: str) -> str:
    """A child named after the parent bears the same name, a twin never does."""
    other = people.first[people.lookalike[row]]
    if people.index[row] % GROUP == NAMESAKES[1]:
        return other
    return drawn if drawn != other else given[(given.index(drawn) + 1) % len(given)]


def _surname(tradition_name: str, draw: float, second_draw: float, *, woman: bool) -> str:
    tradition = TRADITIONS[tradition_name]
    surname = surname_for(tradition.surnames[int(draw * len(tradition.surnames))], woman=woman)
    if tradition.two_surnames:
        other = surname_for(tradition.surnames[int(second_draw * len(tradition.surnames))], woman=woman)
        if other != surname:
            return f"{surname} {other}"
    return surname


def _company(people: People, row: int) -> str:
    draw = people.dice.of(np.array([row])).uniform("company", 4)[0]
    kinds = COMPANY_SHOPS if people.keeps_shop[row] else COMPANY_TRADES
    first = COMPANY_FIRST[int(draw[0] * len(COMPANY_FIRST))]
    kind = kinds[int(draw[1] * len(kinds))]
    owner = people.last[row - BUSINESS + OWNER]
    name = f"{owner} {kind}" if draw[2] < 0.35 else f"{first} {kind}"
    return f"{name} {COMPANY_FORMS[int(draw[3] * len(COMPANY_FORMS))]}"


def _email(first: str, last: str, number: str, row: int) -> str:
    host = _MAIL_HOSTS[(len(first) + 3 * len(last) + row) % len(_MAIL_HOSTS)]
    local = "".join(letter for letter in fold(f"{first}.{last}").lower().replace(" ", ".") if letter.isalnum() or letter in ".-")
    return f"{local}{number}@{host}"


def _reach(people: People, family: np.ndarray) -> None:
    dice = people.dice
    phones, spelling = dice.whole("phone", 0, 9_999_999), dice.pick("phone spelling", np.array([40, 20, 18, 8, 7, 7]))
    no_phone, no_email = dice.chance("no phone", 0.04), dice.chance("no email", 0.06)
    house, street, code = dice.whole("house", 1, 98), dice.uniform("street"), dice.uniform("postcode", 6)
    for row in range(len(people)):
        home = int(family[row])
        branch = BRANCHES[people.branch[row]]
        phone = f"{phones[row]:07d}"
        people.phone.append("" if no_phone[row] else _PHONE_SPELLINGS[spelling[row]].format(phone[:3], phone[3:]))
        if no_email[row] or (people.is_child[row] and people.age[row] < 13):
            people.email.append("")
        elif people.company[row]:
            people.email.append(f"hello{people.index[row]}@{_slug(people.company[row])}.example")
        else:
            people.email.append(_email(people.first[row], people.last[row], str(people.index[row]), row))
        streets = STREETS[branch.tradition]
        name = streets[int(street[home] * len(streets))]
        irish = branch.tradition == "irish"
        people.street.append(f"{house[home]} {name}" if irish else f"{name} {house[home]}")
        people.postcode.append(_postcode(branch.postcode, code[home]))


def _slug(name: str) -> str:
    return "".join(letter for letter in fold(name).lower() if letter.isalnum())


def _postcode(pattern: str, draws: np.ndarray) -> str:
    draw = iter(draws)
    pieces = {"#": "0123456789", "?": _LETTERS_NO_CODE_USES}
    return "".join(pieces[sign][int(next(draw) * len(pieces[sign]))] if sign in pieces else sign for sign in pattern)
