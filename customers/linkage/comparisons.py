"""What is compared of two records, and how well it may agree: from best to worst, each with its words for staff.

The conditions are DuckDB SQL over columns of both records (`_l`, `_r`); splink learns from them, `scoring` evaluates them. What is
not stated is NULL there. `m` is how often two records of one person agree like this, `u` how often those of two strangers do: first
guesses, which training replaces. `h` is how often those of two people of one household do, where it can't be told from what they share:
fathers and sons have one name, which no sample of strangers would teach.
"""

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Level:
    """One way to agree."""

    code: str
    words: str
    when: str
    m: float
    u: float
    h: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing compared. `missing`: the condition that it is not stated on both sides.

    `shared`: of how many of those who live together it is one and the same, as twins have one birth date.
    """

    code: str
    title: str
    missing: str
    levels: tuple[Level, ...]
    shared: float

    @property
    def gamma(self) -> str:
        return f"gamma_{self.code}"

    def level(self, code: str) -> Level:
        return next(level for level in self.levels if level.code == code)

    def at_home(self, level: Level, *, m: float, u: float) -> float:
        """How often two people of one household agree like this.

        What is theirs in common is written down as differently as what is one person's, and what isn't agrees as that of strangers does.
        """
        return self.shared * m + (1 - self.shared) * u if level.h is None else level.h


def _alike(left: str, right: str, least: float = 0.88) -> str:
    return f"jaro_winkler_similarity({left}, {right}) >= {least}"


def _edits(column: str, most: int) -> str:
    """At most so many letters put in, left out, replaced or swapped.

    To count swaps takes seven times as long as without, where each counts two: that is asked first.
    """
    sides = f"{column}_l, {column}_r"
    return f"(levenshtein({sides}) <= {2 * most} AND damerau_levenshtein({sides}) <= {most})"


def _missing(column: str) -> str:
    return f"{column}_l IS NULL OR {column}_r IS NULL"


def _either_line(condition: str) -> str:
    """Of two lines each, one of the four pairs."""
    return "(" + " OR ".join(condition.format(left=f"line_{a}_l", right=f"line_{b}_r") for a, b in product("12", repeat=2)) + ")"


def _initial(left: str, right: str) -> str:
    return f"((length({left}) = 1 OR length({right}) = 1) AND left({left}, 1) = left({right}, 1))"


_WORDS_L, _WORDS_R = "string_split(name_key_l, ' ')", "string_split(name_key_r, ' ')"
# A name of two words and more, all of which stand in the other, too.
_WITHIN = (
    f"(contains(name_key_l, ' ') AND contains(name_key_r, ' ')"
    f" AND (list_has_all({_WORDS_L}, {_WORDS_R}) OR list_has_all({_WORDS_R}, {_WORDS_L})))"
)

NAME = Comparison(
    code="name",
    title="Name",
    missing=_missing("name_key"),
    shared=0.4,
    levels=(
        Level("same", "The same name", "name_key_l = name_key_r", 0.60, 0.00005, 0.012),
        Level(
            "alike",
            "Nearly the same spelling",
            f"({_edits('name_key', 2)} AND length(name_key_l) > 6)"
            f" OR ({_alike('given_name_l', 'given_name_r')} AND {_alike('surname_l', 'surname_r')})"
            f" OR ({_alike('given_name_l', 'surname_r')} AND {_alike('surname_l', 'given_name_r')})",
            0.20,
            0.0001,
            0.006,
        ),
        Level(
            "short",
            "One is a short form of the other",
            f"{_WITHIN}"
            f" OR ({_alike('surname_l', 'surname_r')} AND (given_root_l = given_root_r OR {_initial('given_name_l', 'given_name_r')}))"
            f" OR ({_alike('surname_l', 'given_name_r')} AND {_initial('given_name_l', 'surname_r')})"
            f" OR ({_alike('given_name_l', 'surname_r')} AND {_initial('surname_l', 'given_name_r')})",
            0.05,
            0.0002,
            0.012,
        ),
        Level(
            "part",
            "One name agrees, the other is not stated",
            f"(({_missing('given_name')}) AND (surname_l = surname_r OR surname_l = given_name_r OR given_name_l = surname_r))"
            f" OR (({_missing('surname')}) AND (given_name_l = given_name_r OR surname_l = given_name_r OR given_name_l = surname_r))",
            0.03,
            0.002,
        ),
        Level("given", "The same given name, another surname", _alike("given_name_l", "given_name_r", 0.92), 0.05, 0.01, 0.01),
        Level(
            "surname",
            "The same surname, another given name",
            f"{_alike('surname_l', 'surname_r', 0.92)} OR surname_l = given_name_r OR given_name_l = surname_r",
            0.04,
            0.006,
            0.75,
        ),
        Level("differs", "Different names", "ELSE", 0.03, 0.98, 0.2),
    ),
)

BIRTH_DATE = Comparison(
    code="birth_date",
    title="Date of birth",
    missing=_missing("birth_date"),
    shared=0.02,
    levels=(
        Level("same", "The same day", "birth_date_l = birth_date_r", 0.88, 0.00005),
        Level(
            "slip",
            "One digit apart, or day and month swapped",
            f"{_edits('birth_date', 1)} OR (left(birth_date_l, 4) = left(birth_date_r, 4)"
            " AND substr(birth_date_l, 5, 2) = substr(birth_date_r, 7, 2) AND substr(birth_date_l, 7, 2) = substr(birth_date_r, 5, 2))",
            0.07,
            0.0008,
        ),
        Level(
            "near",
            "Year, or day and month, agree",
            f"{_edits('birth_date', 2)} OR right(birth_date_l, 4) = right(birth_date_r, 4)"
            " OR (left(birth_date_l, 4) = left(birth_date_r, 4)"
            " AND (substr(birth_date_l, 5, 2) = substr(birth_date_r, 5, 2) OR right(birth_date_l, 2) = right(birth_date_r, 2)))",
            0.03,
            0.02,
        ),
        Level("differs", "Different days", "ELSE", 0.02, 0.98),
    ),
)

NATIONAL_ID = Comparison(
    code="national_id",
    title="National number",
    missing=_missing("national_id"),
    shared=0,
    levels=(
        Level("same", "The same number", "national_id_l = national_id_r", 0.90, 0.000001),
        Level("slip", "One digit apart", _edits("national_id", 1), 0.07, 0.00001),
        Level("near", "Two digits apart", _edits("national_id", 2), 0.01, 0.0005),
        Level("differs", "Different numbers", "ELSE", 0.02, 0.999),
    ),
)

_NUMBERS_AGREE = "(house_number_l IS NOT DISTINCT FROM house_number_r)"
_CLOSE_LINES = "jaro_winkler_similarity({left}, {right}) >= 0.9"

ADDRESS = Comparison(
    code="address",
    title="Address",
    missing="coalesce(line_1_l, line_2_l) IS NULL OR coalesce(line_1_r, line_2_r) IS NULL",
    shared=0.9,
    levels=(
        Level("same", "The same address", f"{_either_line('{left} = {right}')} AND {_NUMBERS_AGREE}", 0.55, 0.0002),
        Level("alike", "Nearly the same address", f"{_either_line(_CLOSE_LINES)} AND {_NUMBERS_AGREE}", 0.12, 0.0002),
        Level("street", "The same street, another number", _either_line(_CLOSE_LINES), 0.08, 0.003),
        Level("differs", "Different addresses", "ELSE", 0.25, 0.99),
    ),
)

PLACE = Comparison(
    code="place",
    title="Town and postcode",
    missing="(postcode_l IS NULL OR postcode_r IS NULL) AND (town_l IS NULL OR town_r IS NULL)",
    shared=0.95,
    levels=(
        Level("same", "The same", "postcode_l = postcode_r AND town_l = town_r", 0.5, 0.001),
        Level("alike", "Nearly the same", f"postcode_l = postcode_r OR (town_l = town_r AND {_edits('postcode', 2)})", 0.25, 0.002),
        Level(
            "town",
            "The same town, or a similar postcode",
            f"{_alike('town_l', 'town_r', 0.9)} OR {_edits('postcode', 1)}",
            0.15,
            0.05,
        ),
        Level("differs", "Different", "ELSE", 0.1, 0.93),
    ),
)

PHONE = Comparison(
    code="phone",
    title="Phone",
    missing="len(phones_l) = 0 OR len(phones_r) = 0",
    shared=0.15,
    levels=(
        Level("same", "The same number", "list_has_any(phones_l, phones_r)", 0.7, 0.0001),
        Level("differs", "Different numbers", "ELSE", 0.3, 0.9999),
    ),
)

EMAIL = Comparison(
    code="email",
    title="E-mail",
    missing="len(emails_l) = 0 OR len(emails_r) = 0",
    shared=0.05,
    levels=(
        Level("same", "The same address", "list_has_any(emails_l, emails_r)", 0.7, 0.00001),
        Level("differs", "Different addresses", "ELSE", 0.3, 0.99999),
    ),
)

COMPARISONS = (NAME, BIRTH_DATE, NATIONAL_ID, ADDRESS, PLACE, PHONE, EMAIL)
BY_CODE = {comparison.code: comparison for comparison in COMPARISONS}
