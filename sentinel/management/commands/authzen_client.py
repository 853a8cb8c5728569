from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bankos.platform import clock
from sentinel.authzen import access


class Command(BaseCommand):
    help = "Give a program the right to ask a policy store through AuthZEN. Prints its secret, which is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("store", help="the store's name")
        parser.add_argument("name", help="what the program is called")
        parser.add_argument("--manage", action="store_true", help="it may also change the store's policies and entities")

        parser.add_argument("--per-minute", type=_rate, default=access.PER_MINUTE, help="evaluations a minute (default %(default)s)")

    def handle(self, *args: Any, store: str, name: str, manage: bool, per_minute: int, **options: Any) -> None:
        try:
            _, secret = access.issue(store, name=name, may_manage=manage, per_minute=per_minute, at=clock.now())
        except access.UnknownStore as error:
            raise CommandError(f"There is no policy store {store}.") from error
        self.stdout.write(secret)


def _rate(said: str) -> int:
    if not said.isdecimal() or not 1 <= int(said) <= access.MOST_PER_MINUTE:
        raise ArgumentTypeError(f"a whole number from 1 to {access.MOST_PER_MINUTE:,} is needed")
    return int(said)
