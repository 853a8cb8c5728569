"""What staff answer to a suggestion: accept, later, decline. Each is a decision of its own, as that person's act."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import models, transaction

from bankos.platform import clock, events
from bankos.platform.actors import Actor
from customers import acting, timeline, visibility
from customers.visibility import NotVisible
from journeys import work
from sentinel import actions
from sentinel.actions import Action, NotPossible, Permitted
from sentinel.authority import DecidingRule, Decision, Outcome, keeping_evidence
from sentinel.automation import evidence
from sentinel.automation.evidence import Verdict
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

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
        sentinel.actions.NotPossible: the step cannot be taken any more (the money is gone, say).
    """
    with keeping_evidence(NotPossible):
        row = _answerable(rec_id, actor, at)
        ran = actions.run(
            actions.declared(row.action),
            actor=actor,
            resource_id=str(row.party_id),
            parameters=row.parameters,
            at=at,
            purposes=PURPOSES,
            note=row.title,
        )
        answer = _accepted(row, ran.decision)
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
    with keeping_evidence(NotPossible):
        row = _answerable(rec_id, actor, at)
        decision = _own_act(POSTPONE, row, {"until": until.isoformat()}, actor=actor, at=at)
        answer = _answer(decision, done=f"Put off until {until.day} {until:%B}.")
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
    with keeping_evidence(NotPossible):
        row = _answerable(rec_id, actor, at)
        decision = _own_act(DECLINE, row, {"reason": reason.value}, actor=actor, at=at)
        answer = _answer(decision, done="Declined. Thank you for saying why.")
        _record(row, Given.DECLINED, answer, actor=actor, reason=reason, note=note, at=at)
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


def _own_act(action: Action, row: Recommendation, said: dict[str, str], *, actor: Actor, at: datetime) -> Decision:
    """An answer that has no effect outside."""
    parameters = {"recommendation": str(row.pk), **said}
    return actions.run(action, actor=actor, resource_id=str(row.party_id), parameters=parameters, at=at, note=row.title).decision


def _postponed(permitted: Permitted) -> None:
    row, until = _open(permitted), date.fromisoformat(permitted.parameters["until"])
    row.quiet_until = until
    _close(row, State.POSTPONED)
    _to_timeline(row, f"Put off until {until.day} {until:%B}: {row.title}", permitted)


def _declined(permitted: Permitted) -> None:
    row, reason = _open(permitted), DeclineReason(permitted.parameters["reason"])
    row.quiet_until = clock.bank_date(permitted.at) + QUIET_AFTER_NO
    _close(row, State.DECLINED)
    _to_timeline(row, f"Declined ({reason.label.lower()}): {row.title}", permitted)
    if reason in AGAINST_THE_SUGGESTION:
        evidence.record(row.decision_id, Verdict.DISAGREED, reviewer=permitted.actor, reason=reason.value, at=permitted.at)


def _open(permitted: Permitted) -> Recommendation:
    row = Recommendation.objects.select_for_update().filter(pk=permitted.parameters["recommendation"], state=State.OPEN).first()
    if row is None:
        raise NotPossible("Somebody has answered this suggestion, or its day has come.")
    return row


POSTPONE = actions.declare(
    ActionType(
        name="recommendation.postpone",
        title="Put a suggestion off",
        resource_type="Party",
        parameters={"recommendation": ParameterKind.UUID, "until": ParameterKind.DATE},
        risk=RiskTier.LOW,
    ),
    facts=acting.customer,
    effect=_postponed,
)
DECLINE = actions.declare(
    ActionType(
        name="recommendation.decline",
        title="Decline a suggestion",
        resource_type="Party",
        parameters={"recommendation": ParameterKind.UUID, "reason": ParameterKind.CODE},
        risk=RiskTier.LOW,
    ),
    facts=acting.customer,
    effect=_declined,
)


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


def _to_timeline(row: Recommendation, summary: str, permitted: Permitted) -> None:
    timeline.record_act(
        party_id=row.party_id,
        kind="answer",
        channel="console",
        summary=summary,
        actor=permitted.actor,
        decision_id=permitted.decision.id,
        at=permitted.at,
        key=f"answer:{permitted.decision.id}",
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
