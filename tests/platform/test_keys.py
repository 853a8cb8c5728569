import json
import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from joserfc import jws
from joserfc.errors import BadSignatureError

from bankos.platform import keys


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Path:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(keys, "_used", {})  # no database: nothing was ever signed
    settings.SIGNING_KEYS = ""
    settings.SIGNING_KEYS_DIR = tmp_path / "signing"
    settings.GENERATE_SIGNING_KEY = True
    return tmp_path / "signing"


def sign(text: str) -> tuple[str, str]:
    key = keys.signing_key()
    return key.kid, jws.serialize_compact({"alg": keys.ALGORITHM, "kid": key.kid}, text.encode(), key.private, algorithms=[keys.ALGORITHM])


def verifies(kid: str, token: str) -> bool:
    try:
        return bool(jws.deserialize_compact(token, keys.public_keys()[kid], algorithms=[keys.ALGORITHM]))
    except BadSignatureError:
        return False


def test_the_first_use_makes_a_key_that_stays(folder: Path) -> None:
    kid = keys.signing_key().kid
    assert keys.signing_key().kid == kid == keys.signing_key().private.thumbprint()
    assert len(list(folder.glob("*.json"))) == 1


def test_private_keys_are_closed_to_other_accounts(folder: Path) -> None:
    keys.signing_key()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


@pytest.mark.django_db(transaction=True)
def test_what_an_old_key_signed_still_verifies_after_rotations() -> None:
    signed = [sign("first")]
    for _ in range(3):
        call_command("rotate_signing_key", verbosity=0)
        signed.append(sign("later"))

    assert len({kid for kid, _ in signed}) == 4
    assert all(verifies(kid, token) for kid, token in signed)


def test_after_a_rotation_the_old_private_key_is_gone(folder: Path) -> None:
    keys.signing_key()
    new = keys.rotate()
    private = [file.stem for file in folder.glob("*.json") if "d" in json.loads(file.read_text())]
    assert private == [new.kid]


def test_a_changed_byte_does_not_verify() -> None:
    kid, token = sign("amount 120.00")
    head, body, signature = token.split(".")
    assert not verifies(kid, ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]]))


def test_published_keys_hold_no_private_part() -> None:
    keys.rotate()
    keys.rotate()
    published = keys.jwks()["keys"]
    assert len(published) == 2
    assert all("d" not in key and key["kty"] == "OKP" and key["crv"] == "Ed25519" for key in published)


def test_published_keys_leave_the_algorithm_to_the_tokens() -> None:
    """`alg` is optional (RFC 7517), and a name that a library does not know makes it pass over the key."""
    assert {*keys.jwks()["keys"][0]} == {"kty", "crv", "x", "kid", "use", "iat"}
    assert keys.new_private_key()["alg"] == "Ed25519"


def test_a_set_in_the_environment_wins_and_its_newest_private_key_signs(settings) -> None:  # type: ignore[no-untyped-def]
    folder_kid = keys.signing_key().kid
    printed = keys.rotated_set()
    settings.SIGNING_KEYS = json.dumps(printed)

    assert keys.signing_key().kid == printed["keys"][0]["kid"] != folder_kid
    assert set(keys.public_keys()) == {printed["keys"][0]["kid"], folder_kid}
    with pytest.raises(keys.KeysAreInTheEnvironment):
        keys.rotate()


def test_without_permission_to_make_one_a_missing_key_is_an_error(settings, folder: Path) -> None:  # type: ignore[no-untyped-def]
    settings.GENERATE_SIGNING_KEY = False
    with pytest.raises(ImproperlyConfigured, match="no private key"):
        keys.signing_key()
    assert not folder.exists()


def test_a_broken_set_is_refused_without_quoting_it(settings) -> None:  # type: ignore[no-untyped-def]
    settings.SIGNING_KEYS = '{"keys": [{"d": "very-secret"'
    with pytest.raises(ImproperlyConfigured) as refusal:
        keys.signing_key()
    assert "very-secret" not in str(refusal.value)
