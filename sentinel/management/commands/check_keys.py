from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentinel import key_check


class Command(BaseCommand):
    help = "Compare the signing and master keys with what they have to open in the database."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if found := key_check.problems():
            raise CommandError(" ".join(found))
        if options["verbosity"] > 1:
            self.stdout.write("The keys fit.")
