from typing import Any

from django.core.management.base import BaseCommand

from bankos.platform import clock
from sentinel import policy


class Command(BaseCommand):
    help = "Load the policies that come with bankos and put them in force, unless this text is known already."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = policy.load_starting_set(at=clock.now())
        if loaded is None:
            self.stdout.write("The policies of bankos are known already; nothing changed.")
        else:
            self.stdout.write(f"Policy version {loaded.number} is in force ({loaded.sha256[:12]}…).")
