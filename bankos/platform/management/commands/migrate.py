from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection, transaction

from bankos.platform import roles

# Any fixed number: two machines that migrate the same database at once take turns.
MIGRATION_LOCK = 0x62616E6B6F73


class Command(DjangoMigrate):
    """Django's `migrate`, run as the owner of the tables; the application's role gets its grants afterwards."""

    def handle(self, *args: Any, **options: Any) -> None:
        with roles.as_owner():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
            try:
                super().handle(*args, **options)
                if not options["plan"]:
                    with transaction.atomic():
                        roles.grant_to_application()
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
