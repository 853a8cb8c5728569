"""Programs: made, changed, given keys and revoked by administrators. What gives one anything takes two people, taking away does not.

A key is shown once, to who asked for it. Of several that are good at once each opens the same door: a new one is handed out before the old
one ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from bankos.platform import bearer
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from customers import programs
from customers.care.granting import reason_of
from customers.care.looks import person_of
from customers.models import ApiClient, Branch, ClientKey, ClientProposal, KeyLeave, Portfolio, Scope, SourceSystem
from customers.visibility import sees_protected
from sentinel import actions, approvals, authority
from sentinel.actions import Ask, NotPossible, Permitted, Ran
from sentinel.catalogue import ANSWERED_WITHIN, ActionType, ParameterKind, RiskTier

CLIENT = "ApiClient"
MARK = "bc_"
LIFETIME = timedelta(days=365)
LONGEST_LIFETIME = timedelta(days=730)
OVERLAP = timedelta(days=7)
LONGEST_OVERLAP = timedelta(days=90)
TO_MAKE_A_KEY = timedelta(days=1)
USED_TO_THE = timedelta(minutes=1)
TAKES = frozenset({"revoke", "revoke_key"})


class NotInCharge(LookupError):
    """Programs are the administrators' business; to everybody else there are none."""


class UnknownClient(LookupError):
    """There is no such program, or it was revoked."""


class UnknownKey(LookupError):
    """The program has no such key, or it is no good any more."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a program is and may do."""

    name: str
    kind: str
    scopes: tuple[str, ...]
    reach: str
    branches: tuple[str, ...] = ()
    portfolios: tuple[str, ...] = ()
    channel: str = "app"
    system: str = ""
    per_minute: int = 600
    owner: UUID | None = None
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of something asked to be done with a program: done, waiting for a second person, or refused."""

    client_id: UUID
    carried: Ran


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """`secret` is nowhere to be read again."""

    id: UUID
    secret: str
    expires_at: datetime


def in_charge(actor: Actor) -> None:
    """Raises NotInCharge."""
    if Role.ADMINISTRATOR not in actor.roles:
        raise NotInCharge


def make(described: Described, *, reason: str, actor: Actor, at: datetime) -> Asked:
    """Ask for a new program, without a key yet.

    Raises:
        NotInCharge, NotPossible, authority.AuthorityError
    """
    in_charge(actor)
    return _ask(uuid7(), "make", None, _plain(described), reason, actor=actor, at=at)


def change(client_id: UUID, described: Described, *, reason: str, actor: Actor, at: datetime) -> Asked:
    """Ask for a program to be and to be able to do something else. Once it is so, it takes effect with its next request.

    Raises:
        NotInCharge, UnknownClient, NotPossible, authority.AuthorityError
    """
    client = client_of(client_id, actor=actor)
    return _ask(client.pk, "change", _plain(described_of(client)), _plain(described), reason, actor=actor, at=at)


def issue_key(
    client_id: UUID, *, reason: str, actor: Actor, at: datetime, lifetime: timedelta = LIFETIME, overlap: timedelta = OVERLAP
) -> Asked:
    """Ask for a new key; once it is made, those there are end after `overlap`, or when they would have ended anyway.

    The key itself is made, and shown, by `make_key`.

    Raises:
        NotInCharge, UnknownClient, authority.AuthorityError
        NotPossible: a lifetime or overlap beyond what is allowed.
    """
    if not timedelta(days=1) <= lifetime <= LONGEST_LIFETIME or not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise NotPossible(f"A key lasts up to {LONGEST_LIFETIME.days} days, the one before it up to {LONGEST_OVERLAP.days} days more.")
    client = client_of(client_id, actor=actor)
    lasts = {"days": lifetime.days, "overlap_days": overlap.days}
    return _ask(client.pk, "issue_key", _plain(described_of(client)), lasts, reason, actor=actor, at=at)


def make_key(leave_id: UUID, *, actor: Actor, at: datetime) -> IssuedKey:
    """Make the key that was agreed to, once: by who asked for it, within a day. It is shown to nobody else.

    Raises:
        NotInCharge
        UnknownKey: there is none to be made, or not by this person, or not any more.
    """
    in_charge(actor)
    secret = bearer.new_secret(MARK)
    with transaction.atomic():
        leave = KeyLeave.objects.select_for_update().select_related("client").filter(pk=leave_id, user=actor.user_id, until__gt=at).first()
        if leave is None or leave.key_id is not None or leave.client.revoked_at is not None:
            raise UnknownKey(leave_id)
        overlap = timedelta(days=leave.overlap_days)
        _good(leave.client, at).filter(expires_at__gt=at + overlap).update(expires_at=max(at + overlap, at + timedelta(microseconds=1)))
        leave.key = ClientKey.objects.create(
            client=leave.client,
            sha256=bearer.hash_of(secret),
            ending=secret[-4:],
            created_at=at,
            created_by=actor.name,
            expires_at=at + timedelta(days=leave.days),
            decision_id=leave.decision_id,
        )
        leave.save(update_fields=["key"])
    return IssuedKey(leave.key.pk, secret, leave.key.expires_at)


def key_leaves(client_id: UUID, *, actor: Actor, at: datetime) -> list[UUID]:
    """The keys of this program that this person may make now. Raises NotInCharge. Queries: 1."""
    in_charge(actor)
    rows = KeyLeave.objects.filter(client=client_id, user=actor.user_id, key=None, until__gt=at, client__revoked_at=None)
    return list(rows.order_by("id").values_list("pk", flat=True))


def revoke_key(client_id: UUID, key_id: UUID, *, actor: Actor, at: datetime) -> None:
    """The next request with this key is refused.

    Raises:
        NotInCharge, UnknownClient, UnknownKey, authority.NotPermitted
    """
    client = client_of(client_id, actor=actor)
    if not _good(client, at).filter(pk=key_id).exists():
        raise UnknownKey(key_id)
    _take(client, "revoke_key", {"key": str(key_id)}, actor=actor, at=at)


def revoke(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Take everything from a program, for good: its next request is refused, and nothing is sent to it any more.

    Raises:
        NotInCharge, UnknownClient, authority.NotPermitted
    """
    _take(client_of(client_id, actor=actor), "revoke", {}, actor=actor, at=at)


def client_of(client_id: UUID, *, actor: Actor) -> ApiClient:
    """A program that may still ask. Raises NotInCharge, UnknownClient."""
    in_charge(actor)
    client = ApiClient.objects.filter(pk=client_id, revoked_at=None).first()
    if client is None:
        raise UnknownClient(client_id)
    return client


def client_with(secret: str, *, at: datetime) -> ApiClient | None:
    """The program that holds this secret, if it may still ask: not once who answers for it has left, until somebody else does.

    Queries: 1, and once a minute 1 more.
    """
    if not bearer.plausible(secret):
        return None
    good = ClientKey.objects.filter(sha256=bearer.hash_of(secret), revoked_at=None, expires_at__gt=at, client__revoked_at=None)
    key = good.filter(programs.ANSWERED_FOR).select_related("client").first()
    if key is None:
        return None
    if key.last_used_at is None or at - key.last_used_at >= USED_TO_THE:
        ClientKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key.client


def _good(client: ApiClient, at: datetime) -> Any:
    return ClientKey.objects.filter(Q(client=client), revoked_at=None, expires_at__gt=at)


def _check(described: Described) -> None:
    """Raises NotPossible."""
    if not described.name.strip():
        raise NotPossible("A program needs a name.")
    if unknown := set(described.scopes) - set(Scope.values):
        raise NotPossible(f"There is no right called {', '.join(sorted(unknown))}.")
    if described.kind not in ApiClient.Kind or described.reach not in ApiClient.Reach:
        raise NotPossible("Say what the program is, and whom it may know of.")
    if described.owner and not User.objects.filter(pk=described.owner, is_active=True).exists():
        raise NotPossible("Who answers for a program works at the bank.")
    if described.reach == ApiClient.Reach.SPOKEN_FOR and described.kind != ApiClient.Kind.CHANNEL:
        raise NotPossible("Only a channel app speaks for customers.")
    if (described.reach == ApiClient.Reach.LISTED) != bool(described.branches or described.portfolios):
        raise NotPossible("Name branches or portfolios for a program that may know of their customers, and for no other.")
    if described.protected and described.kind == ApiClient.Kind.AGENT:
        raise NotPossible("Nobody shows protected customers to AI agents.")
    if Scope.EVENTS_WRITE in described.scopes and not described.system:
        raise NotPossible("Say which source the events of this program belong to.")
    _all_of(Branch, described.branches)
    _all_of(Portfolio, described.portfolios)
    if described.system and not SourceSystem.objects.filter(pk=described.system).exists():
        raise NotPossible("There is no such source.")
    if not 1 <= described.per_minute <= 1_000_000:
        raise NotPossible("A program asks between once and a million times a minute.")


def described_of(client: ApiClient) -> Described:
    """The program as it is. Queries: 2."""
    return Described(
        name=client.name,
        kind=client.kind,
        scopes=tuple(client.scopes),
        reach=client.reach,
        branches=tuple(branch.code for branch in client.branches.all()),
        portfolios=tuple(portfolio.code for portfolio in client.portfolios.all()),
        channel=client.channel,
        system=client.system_id or "",
        per_minute=client.per_minute,
        owner=client.owner_id,
        protected=client.sees_protected,
    )


def widens(before: Described | None, after: Described) -> bool:
    """Whether the program gets anything it had not: a right, customers, a source to speak for, somebody else to answer for it."""
    if before is None:
        return True
    whole = before.reach == ApiClient.Reach.EVERYBODY
    narrower = (
        set(after.scopes) <= set(before.scopes)
        and after.protected <= before.protected
        and (whole or after.reach == before.reach)
        and (whole or ({*after.branches} <= {*before.branches} and {*after.portfolios} <= {*before.portfolios}))
    )
    return not narrower or (after.kind, after.system, after.owner) != (before.kind, before.system, before.owner)


def waiting(client_id: UUID | None, *, actor: Actor, at: datetime) -> list[approvals.Waiting]:
    """What was asked for of this program, or of those that are to be made, and waits. Raises NotInCharge. Queries: 3."""
    in_charge(actor)
    proposals = ClientProposal.objects.filter(asked_at__gt=at - ANSWERED_WITHIN)
    ids = proposals.filter(client_id=client_id) if client_id else proposals.filter(what="make")
    return approvals.waiting_about(CLIENT, [str(id) for id in ids.values_list("client_id", flat=True)], at=at)


def proposal_of(proposal_id: UUID) -> tuple[str, Mapping[str, Any] | None, Mapping[str, Any]]:
    """What was asked to be done, how the program stood, and how it is to be: for who has to agree to it. Raises NotPossible. Queries: 1."""
    row = ClientProposal.objects.filter(pk=proposal_id).first()
    if row is None:
        raise NotPossible("Nobody asked for this.")
    return row.what, row.before, row.described


def _ask(
    client_id: UUID,
    what: str,
    before: Mapping[str, Any] | None,
    described: Mapping[str, Any],
    reason: str,
    *,
    actor: Actor,
    at: datetime,
) -> Asked:
    with authority.keeping_evidence(NotPossible):
        proposal = ClientProposal.objects.create(
            client_id=client_id, what=what, before=before, described=described, asked_by_id=person_of(actor), asked_at=at
        )
        parameters = {"change": what, "proposal": str(proposal.pk), "reason": reason_of(reason)}
        carried = actions.run(
            CLIENT_CHANGE, actor=actor, resource_id=str(client_id), parameters=parameters, at=at, note=parameters["reason"]
        )
    return Asked(client_id, carried)


def _resource(asked: Ask) -> authority.Resource:
    """The program as it would be: what a proposal says, or what a key would open."""
    if asked.parameters["change"] in TAKES:
        return resource_of(_living(asked.resource_id))
    proposal = _proposal(asked.resource_id, asked.parameters)
    if proposal.what == "issue_key":
        return resource_of(_to_change(proposal), widened=True)
    described = _read(proposal.described)
    _check(described)
    if ApiClient.objects.filter(name=described.name.strip()).exclude(pk=asked.resource_id).exists():
        raise NotPossible(f"There is a program called {described.name} already.")
    before = described_of(_to_change(proposal)) if proposal.what == "change" else None
    return _as_resource(asked.resource_id, described, widened=widens(before, described))


def _carry_out(permitted: Permitted) -> None:
    if permitted.parameters["change"] in TAKES:
        _taken(permitted)
        return
    proposal = _proposal(permitted.resource_id, permitted.parameters)
    if proposal.what == "issue_key":
        client = _to_change(proposal)
        _hold(described_of(client), permitted.actor)
        KeyLeave.objects.create(
            client=client,
            user_id=person_of(permitted.actor),
            decision_id=permitted.decision.id,
            days=proposal.described["days"],
            overlap_days=proposal.described["overlap_days"],
            given_at=permitted.at,
            until=permitted.at + TO_MAKE_A_KEY,
        )
        return
    described = _read(proposal.described)
    if proposal.what == "make":
        client, before = ApiClient(pk=proposal.client_id, created_at=permitted.at), None
    else:
        client = _to_change(proposal)
        before = described_of(client)
    if widens(before, described):
        _hold(described, permitted.actor)
    _write(client, described, permitted.decision.id)


def _hold(described: Described, actor: Actor) -> None:
    """Nobody gives a program what they may not see themselves. Raises NotPossible."""
    if described.protected and not sees_protected(actor):
        raise NotPossible("Only who is listed in every circle lets a program know of protected customers.")


def _concerned(client_id: str, parameters: Mapping[str, Any]) -> list[str]:
    """Who answers for the program, and who would."""
    proposal = ClientProposal.objects.filter(pk=str(parameters["proposal"])).first() if parameters["proposal"] else None
    said = [proposal.before or {}, proposal.described] if proposal else []
    return sorted({str(one["owner"]) for one in said if one.get("owner")})


CLIENT_CHANGE = actions.declare(
    ActionType(
        name="client.change",
        title="Change what a program may do",
        resource_type=CLIENT,
        parameters={"change": ParameterKind.CODE, "proposal": ParameterKind.NAME, "reason": ParameterKind.TEXT},
        risk=RiskTier.HIGH,
        approval_lifetime=ANSWERED_WITHIN,
    ),
    facts=_resource,
    effect=_carry_out,
    concerned=_concerned,
)


def _proposal(client_id: str, parameters: Mapping[str, Any]) -> ClientProposal:
    row = ClientProposal.objects.filter(pk=str(parameters["proposal"]), client_id=client_id, what=str(parameters["change"])).first()
    if row is None:
        raise NotPossible("Nobody asked for this.")
    return row


def _to_change(proposal: ClientProposal) -> ApiClient:
    """The program, if it still stands as it did when the change was asked for. Raises NotPossible."""
    client = _living(proposal.client_id)
    if _plain(described_of(client)) != proposal.before:
        raise NotPossible("The program was changed since this was asked for. Ask again.")
    return client


def _plain(described: Described) -> dict[str, Any]:
    said = asdict(described)
    lists = {name: sorted(set(said[name])) for name in ("scopes", "branches", "portfolios")}
    return {**said, **lists, "name": described.name.strip(), "owner": str(described.owner) if described.owner else ""}


def _read(said: Mapping[str, Any]) -> Described:
    lists = {name: tuple(said[name]) for name in ("scopes", "branches", "portfolios")}
    return Described(**{**said, **lists, "owner": UUID(said["owner"]) if said["owner"] else None})


def _write(client: ApiClient, described: Described, decision: UUID) -> None:
    client.name, client.kind, client.reach = described.name.strip(), described.kind, described.reach
    client.scopes = sorted(set(described.scopes))
    client.channel, client.per_minute, client.owner_id = described.channel, described.per_minute, described.owner
    client.sees_protected, client.decision_id = described.protected, decision
    client.system = SourceSystem.objects.get(pk=described.system) if described.system else None
    client.save()
    client.branches.set(_all_of(Branch, described.branches))
    client.portfolios.set(_all_of(Portfolio, described.portfolios))


def _all_of(kind: type[Branch] | type[Portfolio], codes: Iterable[str]) -> list[Any]:
    """Raises NotPossible."""
    found: list[Any] = list(kind.objects.filter(code__in=list(codes)))
    if missing := set(codes) - {one.code for one in found}:
        raise NotPossible(f"There is no {kind._meta.verbose_name} {', '.join(sorted(missing))}.")
    return found


def _take(client: ApiClient, what: str, details: Mapping[str, str], *, actor: Actor, at: datetime) -> None:
    """Take something from a program. Raises authority.NotPermitted."""
    parameters = {"change": what, "proposal": "", "reason": ""}
    asked: dict[str, Any] = {"resource_id": str(client.pk), "parameters": parameters, "details": details}
    actions.run(CLIENT_CHANGE, actor=actor, at=at, **asked).or_raise()


def _taken(permitted: Permitted) -> None:
    client, at = _living(permitted.resource_id), permitted.at
    if permitted.parameters["change"] == "revoke_key":
        _good(client, at).filter(pk=permitted.details["key"]).update(revoked_at=at)
        return
    client.revoked_at, client.decision_id = at, permitted.decision.id
    client.save(update_fields=["revoked_at", "decision_id"])
    _good(client, at).update(revoked_at=at)


def _living(client_id: Any) -> ApiClient:
    """Raises NotPossible."""
    client = ApiClient.objects.filter(pk=client_id, revoked_at=None).first()
    if client is None:
        raise NotPossible("There is no such program any more.")
    return client


def resource_of(client: ApiClient, *, widened: bool = False) -> authority.Resource:
    """A program as policies see it, as it is. `widened`: whether what is asked gives it anything."""
    return _as_resource(str(client.pk), described_of(client), widened=widened)


def _as_resource(client_id: str, said: Described, *, widened: bool) -> authority.Resource:
    facts = {"kind": said.kind, "reach": said.reach, "scopes": sorted(set(said.scopes)), "protected": said.protected, "widens": widened}
    return authority.Resource(CLIENT, client_id, {**facts, **({"owner": str(said.owner)} if said.owner else {})})
