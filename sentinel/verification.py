"""Does a decision still hold together? Each question is one check with one plain sentence."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from . import agreements, contexts, models, replay, tokens, transparency
from .cedar import Outcome
from .claims import claims_of
from .policy import text_hash, text_of
from .rules import BEFORE_POLICY, BEYOND_POLICIES


@dataclass(frozen=True, slots=True)
class Check:
    """`sentence` says the result in words, `detail` names what it was found on."""

    name: str
    ok: bool
    sentence: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """`decision_id` is None if the text is no token of a decision that is known."""

    checks: tuple[Check, ...]
    decision_id: UUID | None = None

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def verify_token(text: str) -> Verification:
    """Check a token somebody holds; a single changed character fails. Reads no more than the token's bearer knows already."""
    signature = _signature(text)
    if not signature.ok:
        return Verification((signature,))
    claims = tokens.read_any(text)
    row = models.Decision.objects.select_related("policy_version", "consumption", "context_key").filter(pk=claims["jti"]).first()
    if row is None:
        return Verification((signature, Check("record", False, "There is no record of this decision.", claims["jti"])))
    return _verify(row, text, signature)


def verify_row(row: models.Decision) -> Verification:
    """Check a decision by its stored row."""
    return _verify(row, row.token, _signature(row.token))


def _verify(row: models.Decision, token: str, signature: Check) -> Verification:
    claims = tokens.unverified_claims(token)
    content = _content(row)
    checks = [signature, _record(row, claims), _context(content, claims)]
    if row.policy_version is not None:
        policy = _policy(row.policy_version, claims)
        checks.append(policy)
        if policy.ok:
            checks.append(_replay(row, row.policy_version, content))
    else:
        checks.append(_before_policy(row))
    if row.approvals:
        checks.append(_second_person(row))
    checks += [_log(row, token, claims), _use(row)]
    return Verification(tuple(checks), row.pk)


def _content(row: models.Decision) -> str | contexts.ContentDamaged | None:
    """The context's text; None if it was erased."""
    try:
        return contexts.content_text(row)
    except contexts.ContentErased:
        return None
    except contexts.ContentDamaged as error:
        return error


def _signature(token: str) -> Check:
    try:
        claims = tokens.read_any(token)
    except tokens.TokenInvalid as error:
        return Check("signature", False, "This token was not issued by this bank, or it was changed afterwards.", str(error))
    key = tokens.key_id(token)
    sentence = "The bank signed this token, and nothing in it was changed since."
    if tokens.is_advice(claims):
        sentence += " It answers another system’s question and permits nothing at the bank."
    return Check("signature", True, sentence, f"Ed25519, key {key}")


def _record(row: models.Decision, claims: dict[str, Any]) -> Check:
    different = sorted(_differences(claims, claims_of(row, with_audience=tokens.has_audience(claims))))
    if different:
        return Check("record", False, "The stored record says something else than the token.", ", ".join(different))
    return Check("record", True, "The stored record says the same as the token.", f"{len(claims)} claims compared")


def _differences(claims: dict[str, Any], stored: dict[str, Any]) -> Iterator[str]:
    return (name for name in claims.keys() | stored.keys() if claims.get(name) != stored.get(name))


def _context(content: str | contexts.ContentDamaged | None, claims: dict[str, Any]) -> Check:
    if content is None:
        return Check("context", True, "The facts it was made on were erased with the customer’s key.", "content erased")
    found = "" if isinstance(content, contexts.ContentDamaged) else sha256(content.encode()).hexdigest()
    if found != claims.get("context_hash"):
        return Check("context", False, "The facts kept for this decision are not those it was made on.", f"sha256 {found}")
    return Check("context", True, "The facts kept for this decision are those it was made on.", f"sha256 {found}")


def _policy(version: models.PolicyVersion, claims: dict[str, Any]) -> Check:
    if texts := version.get_deferred_fields() & {"policies", "schema", "examples"}:
        version.refresh_from_db(fields=texts)  # together, not one by one
    found = text_hash(version.policies, version.schema, version.examples)
    if not found == version.sha256 == claims.get("policy", {}).get("sha256"):
        return Check("policy", False, f"The text of policy version {version.number} is not the one this decision names.", f"sha256 {found}")
    return Check("policy", True, f"The text of policy version {version.number} is the one this decision names.", f"sha256 {found}")


def _replay(row: models.Decision, version: models.PolicyVersion, content: str | contexts.ContentDamaged | None) -> Check:
    if content is None:
        return Check("replay", True, "It cannot be made again: its content was erased.", "content erased")
    if isinstance(content, contexts.ContentDamaged):
        return Check("replay", False, "The decision could not be made again: the stored facts are damaged.", str(content))
    try:
        again = replay.Stored.from_json(json.loads(content)).put_to(text_of(version.pk, version.sha256))
    except replay.FAILURES as error:
        return Check("replay", False, "The decision could not be made again from the stored facts.", str(error))
    answer = f"{again.outcome} by {', '.join(again.rules)}"
    if not again.same_as(row):
        return Check("replay", False, "Made again from the stored facts, the decision comes out differently.", answer)
    return Check("replay", True, "Made again from the stored facts, the decision comes out the same.", answer)


def _before_policy(row: models.Decision) -> Check:
    if row.outcome == Outcome.PERMIT and row.rules and all(BEYOND_POLICIES.get(rule) == row.action for rule in row.rules):
        return Check("policy", True, "It comes before any policy: a rule of bankos itself permits it.", ", ".join(row.rules))
    refused = row.outcome == Outcome.DENY and set(row.rules) <= BEFORE_POLICY
    sentence = (
        "The request was refused before any policy was asked." if refused else "The decision names no policy, yet it is not a refusal."
    )
    return Check("policy", refused, sentence, ", ".join(row.rules))


def _second_person(row: models.Decision) -> Check:
    if not any("decision" in named for named in row.approvals):
        return Check("second person", True, "A second person agreed, before answers were decisions of their own.", "not in the log")
    try:
        agreements.hold(row)
    except agreements.ApprovalVoid as error:
        return Check("second person", False, "That a second person agreed to this cannot be shown.", str(error))
    who = ", ".join(named["decision"] for named in row.approvals)
    return Check("second person", True, "A second person agreed to exactly this, in a decision of their own.", who)


# What the log says, by whether that is well.
_IN_THE_LOG = {
    transparency.Presence.HELD: (True, "It is in the signed log at its place: nothing was removed before or after it."),
    transparency.Presence.WAITING: (
        True,
        f"The log takes it up with its next checkpoint, usually within {transparency.SECONDS_TO_A_CHECKPOINT} seconds.",
    ),
    transparency.Presence.ELSEWHERE: (False, "Its token was made for another place in the log."),
    transparency.Presence.ANOTHER: (False, "The log holds something else at its place."),
    transparency.Presence.USE_GONE: (False, "The log holds a use of it of which there is no record."),
    transparency.Presence.USE_ANOTHER: (False, "The record of its use is not what the log holds."),
    transparency.Presence.DAMAGED: (False, "The log itself is not what the bank signed."),
}


def _log(row: models.Decision, token: str, claims: dict[str, Any]) -> Check:
    place = claims.get("log")
    found = transparency.presence_of(row, token=token, place=place.get("index") if isinstance(place, dict) else None)
    ok, sentence = _IN_THE_LOG[found.presence]
    last = found.checkpoint
    signed = (
        f"{last.size:,} entries signed at {last.created_at:%Y-%m-%d %H:%M:%S} UTC, root {last.root.hex()}" if last else "nothing signed yet"
    )
    return Check("log", ok, sentence, f"entry {found.index:,}; {signed}")


def _use(row: models.Decision) -> Check:
    consumption = getattr(row, "consumption", None)
    if consumption is None:
        words = "It has not been used." if row.outcome == Outcome.PERMIT else "It permits nothing, and nothing was done with it."
        return Check("use", True, words)
    used = f"{consumption.consumed_at:%Y-%m-%d %H:%M:%S} UTC"
    if row.outcome != Outcome.PERMIT or not row.issued_at <= consumption.consumed_at <= row.expires_at:
        return Check("use", False, "It was used although it permitted nothing at that moment.", used)
    return Check("use", True, "It was used once, in time.", used)
