"""Reading ahead: one item, from the moment the caller says so, and nothing is kept of what it is done with."""

import weakref
from collections.abc import Iterator
from threading import Event, current_thread

import pytest

from customers.ingestion.reading import Ahead

PATIENCE = 30  # seconds for a thread that has nothing else to do


class Piece:
    def __init__(self, number: int) -> None:
        self.number = number


def test_items_come_in_order_whether_or_not_reading_is_started_early() -> None:
    assert list(Ahead(iter(range(5)))) == [0, 1, 2, 3, 4]
    early, found = Ahead(iter(range(5))), []
    for item in early:
        early.start()
        early.start()
        found.append(item)
    assert found == [0, 1, 2, 3, 4]


def test_the_next_item_is_made_in_another_thread_once_it_is_asked_for_and_not_before() -> None:
    made: list[str] = []
    second = Event()

    def items() -> Iterator[int]:
        for number in range(3):
            made.append(current_thread().name)
            if number == 1:
                second.set()
            yield number

    ahead = Ahead(items())
    given = iter(ahead)
    assert next(given) == 0
    assert not second.wait(0.05)

    ahead.start()

    assert second.wait(PATIENCE)
    assert next(given) == 1
    assert len(made) == 2
    assert current_thread().name not in made
    assert list(given) == [2]


def test_what_is_done_with_is_given_up_while_the_next_is_made() -> None:
    gone = Event()
    ahead = Ahead(map(Piece, range(3)))
    given = iter(ahead)
    first = weakref.ref(next(given), lambda _: gone.set())
    second = next(given)
    assert first() is not None

    ahead.start()

    assert gone.wait(PATIENCE)
    assert second.number == 1


def test_what_goes_wrong_ahead_is_raised_when_its_turn_comes() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("cut off")

    ahead = Ahead(items())
    given = iter(ahead)
    assert next(given) == 1
    ahead.start()
    with pytest.raises(ValueError, match="cut off"):
        next(given)
