"""Two round trips a transaction, and still a transaction: nothing is kept of one that fails, nothing is committed before its caller's."""

import pytest
from django.db import IntegrityError, connection, transaction

from bankos.platform import direct

pytestmark = pytest.mark.django_db(transaction=True)
INSERT = "INSERT INTO kept (word) VALUES (%s)"


@pytest.fixture
def kept():
    """A table of words, each at most once; its words are read by a connection of its own."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kept (word text PRIMARY KEY)")
    yield lambda: [word for (word,) in direct.fetch("SELECT word FROM kept ORDER BY word", [])]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE kept")


def test_transaction_that_begins_with_its_first_query_is_rolled_back_whole(kept):
    with transaction.atomic():
        assert direct.fetch("SELECT %s::text, 1", ["it's \\ “quoted”"]) == [("it's \\ “quoted”", 1)]
        direct.execute(INSERT, ["one"])
        transaction.set_rollback(True)

    assert kept() == []


def test_last_statement_commits_what_came_before_it(kept):
    with transaction.atomic():
        direct.fetch("SELECT 1", [])
        direct.execute(INSERT, ["one"])
        direct.execute(INSERT, ["two"], last=True)
        connection.connection.rollback()  # nothing is left to be undone

    assert kept() == ["one", "two"]


def test_failing_last_statement_commits_nothing(kept):
    @transaction.atomic
    def twice() -> None:
        direct.execute(INSERT, ["one"])
        direct.execute(INSERT, ["one"], last=True)

    with pytest.raises(IntegrityError, match="kept_pkey"):
        twice()

    assert kept() == []


def test_failing_first_query_is_an_error_of_the_database_and_the_connection_goes_on(kept):
    with pytest.raises(IntegrityError, match="kept_pkey"), transaction.atomic():
        direct.fetch("INSERT INTO kept VALUES ('one'), ('one') RETURNING word", [])

    assert kept() == []


def test_queries_are_counted(kept, django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(2):
        direct.fetch("SELECT 1", [])
        direct.execute(INSERT, ["one"])
