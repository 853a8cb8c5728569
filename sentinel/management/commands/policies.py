from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bankos.platform import clock
from sentinel import examples, policy
from sentinel.cedar import PolicyText
from sentinel.models import PolicyVersion


class Command(BaseCommand):
    help = "Load the policies that come with bankos: the first ones come into force, later ones wait as a draft for two people of the bank."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only read the policies and try their examples; needs no database.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if check:
            self.stdout.write(_tried())
            return
        loaded = policy.load_starting_set(at=clock.now())
        if loaded is None:
            self.stdout.write("The policies of bankos are known already; nothing changed.")
        elif loaded.state == PolicyVersion.State.ACTIVE:
            self.stdout.write(f"Policy version {loaded.number} is in force ({loaded.sha256[:12]}…).")
        else:
            self.stdout.write(
                f"Policy version {loaded.number} ({loaded.sha256[:12]}…) waits as a draft; the bank's own version stays in force. "
                f"See what is new and put it in force at /policies/{loaded.number}/."
            )


def _tried() -> str:
    """What came of the examples. Raises CommandError: something cannot be read, or does not hold."""
    texts = policy.starting_set()
    try:
        text, results = PolicyText.parse(texts.policies, texts.schema), examples.results_of(*texts)
    except (policy.PolicyInvalid, examples.ExamplesInvalid) as error:
        raise CommandError("\n".join(str(problem) for problem in error.problems)) from error
    if failed := [result for result in results if not result.holds]:
        raise CommandError("\n".join(f"{result.rule}: {result.sentence}" for result in failed))
    return f"{len(text.rules)} policies; all {len(results)} examples hold."
