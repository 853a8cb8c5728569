"""Keys a test makes for itself, known to the database's guards as `migrate` makes a bank's known."""

from django.db import connection

from bankos.platform import clock, keys, published


def publish_keys() -> None:
    """As the owner, in the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        published.publish(keys.public_keys(), at=clock.now())
        cursor.execute("SET ROLE bankos_app")
