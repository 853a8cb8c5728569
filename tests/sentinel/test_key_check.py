"""Keys that are lost, or those of another bank: said before the first act, and never made up for a bank that has decided."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bankos.platform import keys, vault
from sentinel import contexts, key_check
from sentinel.errors import AuthorityError, KeysMissing
from sentinel.models import Decision
from tests.published import publish_keys

from .desk import ask, party

pytestmark = pytest.mark.usefixtures("authority")


@pytest.fixture(autouse=True)
def homes(db: None, settings: Any, tmp_path: Path) -> Any:
    """A bank of its own keys; what a look found is forgotten afterwards."""
    settings.SIGNING_KEYS = settings.MASTER_KEYS = ""
    settings.SIGNING_KEYS_DIR, settings.MASTER_KEYS_DIR = tmp_path / "signing", tmp_path / "master"
    settings.GENERATE_SIGNING_KEY = True
    publish_keys()
    yield settings
    key_check._missing = []


@pytest.fixture
def decided(homes: Any) -> Decision:
    return Decision.objects.get(pk=ask().id)


def test_a_new_bank_makes_its_keys_and_they_fit(decided: Decision) -> None:
    assert key_check.problems() == []
    call_command("check_keys")


@pytest.mark.parametrize("lost", ["signing", "master"])
def test_no_key_is_made_up_for_a_bank_that_has_decided(decided: Decision, homes: Any, tmp_path: Path, lost: str) -> None:
    (tmp_path / lost).rename(tmp_path / "lost")
    [said] = key_check.problems()
    assert str(tmp_path / lost) in said, "it says what to restore"
    assert not (tmp_path / lost).exists(), "and nothing was made"
    with pytest.raises(CommandError, match="restore"):
        call_command("check_keys")
    with pytest.raises(KeysMissing):
        ask()
    with pytest.raises(keys.KeysLost):
        keys.signing_key() if lost == "signing" else vault.wrap(vault.new_data_key())

    (tmp_path / "lost").rename(tmp_path / lost)
    assert key_check.problems() == []
    ask()


def test_the_keys_of_another_bank_do_not_fit_though_they_are_there(decided: Decision, homes: Any, tmp_path: Path) -> None:
    before = Decision.objects.count()
    homes.SIGNING_KEYS = json.dumps({"keys": [keys.new_private_key()]})
    assert "No signing key here made the newest decisions" in key_check.problems()[0]
    homes.SIGNING_KEYS = ""
    homes.MASTER_KEYS = vault.new_master_key()
    [said] = key_check.problems()
    assert "No master key here" in said
    assert "MASTER_KEYS" in said
    with pytest.raises(KeysMissing):
        ask(resource=party("another"))
    assert Decision.objects.count() == before, "nothing was decided with them"


def test_a_rotation_keeps_everything_fitting(decided: Decision, homes: Any) -> None:
    call_command("rotate_signing_key", verbosity=0)
    vault.rotate()
    assert key_check.problems() == []
    ask(resource=party("another"))
    assert contexts.content_of(Decision.objects.select_related("context_key").get(pk=decided.pk))
    assert key_check.problems() == []


def test_the_public_part_is_enough_for_what_was_signed_if_another_key_signs_now(decided: Decision, tmp_path: Path) -> None:
    """The way on when a private key is gone for good: its public part is in every bundle."""
    [file] = (tmp_path / "signing").glob("*.json")
    file.write_text(json.dumps({name: value for name, value in json.loads(file.read_text()).items() if name != "d"}))
    (tmp_path / "signing" / "new.json").write_text(json.dumps(keys.new_private_key()))
    assert key_check.problems() == []


def test_one_damaged_row_is_damage_and_no_lost_key(decided: Decision, past_the_guards) -> None:  # type: ignore[no-untyped-def]
    newest = ask()
    with past_the_guards():
        Decision.objects.filter(pk=newest.id).update(token="eyJ.garbage.token")
    assert key_check.problems() == []


def test_a_key_lost_while_the_process_runs_is_refused_as_missing_keys(decided: Decision, homes: Any, tmp_path: Path) -> None:
    (tmp_path / "signing").rename(tmp_path / "lost")  # nobody has looked since
    with pytest.raises(KeysMissing):
        ask()


@pytest.mark.parametrize("lost", ["signing", "master"])
def test_readiness_names_what_is_missing(decided: Decision, homes: Any, tmp_path: Path, lost: str, client: Client) -> None:
    assert client.get("/readyz").json()["checks"]["keys"] == "ok"
    (tmp_path / lost).rename(tmp_path / "lost")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert str(tmp_path / lost) in answer.json()["checks"]["keys"]


def test_missing_keys_are_an_answer_of_the_authority_not_a_fault() -> None:
    from bankos.platform.problems import problem_details

    assert issubclass(KeysMissing, AuthorityError)
    answer = problem_details(KeysMissing("restore"), {"request": None, "view": None})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (503, "keys_missing")
