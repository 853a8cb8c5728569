"""What staff answer to a suggestion: accept, later, decline. Each is a decision of its own, as that person's act."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import models, transaction

from bankos.platform import clock, events
from bankos.platform.actors import Actor
from customers import timeline, visibility
from customers.state import facts_for_decision
from customers.visibility import NotVisible
from journeys import actions, work
from journeys.actions import ActionNotPossible
from sentinel.authority import DecidingRule, Decision, NotPermitted, Outcome, Resource, authorize_and_consume, keeping_evidence
from sentinel.automation import evidence
from sentinel.automation.evidence import Verdict

from .models import Recommendation, RecommendationAnswer

SOURCE = "insights.recommendations"
PURPOSES = ("payment_insight",)
QUIET_AFTER_YES = timedelta(days=30)
QUIET_AFTER_NO = timedelta(days=14)
LONGEST_LATER = timedelta(days=60)

State, Given = Recommendation.State, RecommendationAnswer.Answer


class AlreadyAnswered(Exception):
    """Somebody has answered this suggestion, or it was replaced by a newer one."""


class Expired(Exception):
    """The day this suggestion was made for has come: acting on it would be too late."""


class NoteRequired(Exception):
    """This reason needs a sentence of explanation."""


class NotThatLate(Exception):
    """A suggestion can be put off to a day after today, at most 60 days ahead."""


class DeclineReason(models.TextChoices):
    """Why not; staff read the label."""

    CUSTOMER_SAID_NO = "customer_said_no", "Customer said no"
    ALREADY_SOLVED = "already_solved", "Already solved"
    FACTS_WRONG = "facts_wrong", "Facts are wrong"
    WRONG_MOMENT = "wrong_moment", "Wrong moment"
    COULD_HARM = "could_harm", "Could harm"


# A customer who says no to a good suggestion says nothing against who made it.
AGAINST_THE_SUGGESTION = frozenset(set(DeclineReason) - {DeclineReason.CUSTOMER_SAID_NO})


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an answer. `outcome`: "done", "needs_approval" or "refused"; `sentence` says it to staff."""

    outcome: str
    decision_id: UUID
    sentence: str
    rules: tuple[DecidingRule, ...]


def accept(rec_id: UUID, *, actor: Actor, at: datetime, note: str = "") -> Answer:
    """Take the suggested step for the customer, as this person's own act.

    A refusal leaves the suggestion open: another person may be allowed to.

    Raises:
        NotVisible, AlreadyAnswered, Expired
        journeys.actions.ActionNotPossible: the step cannot be taken any more (the money is gone, say).
    """
    with keeping_evidence(ActionNotPossible):
        row = _answerable(rec_id, actor, at)
        performed = actions.perform(
            actor=actor,
            action=row.action,
            party_id=row.party_id,
            parameters=row.parameters,
            at=at,
            purposes=PURPOSES,
            summary=row.title,
        )
        answer = _accepted(row, performed.decision)
        _record(row, Given.ACCEPTED, answer, actor=actor, note=note, at=at)
        if answer.outcome != "refused":
            evidence.record(row.decision_id, Verdict.AGREED, reviewer=actor, at=at)
        return answer


def approval_answered(*, decision_id: UUID, approved: bool) -> None:
    """A second person has agreed to (or refused, or let lapse) what somebody accepted with this decision."""
    with transaction.atomic():
        rows = Recommendation.objects.select_for_update(of=("self",)).filter(state=State.AWAITING_APPROVAL)
        row = rows.filter(answers__decision_id=decision_id, answers__outcome="needs_approval").first()
        if row is not None:
            _close(row, State.ACCEPTED if approved else State.REFUSED)


def postpone(rec_id: UUID, *, actor: Actor, until: date, at: datetime) -> Answer:
    """Not now: nothing of this kind is suggested for this customer before `until`.

    Raises:
        NotVisible, AlreadyAnswered, Expired, NotThatLate
    """
    today = clock.bank_date(at)
    if not today < until <= today + LONGEST_LATER:
        raise NotThatLate("Choose a day after today, at most 60 days ahead.")
    with keeping_evidence():
        row = _answerable(rec_id, actor, at)
        parameters = {"recommendation": str(row.pk), "until": until.isoformat()}
        decision = _own_act(row, "recommendation.postpone", parameters, actor=actor, at=at)
        answer = _answer(decision, done=f"Put off until {until.day} {until:%B}.")
        if answer.outcome == "done":
            row.quiet_until = until
            _close(row, State.POSTPONED)
            _to_timeline(row, f"Put off until {until.day} {until:%B}: {row.title}", actor=actor, decision=decision, at=at)
        _record(row, Given.POSTPONED, answer, actor=actor, until=until, at=at)
    return answer


def decline(rec_id: UUID, *, actor: Actor, reason: DeclineReason, at: datetime, note: str = "") -> Answer:
    """Not this: say why in one code, and in words if it could do harm.

    Raises:
        NotVisible, AlreadyAnswered, Expired
        NoteRequired: `could_harm` without a note.
    """
    reason = DeclineReason(reason)
    if reason is DeclineReason.COULD_HARM and not note.strip():
        raise NoteRequired("Say what could harm the customer.")
    with keeping_evidence():
        row = _answerable(rec_id, actor, at)
        parameters = {"recommendation": str(row.pk), "reason": reason.value}
        decision = _own_act(row, "recommendation.decline", parameters, actor=actor, at=at)
        answer = _answer(decision, done="Declined. Thank you for saying why.")
        if answer.outcome == "done":
            row.quiet_until = clock.bank_date(at) + QUIET_AFTER_NO
            _close(row, State.DECLINED)
            _to_timeline(row, f"Declined ({reason.label.lower()}): {row.title}", actor=actor, decision=decision, at=at)
        _record(row, Given.DECLINED, answer, actor=actor, reason=reason, note=note, at=at)
        if answer.outcome == "done" and reason in AGAINST_THE_SUGGESTION:
            evidence.record(row.decision_id, Verdict.DISAGREED, reviewer=actor, reason=reason.value, at=at)
    return answer


def _answerable(rec_id: UUID, actor: Actor, at: datetime) -> Recommendation:
    """The open suggestion, locked: of two who answer at once, the second finds it answered."""
    row = Recommendation.objects.select_for_update().filter(pk=rec_id).exclude(state=State.WITHHELD).first()
    if row is None or not visibility.may_see(row.party_id, actor):
        raise NotVisible(str(rec_id))
    if row.state == State.EXPIRED or (row.state == State.OPEN and row.valid_until < clock.bank_date(at)):
        raise Expired("The day this suggestion was made for has come.")
    if row.state != State.OPEN:
        raise AlreadyAnswered("Somebody has already answered this suggestion.")
    return row


def _own_act(row: Recommendation, action: str, parameters: dict[str, str], *, actor: Actor, at: datetime) -> Decision:
    """Ask for, and use up, a permit for an answer that has no effect outside."""
    facts = facts_for_decision(row.party_id, at=at)
    resource = Resource("Party", str(row.party_id), facts.attributes)
    try:
        return authorize_and_consume(actor=actor, action=action, resource=resource, parameters=parameters, at=at)
    except NotPermitted as refusal:
        return refusal.decision


def _accepted(row: Recommendation, decision: Decision) -> Answer:
    answer = _answer(decision, done=f"Done: {row.title[:1].lower()}{row.title[1:]}.")
    if answer.outcome != "refused":
        row.quiet_until = row.as_of_date + QUIET_AFTER_YES
        _close(row, State.ACCEPTED if answer.outcome == "done" else State.AWAITING_APPROVAL)
    return answer


def _answer(decision: Decision, *, done: str) -> Answer:
    match decision.outcome:
        case Outcome.PERMIT:
            return Answer("done", decision.id, done, decision.rules)
        case Outcome.NEEDS_APPROVAL:
            return Answer("needs_approval", decision.id, f"Sent for approval. {decision.sentence}".strip(), decision.rules)
        case _:
            return Answer("refused", decision.id, f"Not allowed. {decision.sentence}".strip(), decision.rules)


def _close(row: Recommendation, state: str) -> None:
    row.state = state
    row.save(update_fields=["state", "quiet_until"])
    work.close(row.pk)


def _to_timeline(row: Recommendation, summary: str, *, actor: Actor, decision: Decision, at: datetime) -> None:
    timeline.record_act(
        party_id=row.party_id,
        kind="answer",
        channel="console",
        summary=summary,
        actor=actor,
        decision_id=decision.id,
        at=at,
        key=f"answer:{decision.id}",
    )


def _record(
    row: Recommendation,
    given: str,
    answer: Answer,
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
    note: str = "",
    until: date | None = None,
) -> None:
    RecommendationAnswer.objects.create(
        recommendation=row,
        answer=given,
        outcome=answer.outcome,
        reason=reason,
        note=note.strip(),
        until=until,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        decision_id=answer.decision_id,
        answered_at=at,
    )
    events.publish(
        "insights.recommendation.answered",
        subject=str(row.pk),
        data={
            "party": str(row.party_id),
            "answer": given,
            "outcome": answer.outcome,
            "reason": reason,
            "decision": str(answer.decision_id),
        },
        source=SOURCE,
        at=at,
    )
