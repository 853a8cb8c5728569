"""Sentinel's own acts in words: what would be done, what it changes, and what to look at before agreeing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from journeys.approvals import Change
from sentinel import action_types, autonomy, catalogue, policy
from sentinel.decisions import DecisionView

LEVELS = dict(autonomy.Level.choices)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something to look at before agreeing; `item` is the name it is kept by."""

    item: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Described:
    """One of sentinel's own acts as its second person reads it."""

    title: str
    about: str
    about_url: str
    reason: str
    changes: tuple[Change, ...]
    evidence: tuple[Evidence, ...]


def described(found: DecisionView) -> Described:
    """The act this decision is about. Queries: 0 to 2."""
    given: Mapping[str, Any] = (found.context or {}).get("context", {}).get("parameters", {})
    words = _WORDS.get(found.action)
    if words is None or not given:
        return Described(found.action_title, found.resource_type, "", "", (), ())
    return words(found, given)


def _policy(found: DecisionView, given: Mapping[str, Any]) -> Described:
    head = policy.head_of(UUID(given["version"]))
    before = policy.newest_in_force(head.store, before=found.issued_at)
    url = reverse("policy", args=[head.number])
    start = f"on {_moment(given['from'])}" if given["from"] else "as soon as it is approved"
    return Described(
        title=f"Put policy version {head.number} in force",
        about="Policies of the bank",
        about_url=url,
        reason=head.note,
        changes=(
            Change("Version in force", str(before) if before else "none", str(head.number)),
            Change("From", "", start),
        ),
        evidence=(Evidence("text", "What changes in the text", url), Evidence("impact", "What it would have changed", f"{url}#impact")),
    )


def _level(found: DecisionView, given: Mapping[str, Any]) -> Described:
    attributes = (found.context or {})["resource"]["attrs"]
    title = f"{_title(given['action'])}: let {given['subject']} {_level_words(given['level'])}"
    return Described(
        title=title,
        about="Automation",
        about_url=reverse("automation"),
        reason=given["reason"],
        changes=(Change("Level", LEVELS.get(attributes["level"], attributes["level"]), LEVELS.get(given["level"], given["level"])),),
        evidence=(Evidence("evidence", "The evidence for it", reverse("automation")),),
    )


def _start(found: DecisionView, given: Mapping[str, Any]) -> Described:
    return Described(
        title="Start automation again",
        about="Automation",
        about_url=reverse("automation"),
        reason=given["reason"],
        changes=(Change("Stop", "in force", "lifted"),),
        evidence=(Evidence("stop", "What was stopped, and why", reverse("automation")),),
    )


def _mandate(found: DecisionView, given: Mapping[str, Any]) -> Described:
    person = _person(found.resource_id)
    amount = f"{given['currency']} {given['amount']}"
    return Described(
        title=f"Give {person} a mandate: {_title(given['action']).lower()} up to {amount}",
        about=person,
        about_url="",
        reason=given["reason"],
        changes=(Change("Mandate", "none of this", f"{amount} until {given['until']}"),),
        evidence=(),
    )


def _erase(found: DecisionView, given: Mapping[str, Any]) -> Described:
    url = reverse("customer", args=[found.resource_id])
    return Described(
        title="Erase what decisions about a customer rested on",
        about="Customer",
        about_url=url,
        reason=given["reason"],
        changes=(Change("Facts of all decisions so far", "readable by staff", "gone for ever; signatures and log stay"),),
        evidence=(Evidence("customer", "The customer", url),),
    )


_WORDS: Mapping[str, Callable[[DecisionView, Mapping[str, Any]], Described]] = {
    action_types.ACTIVATE_POLICY.name: _policy,
    action_types.RAISE_AUTONOMY.name: _level,
    action_types.LOWER_AUTONOMY.name: _level,
    action_types.START_AUTOMATION.name: _start,
    action_types.GRANT_MANDATE.name: _mandate,
    action_types.ERASE_CUSTOMER.name: _erase,
}


def _level_words(level: str) -> str:
    return {"suggest": "suggest", "act_with_approval": "act with approval", "act_alone": "act alone", "watch": "only watch"}.get(
        level, level
    )


def _title(action: str) -> str:
    try:
        return catalogue.get(action).title
    except catalogue.NotRegistered:
        return action or "Everything"


def _person(user_id: str) -> str:
    user = get_user_model().objects.filter(pk=UUID(user_id)).first()
    return user.get_full_name() if user else "A former employee"


def _moment(text: str) -> str:
    local = timezone.localtime(datetime.fromisoformat(text))
    return f"{local.day} {local:%B %Y, %H:%M}"
