import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bankos.platform import keys


class Command(BaseCommand):
    help = "Sign decisions with a new key from now on. Tokens signed before stay verifiable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--print", action="store_true", help="print a new private JWK set for SIGNING_KEYS instead (a secret)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print"]:
            self.stdout.write(json.dumps(keys.rotated_set()))
            return
        try:
            key = keys.rotate()
        except keys.KeysAreInTheEnvironment:
            raise CommandError("The keys come from SIGNING_KEYS. Run with --print and store its output there.") from None
        self.stdout.write(f"{key.kid} signs from now on; {len(keys.public_keys()) - 1} older keys still verify.")
