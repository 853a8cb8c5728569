import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from joserfc.jwk import OKPKey

from bankos.platform import clock, keys, published, roles


class Command(BaseCommand):
    help = "Sign decisions with a new key from now on. Tokens signed before stay verifiable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--print", action="store_true", help="print a new private JWK set for SIGNING_KEYS instead (a secret)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["print"]:
            self.stdout.write(json.dumps(keys.rotated_set()))
            return
        if settings.SIGNING_KEYS:
            raise CommandError(
                "The keys come from SIGNING_KEYS. Run with --print, store its output there, and run migrate before restarting."
            )
        new = keys.new_private_key()
        # The database's guards know it before it signs anything.
        with roles.acting_as(roles.OWNER):
            published.publish({new["kid"]: OKPKey.import_key(new)}, at=clock.now())
        key = keys.rotate(new)
        self.stdout.write(f"{key.kid} signs from now on; {len(keys.public_keys()) - 1} older keys still verify.")
