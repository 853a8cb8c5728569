from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bankos.platform import roles, vault
from bankos.platform.keys import KeysAreInTheEnvironment
from sentinel import contexts


class Command(BaseCommand):
    help = "Encrypt the customers' keys with a new master key. With MASTER_KEYS in the environment: put a new key first, then run --rewrap."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rewrap", action="store_true", help="make no new key, only wrap with the one in force what others wrap")
        parser.add_argument("--print", action="store_true", help="print a new key for MASTER_KEYS and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print"]:
            self.stdout.write(vault.new_master_key())
            return
        if not options["rewrap"]:
            try:
                vault.rotate()
            except KeysAreInTheEnvironment:
                raise CommandError(
                    "The master keys are in MASTER_KEYS: put a new one first (--print makes one), then run --rewrap."
                ) from None
        with roles.acting_as(roles.OWNER):
            wrapped = contexts.rewrap()
        self.stdout.write(f"{wrapped:,} keys are wrapped with the master key in force; the older ones are not needed any more.")
