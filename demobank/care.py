"""Customers looked after with care: a portfolio with its relationship manager, a VIP, and one who works at the bank.

All of it is arranged as people of a bank arrange it: an administrator asks, and a compliance officer agrees where the policies want one.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from bankos.platform import actors, clock
from bankos.platform.models import User
from customers import search
from customers.care import arranging, granting
from customers.models import Portfolio, PortfolioPlace, Protection
from sentinel import actions
from sentinel.actions import NotPossible, Ran

from .staff import LOGINS

OWNERS, PRIVATE, STAFF = "business-owners", "private-office", "staff-desk"
MANAGER, COLLEAGUE = "fiadh", "tomas"
IN_PORTFOLIO = ("Nuala McGettigan", "Quill & Kettle Café Ltd")
VIP, WORKS_HERE = "Jean-Baptiste Lefèvre-Moreau", "Tomás Keogh"
LISTED = {PRIVATE: ("cian", "maeve"), STAFF: ("ruairi", "niamh")}
ASKS, AGREE = "admin", ("maeve", "niamh")


def arrange() -> None:
    """Doing it again changes nothing. Needs the customers, the logins and the rules in force."""
    for login in LOGINS:
        if login.branch:
            _let_see("branch", _list_of("branch", login.branch), login.username, "Works here")
    owners, private, desk = _list_of("portfolio", OWNERS), _list_of("circle", PRIVATE), _list_of("circle", STAFF)
    if Portfolio.objects.filter(pk=owners, manager=None).exists():
        manager = str(_user(MANAGER).pk)
        _done(lambda: arranging.arrange(owners, manager=manager, team="", reason="Looks after business owners", **_by()))
    for name in IN_PORTFOLIO:
        _place(_customer(name), owners)
    for circle, usernames in LISTED.items():
        for username in usernames:
            _let_see("circle", _list_of("circle", circle), username, "Serves these customers")
    _protect(_customer(VIP), private, None, "Known from the newspapers")
    _protect(_customer(WORKS_HERE), desk, _user(COLLEAGUE).pk, "Works here")


def _place(party: UUID, portfolio: UUID) -> None:
    if not PortfolioPlace.objects.filter(party=party, portfolio=portfolio).exists():
        _done(lambda: arranging.place(party, portfolio=portfolio, reason="Owns a business", **_by()))


def _protect(party: UUID, circle: UUID, employee: UUID | None, reason: str) -> None:
    if not Protection.objects.in_force().filter(party__golden=party).exists():
        _done(lambda: arranging.protect(party, circle=circle, employee=employee, reason=reason, **_by()))


def _let_see(kind: str, list_id: UUID, username: str, reason: str) -> None:
    person = _user(username)
    if str(person.pk) not in {one.holder for one in granting.holders(kind, list_id, actor=_by()["actor"], at=clock.now())}:
        _done(lambda: granting.grant(kind, list_id, person_id=person.pk, until=None, reason=reason, **_by()), not_by=username)


def _list_of(kind: str, code: str) -> UUID:
    """The branch, portfolio or circle of this code, made if it is not there."""
    actor = _by()["actor"]
    found = {one.code: one.id for one in granting.lists(kind, actor=actor, at=clock.now())}
    names = {OWNERS: "Business owners", PRIVATE: "Private office", STAFF: "Staff desk"}
    return found[code] if code in found else arranging.make(kind, code=code, name=names[code], actor=actor)


def _done(ask: Callable[[], Ran], *, not_by: str = "") -> None:
    """Ask, and let a compliance officer agree who does not profit, if one has to."""
    asked = ask()
    if not asked.done:
        if asked.request_id is None:
            raise NotPossible(asked.sentence)
        officer = actors.employee(_user(next(name for name in AGREE if name != not_by)))
        actions.approve(asked.request_id, actor=officer, at=clock.now(), note="Looked at it.")


def _by() -> dict[str, Any]:
    return {"actor": actors.employee(_user(ASKS)), "at": clock.now()}


def _user(username: str) -> User:
    return User.objects.get(username=username)


def _customer(name: str) -> UUID:
    return search.find(name, actor=actors.system("demobank"), limit=1)[0].party_id
