"""Moments in the words staff read."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankos.console import words

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday; the bank's winter time is UTC


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(minutes=5), "11:55"),
        (timedelta(days=1), "Yesterday"),
        (timedelta(days=3), "Fri"),
        (timedelta(days=11), "12 Nov"),
        (timedelta(days=400), "19 Oct 2025"),
    ],
)
def test_a_list_names_a_past_moment_as_short_as_it_can(before: timedelta, text: str) -> None:
    assert words.moment_in_words(NOON - before, NOON) == text


@pytest.mark.parametrize(
    ("left", "text", "press"),
    [
        (-timedelta(minutes=12), "12 min over", "over"),
        (-timedelta(hours=3, minutes=5), "3 h 05 over", "over"),
        (-timedelta(days=2), "2 days over", "over"),
        (timedelta(minutes=18), "18 min", "near"),
        (timedelta(hours=1, minutes=20), "1 h 20", "near"),
        (timedelta(days=1), "Tue, 1 day", "calm"),
        (timedelta(days=3), "Thu, 3 days", "calm"),
        (timedelta(days=9), "2 Dec", "calm"),
    ],
)
def test_time_left_is_said_in_words_and_in_pressure(left: timedelta, text: str, press: str) -> None:
    assert words.time_left(NOON + left, NOON) == (text, press)


def test_a_day_changes_at_the_banks_midnight_not_at_utc() -> None:
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight in Dublin

    assert words.moment_in_words(summer - timedelta(hours=1), summer) == "Yesterday"


@given(st.timedeltas(min_value=timedelta(seconds=-5), max_value=timedelta(days=9000)))
def test_an_age_is_never_negative_and_always_has_a_unit(age: timedelta) -> None:
    number, unit = words.age_in_words(NOON - age, NOON).split()

    assert int(number) >= 0
    assert unit in {"min", "h", "day", "days", "months", "years"}


def test_a_day_of_another_year_says_so() -> None:
    assert words.day_in_words(date(2027, 1, 4), date(2026, 11, 23)) == "Mon 4 Jan 2027"
    assert words.day_in_words(date(2026, 11, 26), date(2026, 11, 23)) == "Thu 26 Nov"


@pytest.mark.parametrize(("name", "letters"), [("Ines Marchetti-Okafor", "IM"), ("Bríd", "B"), ("", ""), ("élise Ó Conghaile", "ÉÓ")])
def test_initials_stand_for_a_person(name: str, letters: str) -> None:
    assert words.initials(name) == letters


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140 on Windows"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0",
            "Edge 139 on Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
            "Chrome 156 on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1 Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari 18 on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_has_the_name_people_know(program: str, text: str) -> None:
    assert words.browser_in_words(program) == text
