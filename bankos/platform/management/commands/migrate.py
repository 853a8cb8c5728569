from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection, transaction

from bankos.platform import clock, history, keys, published, release, roles

# Any fixed number: two machines that migrate the same database at once take turns.
MIGRATION_LOCK = 0x62616E6B6F73


class Command(DjangoMigrate):
    """Django's `migrate`, run as the owner of the tables, who makes the other roles before and grants them what they need afterwards.

    A database that a newer release has migrated is left as it is.
    """

    def check(self, *args: Any, **options: Any) -> None:
        # Checks of models ask the server what it can; on a new one the application's role does not exist yet.
        with roles.as_owner():
            super().check(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        with roles.as_owner():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
            try:
                release.check_database()
                if options["plan"] or options["check_unapplied"]:
                    super().handle(*args, **options)
                    return
                roles.create_roles()
                history.take_views_down()
                super().handle(*args, **options)
                with transaction.atomic():
                    history.put_views_up()
                    roles.grant()
                    published.publish(keys.public_keys(), at=clock.now())
            except release.DatabaseIsNewer as reason:
                raise CommandError(str(reason)) from None
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
