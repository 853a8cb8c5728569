"""What was executed reaches its system of record once; what was forged never leaves."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection

from bankos.platform import clock, events, jobs, keys, receipts
from bankos.platform.actors import Actor
from bankos.platform.ids import uuid7
from journeys import effects, sender
from journeys.acts.act import EXECUTED
from journeys.models import Effect, EffectDelivery
from sentinel import tokens
from sentinel.authority import parameters_hash
from tests.faults import deadly, small_disk
from tests.processes import Recoveries, environment

from . import household
from .household import RENT_DAY, Household

pytestmark = pytest.mark.django_db


def executed(act: dict[str, Any], actor: Actor) -> Effect:
    done = household.perform(actor=actor, **act, at=clock.now(), summary="Moved EUR 120.00 from savings")
    return Effect.objects.get(pk=done.result)


def files(drop: Path) -> list[Path]:
    return [file for file in sorted(drop.rglob("*")) if file.is_file()]


def test_a_transfer_reaches_core_banking_in_its_own_terms(home: Household, staff: Actor, drop: Path) -> None:
    effect = executed(home.transfer("120.00"), staff)

    events.drain("journeys.sender")

    file = drop / "core" / f"{effect.decision_id}.json"
    said = json.loads(file.read_bytes())
    assert said["instruction"] == "transfer"
    assert (said["from_account"], said["to_account"]) == (home.savings.number, home.current.number)
    assert (said["amount"], said["currency"]) == ("120.00", "EUR")
    assert said["idempotency_key"] == str(effect.decision_id)
    assert tokens.read(said["decision_token"])["authorization_details"][0]["parameters_hash"] == parameters_hash(
        home.transfer("120.00")["parameters"]
    )
    view = effects.effect_of(effect.pk, actor=staff)
    assert view.delivered_at is not None
    assert view.reference == f"core/{file.name}"


def test_a_new_day_for_a_standing_order_reaches_payments(home: Household, staff: Actor, drop: Path) -> None:
    effect = executed(home.move_rent(to_day=3), staff)

    events.drain("journeys.sender")

    said = json.loads((drop / "payments" / f"{effect.decision_id}.json").read_bytes())
    assert (said["instruction"], said["payment"]) == ("move_payment_date", home.rent.key)
    assert (said["from_day"], said["to_day"]) == (RENT_DAY, 3)


def test_a_second_delivery_finds_the_file_and_does_nothing(home: Household, staff: Actor, drop: Path) -> None:
    effect = executed(home.transfer(), staff)
    first = sender.deliver(effect.pk, at=clock.now())
    before = (first.read_bytes(), first.stat().st_mtime_ns, first.stat().st_ino)

    again = sender.deliver(effect.pk, at=clock.now() + timedelta(hours=1))

    assert again == first
    assert (again.read_bytes(), again.stat().st_mtime_ns, again.stat().st_ino) == before
    assert files(drop) == [first]
    assert EffectDelivery.objects.count() == 1


def test_a_folder_that_cannot_be_written_to_only_delays(home: Household, staff: Actor, drop: Path) -> None:
    effect = executed(home.transfer(), staff)
    drop.parent.mkdir(parents=True, exist_ok=True)
    drop.write_text("a file where the folder should be")

    at = clock.now()
    with clock.stopped_at(at):
        assert events.drain("journeys.sender") == 0
    waiting = receipts.receipt_of("journeys.sender", type=EXECUTED, subject=str(effect.pk))
    assert waiting is not None
    assert (waiting.delivered_at, waiting.attempts) == (None, 1)
    assert waiting.retry_at is not None

    drop.unlink()
    with clock.stopped_at(waiting.retry_at):
        assert events.drain("journeys.sender") == 1
    assert [file.name for file in files(drop)] == [f"{effect.decision_id}.json"]


KILLED_AFTER_THE_FILE = """
import os, signal, sys
import django
django.setup()
from pathlib import Path
from django.conf import settings
from bankos.platform import events
from journeys import file_drop
settings.EFFECTS_DIR = Path(sys.argv[1])
put = file_drop.put
def put_and_die(*given):
    put(*given)
    os.kill(os.getpid(), signal.SIGKILL)
file_drop.put = put_and_die
events.drain("journeys.sender")
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_between_file_and_receipt_leaves_one_file(home: Household, staff: Actor, drop: Path) -> None:
    effect = executed(home.transfer(), staff)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_THE_FILE, str(drop)], env={**os.environ, **environment()}, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    assert [file.name for file in files(drop)] == [f"{effect.decision_id}.json"]
    assert not EffectDelivery.objects.exists(), "no receipt yet"
    inode = files(drop)[0].stat().st_ino

    jobs.work(deadly.left_behind(events.TELLING).pk, at=clock.now())
    assert [file.stat().st_ino for file in files(drop)] == [inode], "the same file, and no other"
    assert EffectDelivery.objects.get().effect_id == effect.pk


def test_what_a_sender_killed_while_writing_left_behind_is_cleared_away(home: Household, staff: Actor, drop: Path) -> None:
    effect = executed(home.transfer(), staff)
    (drop / "core").mkdir(parents=True)
    (drop / "core" / f".{effect.decision_id}.json.1f2e3d4c").write_text('{"half')

    file = sender.deliver(effect.pk, at=clock.now())

    assert files(drop) == [file]
    json.loads(file.read_bytes())


def test_a_permit_forged_in_the_database_never_leaves(home: Household, staff: Actor, drop: Path) -> None:
    """By plain SQL one can write a decision that looks like a permit, use it and book an effect: but not sign it."""
    honest = executed(home.transfer("1.00"), staff)
    parameters = home.transfer("499.00")["parameters"]
    forged = forge(honest, parameters, token=honest.token)

    with pytest.raises(sender.NotAuthentic):
        sender.deliver(forged, at=clock.now())
    assert files(drop) == []
    assert not EffectDelivery.objects.exists()


def test_a_permit_forged_with_a_key_of_ones_own_never_leaves(home: Household, staff: Actor, drop: Path) -> None:
    honest = executed(home.transfer("1.00"), staff)
    parameters = home.transfer("499.00")["parameters"]
    decision_id = uuid7()
    claims = {**tokens.read(honest.token), "jti": str(decision_id)}
    claims["authorization_details"][0] |= {"parameters": parameters, "parameters_hash": parameters_hash(parameters)}
    own, settings.SIGNING_KEYS = settings.SIGNING_KEYS, json.dumps({"keys": [keys.new_private_key()]})
    try:
        token = tokens.sign(claims)
    finally:
        settings.SIGNING_KEYS = own
    forged = forge(honest, parameters, token=token, decision_id=decision_id)

    with pytest.raises(sender.NotAuthentic):
        sender.deliver(forged, at=clock.now())
    assert files(drop) == []


def forge(honest: Effect, parameters: dict[str, Any], *, token: str, decision_id: UUID | None = None) -> UUID:
    """All by SQL, as the application's role: a copy of an honest decision with other parameters, its use and its effect."""
    decision_id, consumption_id, effect_id = decision_id or uuid7(), uuid7(), uuid7()
    text = json.dumps(parameters, sort_keys=True, separators=(",", ":"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM sentinel_decision WHERE id = %s", [honest.decision_id])
        columns = [column.name for column in cursor.description]
        replaced = {"id": "%s", "parameters": "%s::jsonb", "parameters_hash": "%s", "token": "%s"}
        copied = {**replaced, "leaf_index": "sentinel_next_leaf()"}
        cursor.execute(
            f"INSERT INTO sentinel_decision ({', '.join(columns)})"
            f" SELECT {', '.join(copied.get(column, column) for column in columns)} FROM sentinel_decision WHERE id = %s",
            [
                {"id": decision_id, "parameters": text, "parameters_hash": parameters_hash(parameters), "token": token}[column]
                for column in columns
                if column in replaced
            ]
            + [honest.decision_id],
        )
        at = clock.now()
        cursor.execute(
            "INSERT INTO sentinel_consumption (id, decision_id, consumed_at) VALUES (%s, %s, %s)", [consumption_id, decision_id, at]
        )
        cursor.execute(
            "INSERT INTO journeys_effect"
            " (id, consumption_id, decision_id, action, resource_type, resource_id, parameters, system, token, executed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 'core', %s, %s)",
            [effect_id, consumption_id, decision_id, honest.action, honest.resource_type, honest.resource_id, text, token, at],
        )
    return effect_id


ON_A_DISK_THAT_TAKES_NOTHING = """
import sys
import django
django.setup()
from pathlib import Path
from django.conf import settings
from django.db import connection
from bankos.platform import clock, events, receipts
from journeys.acts.act import EXECUTED
from tests.faults import small_disk
folder, trouble = Path(sys.argv[1]), sys.argv[2]
connection.close_pool()  # its threads: namespaces are for processes of one
small_disk.mount(folder, megabytes=1)
settings.EFFECTS_DIR = folder / "effects"
settings.EFFECTS_DIR.mkdir()
filler = small_disk.fill(folder) if trouble == "full" else None
small_disk.make_read_only(folder, trouble == "read-only")
at = clock.now()
with clock.stopped_at(at):
    assert events.drain("journeys.sender") == 0
assert not [file for file in folder.rglob("*") if file.is_file() and file != filler], "and nothing half"
waiting = receipts.receipt_of("journeys.sender", type=EXECUTED, subject=sys.argv[3])
small_disk.make_read_only(folder, False)
if filler:
    filler.unlink()
with clock.stopped_at(waiting.retry_at):
    assert events.drain("journeys.sender") == 1
[file] = [file for file in folder.rglob("*") if file.is_file()]
print((waiting.retry_at - at).total_seconds(), file.read_text())
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_a_disk_that_takes_no_instruction_only_delays_it(
    home: Household, staff: Actor, tmp_path: Path, trouble: str, recoveries: Recoveries
) -> None:
    if reason := small_disk.why_not():
        pytest.skip(reason)
    effect = executed(home.transfer(), staff)
    done = subprocess.run(
        [sys.executable, "-c", ON_A_DISK_THAT_TAKES_NOTHING, str(tmp_path), trouble, str(effect.pk)],
        env={**os.environ, **environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seconds, _, content = done.stdout.partition(" ")
    recoveries(f"effects folder {trouble}: tried again after", float(seconds))
    assert json.loads(content)["idempotency_key"] == str(effect.decision_id)
    assert EffectDelivery.objects.get().sha256 == sha256(content.strip().encode()).hexdigest()
