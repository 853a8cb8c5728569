"""Sentinel's own acts in words: what would be done, what it changes, and what to look at before agreeing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from bankos.platform.actors import Role
from bankos.platform.models import User
from customers.care import granting, revealing
from customers.care.arranging import UNPROTECT_CUSTOMER
from customers.care.emergencies import BREAK_GLASS
from customers.care.granting import GRANT_VISIBILITY
from customers.care.masking_rules import CHANGE_MASKING
from customers.care.revealing import UNMASK
from customers.channels import clients as programs
from customers.channels.clients import CLIENT_CHANGE
from customers.linkage.merging import PARTY_JOIN, PARTY_PART
from customers.models import ApiClient, Branch, Scope
from sentinel import autonomy, catalogue, policy
from sentinel.actions import Change
from sentinel.authzen.granting import ASSIGN_STORE, LET_ASK
from sentinel.automation.levels import LOWER_AUTONOMY, RAISE_AUTONOMY
from sentinel.automation.stops import START_AUTOMATION
from sentinel.decisions import DecisionView
from sentinel.erasure import ERASE_CUSTOMER
from sentinel.mandate_changes import DELEGATE_APPROVAL, GRANT_MANDATE
from sentinel.models import PolicyStore
from sentinel.people.facts import NO_ROLE
from sentinel.people.joining import JOIN, MOVE, RESET
from sentinel.people.roles import GRANT_ROLE
from sentinel.policy_changes import ACTIVATE

LEVELS = dict(autonomy.Level.choices)


def customers_of(found: DecisionView) -> frozenset[UUID]:
    """The customers an act is about: who answers must be allowed to see each of them."""
    if found.resource_type != "Party":
        return frozenset()
    given: Mapping[str, Any] = (found.context or {}).get("context", {}).get("parameters", {})
    return frozenset(UUID(id) for id in (found.resource_id, given.get("other")) if id)


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
    if words is not None and given:
        return words(found, given)
    reason = str(given.get("reason", ""))
    if found.resource_type != "Party":
        return Described(found.action_title, found.resource_type, "", reason, (), ())
    url = reverse("customer", args=[found.resource_id])
    return Described(found.action_title, "Customer", url, reason, (), (Evidence("customer", "The customer", url),))


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
        changes=(Change("Mandate", "none of this", f"{amount} until {_day(given['until'])}"),),
        evidence=(),
    )


def _delegation(found: DecisionView, given: Mapping[str, Any]) -> Described:
    person, role = _person(found.resource_id), given["role"].replace("_", " ")
    return Described(
        title=f"Lend {person} the role {role} of {found.actor_name}",
        about=person,
        about_url=reverse("standing-in"),
        reason=given["reason"],
        changes=(Change("Approves with this role", "no", f"in place of {found.actor_name} until {_day(given['until'])}"),),
        evidence=(),
    )


_YOUR_CODE = Change("Code", "", "you make one on their page and tell it to them; with the link alone nobody gets in")


def _newcomer(found: DecisionView, given: Mapping[str, Any]) -> Described:
    role = _role(given["role"]) if given["role"] != NO_ROLE else "none"
    here = User.objects.filter(pk=found.resource_id).exists()
    return Described(
        title=f"Let {given['name']} in as a new colleague",
        about=given["name"],
        about_url=reverse("person", args=[found.resource_id]) if here else "",
        reason=given["reason"],
        changes=(
            Change("User name", "", given["username"]),
            Change("Job title", "", given["job_title"]),
            Change("Role", "none", role),
            Change("Branch", "", _branch(given["branch"])),
            Change("Reports to", "", _above(given["manager"])),
            _YOUR_CODE,
        ),
        evidence=(Evidence("people", "The people of the bank", reverse("people")),),
    )


def _of_person(title: str, *changes: Callable[[Mapping[str, Any], User], Change]) -> Callable[[DecisionView, Mapping[str, Any]], Described]:
    """An act on somebody who is here: beside what is asked stands how it is now, unless that is the same by now."""

    def words(found: DecisionView, given: Mapping[str, Any]) -> Described:
        user, url = User.objects.select_related("manager").get(pk=found.resource_id), reverse("person", args=[found.resource_id])
        name = user.get_full_name()
        told = (change(given, user) for change in changes)
        return Described(
            title=title.format(name),
            about=name,
            about_url=url,
            reason=given["reason"],
            changes=tuple(replace(one, now="") if one.now == one.after else one for one in told),
            evidence=(Evidence("person", "The person, with roles and history", url),),
        )

    return words


def _role(role: str) -> str:
    return Role(role).label.lower()


def _roles(user: User, besides: str) -> str:
    """What somebody holds now, besides one role."""
    held = user.memberships.filter(withdrawn_at=None).exclude(role=besides).order_by("role").values_list("role", flat=True)
    return ", ".join(map(_role, held)) or "none"


def _above(person_id: str | UUID | None) -> str:
    return _person(person_id) if person_id else "nobody"


def _branch(code: str) -> str:
    return Branch.objects.filter(code=code).values_list("name", flat=True).first() or code or "head office"


def _erase(found: DecisionView, given: Mapping[str, Any]) -> Described:
    url = reverse("customer", args=[found.resource_id])
    return Described(
        title="Erase a customer",
        about="Customer",
        about_url=url,
        reason=given["reason"],
        changes=(Change("What nothing keeps by law", "readable by staff", "gone for ever; signatures and log stay"),),
        evidence=(Evidence("customer", "The customer", url),),
    )


def _unmask(found: DecisionView, given: Mapping[str, Any]) -> Described:
    url, field = reverse("customer", args=[found.resource_id]), revealing.label_of(given["field"])
    return Described(
        title=f"Show {found.actor_name} a customer’s {field}",
        about="Customer",
        about_url=url,
        reason=given["reason"],
        changes=(Change(field.capitalize(), "masked", "whole for an hour, to this person alone"),),
        evidence=(Evidence("customer", "The customer", url),),
    )


def _break_glass(found: DecisionView, given: Mapping[str, Any]) -> Described:
    """The same for a protected customer and for a number nobody has: who asked reads it, too."""
    return Described(
        title=f"Open a customer to {found.actor_name} in an emergency",
        about="The customer with the number that was typed, if there is one",
        about_url="",
        reason=given["reason"],
        changes=(Change("Access", "none", f"{given['minutes']} minutes, to look and not to act"),),
        evidence=(Evidence("emergencies", "What was asked for", reverse("emergencies")),),
    )


_CONTRADICTIONS = {
    "none": "nothing",
    "birth_date": "birth dates",
    "national_id": "national numbers",
    "both": "birth dates and national numbers",
}


def _join(found: DecisionView, given: Mapping[str, Any]) -> Described:
    kept, other = (reverse("customer", args=[id]) for id in (found.resource_id, given["other"]))
    return Described(
        title="Make two customers one",
        about="Customer",
        about_url=kept,
        reason=given["reason"],
        changes=(
            Change("Customers", "two", "one"),
            Change("What contradicts", "", _CONTRADICTIONS.get(given["contradicts"], given["contradicts"])),
        ),
        evidence=(
            Evidence("customer", "The customer whose number stays", kept),
            Evidence("other", "The customer who becomes part of it", other),
        ),
    )


def _part(found: DecisionView, given: Mapping[str, Any]) -> Described:
    url = reverse("customer-records", args=[found.resource_id])
    return Described(
        title="Undo a merge" if given["act"] else "Split a record off a customer",
        about="Customer",
        about_url=url,
        reason=given["reason"],
        changes=(Change("Customers", "one", "two"),),
        evidence=(Evidence("records", "The records of the customer", url),),
    )


def _grant(found: DecisionView, given: Mapping[str, Any]) -> Described:
    person, kind, name = _person(given["person"]), given["kind"], granting.name_of(given["kind"], UUID(found.resource_id))
    until = f"until {_day(given['until'])}" if given["until"] else "no end"
    what = f"the customers the circle {name} protects" if kind == "circle" else f"the customers of the {kind} {name}"
    return Described(
        title=f"Let {person} see {what}",
        about=f"{kind.capitalize()} {name}",
        about_url="",
        reason=given["reason"],
        changes=(Change("Sees them", "not by this", until),),
        evidence=(),
    )


def _unprotect(found: DecisionView, given: Mapping[str, Any]) -> Described:
    url = reverse("customer", args=[found.resource_id])
    return Described(
        title="End the protection of a customer",
        about="Customer",
        about_url=url,
        reason=given["reason"],
        changes=(Change("Seen by", "the few of a circle", "everybody within whose reach they are"),),
        evidence=(Evidence("customer", "The customer", url),),
    )


def _masking(found: DecisionView, given: Mapping[str, Any]) -> Described:
    field, role = revealing.label_of(found.resource_id), given["role"].replace("_", " ")
    return Described(
        title=f"Let everybody in the role {role} see {field} whole",
        about="Masking",
        about_url="",
        reason=given["reason"],
        changes=(Change(field.capitalize(), "masked", "whole, for every customer they see"),),
        evidence=(),
    )


def _program(found: DecisionView, given: Mapping[str, Any]) -> Described:
    what, before, after = programs.proposal_of(UUID(given["proposal"]))
    said = before or after if what == "issue_key" else after
    name = said["name"]
    titles = {"make": f"Let in the program {name}", "change": f"Change the program {name}", "issue_key": f"Give the program {name} a key"}
    labels = {
        "kind": "What it is", "scopes": "May", "reach": "Knows of", "branches": "Branches", "portfolios": "Portfolios",
        "protected": "Protected customers", "system": "Source of its events", "owner": "Answers for it",
        "days": "The key is good for (days)",
    }  # fmt: skip
    old = {} if what == "issue_key" or before is None else before
    changes = tuple(
        Change(label, _plainly(field, old.get(field)), _plainly(field, after[field]))
        for field, label in labels.items()
        if field in after and after[field] != old.get(field) and (after[field] or old.get(field))
    )
    if what == "issue_key":
        opens = ", ".join(["masked fields"] * ("state.unmasked" in said["scopes"]) + ["protected customers"] * bool(said["protected"]))
        changes += (Change("It opens", "", f"{_plainly('reach', said['reach'])}{': ' + opens if opens else ''}"),)
    return Described(
        title=titles.get(what, found.action_title),
        about=f"the program {name}",
        about_url="",
        reason=given["reason"],
        changes=changes,
        evidence=(),
    )


def _store(found: DecisionView, given: Mapping[str, Any]) -> Described:
    before = PolicyStore.objects.filter(name=found.resource_id).first()
    owner = "nobody" if before is None or before.owner_id is None else _person(before.owner_id)
    return Described(
        title=f"Let {_person(given['owner'])} answer for the policy store {given['title']}",
        about=f"the policy store {found.resource_id}",
        about_url="",
        reason=given["reason"],
        changes=(Change("Writes its policies, and lets programs ask it", owner, _person(given["owner"])),),
        evidence=(),
    )


def _store_client(found: DecisionView, given: Mapping[str, Any]) -> Described:
    may = "ask, and change its policies" if given["manages"] == "yes" else "ask"
    return Described(
        title=f"Let the program {given['name']} change the policy store {found.resource_id}",
        about=f"the policy store {found.resource_id}",
        about_url="",
        reason=given["reason"],
        changes=(Change("The program may", "nothing", may), Change("Evaluations a minute", "none", f"{given['per_minute']:,}")),
        evidence=(),
    )


def _plainly(field: str, value: Any) -> str:
    """What a program is to be, for who agrees to it."""
    if field == "owner":
        return _person(value) if value else "nobody"
    if field == "protected":
        return "yes" if value else "no"
    words = {"reach": dict(ApiClient.Reach.choices), "kind": dict(ApiClient.Kind.choices), "scopes": dict(Scope.choices)}.get(field, {})
    if isinstance(value, list):
        return ", ".join(str(words.get(one, one)) for one in value) or "none"
    return str(words.get(value, value)) if value not in (None, "") else "none"


_WORDS: Mapping[str, Callable[[DecisionView, Mapping[str, Any]], Described]] = {
    ACTIVATE.name: _policy,
    RAISE_AUTONOMY.name: _level,
    LOWER_AUTONOMY.name: _level,
    START_AUTOMATION.name: _start,
    GRANT_MANDATE.name: _mandate,
    DELEGATE_APPROVAL.name: _delegation,
    ERASE_CUSTOMER.name: _erase,
    JOIN.name: _newcomer,
    MOVE.name: _of_person(
        "Move {}",
        lambda given, now: Change("Branch", _branch(now.branch_code), _branch(given["branch"])),
        lambda given, now: Change("Reports to", _above(now.manager_id), _above(given["manager"])),
        lambda given, now: Change("Job title", now.job_title or "none", given["job_title"]),
    ),
    RESET.name: _of_person(
        "Give {} a new way in",
        lambda given, now: Change("Password and second step", "theirs", "gone"),
        lambda given, now: _YOUR_CODE,
    ),
    GRANT_ROLE.name: _of_person("Give {} a role", lambda given, now: Change("Role", _roles(now, given["role"]), _role(given["role"]))),
    UNMASK.name: _unmask,
    BREAK_GLASS.name: _break_glass,
    GRANT_VISIBILITY.name: _grant,
    UNPROTECT_CUSTOMER.name: _unprotect,
    CHANGE_MASKING.name: _masking,
    CLIENT_CHANGE.name: _program,
    ASSIGN_STORE.name: _store,
    LET_ASK.name: _store_client,
    PARTY_JOIN.name: _join,
    PARTY_PART.name: _part,
}


def _level_words(level: str) -> str:
    return {"suggest": "suggest", "act_with_approval": "act with approval", "act_alone": "act alone", "watch": "only watch"}.get(
        level, level
    )


def _title(action: str) -> str:
    return catalogue.title_of(action) or "Everything"


def _person(user_id: str | UUID) -> str:
    user = User.objects.filter(pk=UUID(str(user_id))).first()
    return user.get_full_name() if user else "A former employee"


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B %Y}"


def _moment(text: str) -> str:
    local = timezone.localtime(datetime.fromisoformat(text))
    return f"{local.day} {local:%B %Y, %H:%M}"
