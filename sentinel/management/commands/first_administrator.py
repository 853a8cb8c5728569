from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from bankos.platform import clock
from sentinel.actions import NotPossible
from sentinel.authority import AuthorityError
from sentinel.people import joining, ways_in


class Command(BaseCommand):
    help = "Make the first administrator of a bank that has none, and print the one-time link with which they choose a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="what they sign in with, such as o.tierney")
        parser.add_argument("--name", default="", help='their full name, such as "Orla Tierney" (default: the user name)')

    def handle(self, *args: Any, **options: Any) -> None:
        username, name = options["username"], options["name"] or options["username"]
        at = clock.now()
        try:
            person_id = joining.first_administrator_without_a_way_in(username, at=at) or self._made(username, name, at)
        except (NotPossible, AuthorityError) as error:
            raise CommandError(str(error)) from error
        secret = ways_in.make_link(person_id, by=joining.FIRST_BY, at=at)
        hours = round(ways_in.GOOD_FOR.total_seconds() / 3600)
        self.stdout.write(f"{name} is the bank's first administrator. Within {hours} hours, choose a password at\n")
        self.stdout.write(f"  {reverse('way-in', args=[secret])}\n")
        self.stdout.write("at your bank's address. The link works once and is shown only now; until it is used, it can be made again.\n")

    def _made(self, username: str, name: str, at: datetime) -> UUID:
        joined = joining.first_administrator(username=username, name=name, at=at)
        if not joined.answer.done:
            raise CommandError(f"There is an administrator already, or the policies in force say no. {joined.answer.sentence}")
        return joined.person_id
