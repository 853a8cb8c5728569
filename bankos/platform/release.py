"""Does this program know the database it is to work on? One that a newer release has migrated is left alone."""

from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Q

from . import roles

# Apps of earlier releases: a database keeps what it knows of them until it is migrated.
RETIRED = {"axes"}


class DatabaseIsNewer(Exception):
    """The database holds migrations this program does not have; the message is one sentence for operators."""

    def __init__(self, unknown: list[str]) -> None:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        super().__init__(
            f"This database was migrated by a newer release ({unknown[0]}{more} is not known here): "
            "start that release, or restore the backup made before it."
        )


def check_database() -> None:
    """Compare what was applied with what this program could apply. What is still to be applied is no concern of this.

    Raises:
        DatabaseIsNewer
    Queries: 2
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    # A migration that took the place of others knows them by name, long after their files are gone.
    known = set(loader.disk_migrations).union(*(migration.replaces for migration in loader.disk_migrations.values()))
    applied = MigrationRecorder(connection).applied_migrations()
    unknown = sorted(f"{app}.{name}" for app, name in applied if (app, name) not in known and app not in RETIRED)
    if unknown:
        raise DatabaseIsNewer(unknown)


class DemoBank(Exception):
    """A demo bank's database under the settings of a real one; the message is one sentence for operators."""


def check_no_demo_bank() -> None:
    """Look for the demo bank's logins, which alone share one password's hash. Only under production settings.

    Raises:
        DemoBank
    Queries: 1
    """
    if not settings.PRODUCTION:
        return
    people = get_user_model().objects.filter(is_active=True).values("password").order_by()
    shared = people.exclude(Q(password="") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX))
    if shared.annotate(people=Count("pk")).filter(people__gt=1).exists():
        raise DemoBank("This database holds logins that share one password, as a demo bank's do: give a real bank a database of its own.")


def refuse_newer_database() -> None:
    """End this process with one sentence if its database is newer than itself, or a demo bank's under production settings. For processes
    as they start, also in an event loop.

    A database that does not answer is no reason: it may come back, and readiness tells of it until then.
    """
    with ThreadPoolExecutor(max_workers=1) as apart:  # Django asks no database in the thread of an event loop
        reason = apart.submit(_reason).result()
    if reason:
        raise SystemExit(reason)


def _reason() -> str | None:
    try:
        check_database()
        check_no_demo_bank()
    except (DatabaseIsNewer, DemoBank) as unfit:
        return str(unfit)
    except DatabaseError:
        return None
    finally:
        roles.close_connection()  # a process that forks later must not hand it on
    return None
