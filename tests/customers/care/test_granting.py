"""Who sees whom is given by decisions: not to oneself, by two where few may see, and the database takes nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import ProgrammingError, connection, models, transaction

from bankos.platform import actors, clock
from bankos.platform.actors import Actor, Role
from bankos.platform.ids import uuid7
from bankos.platform.models import User
from customers.care import arranging as acts
from customers.care import granting, masking_rules
from customers.models import (
    Branch,
    BranchGroupPermission,
    BranchUserPermission,
    Circle,
    CircleUserPermission,
    MaskingRule,
    PartyUserPermission,
    Portfolio,
    PortfolioPlace,
    Protection,
    Team,
    VisibilityChange,
)
from customers.visibility import NotVisible, may_see
from sentinel import actions, approvals
from sentinel.actions import NotPossible
from sentinel.models import Decision
from sentinel.people import joining, leaving
from tests import arranging, people
from tests.bank import Bank, Customer

pytestmark = pytest.mark.usefixtures("policies")


@pytest.fixture
def admin(bank: Bank) -> Actor:
    return bank.staff(Role.ADMINISTRATOR, name="Orla Tierney")


@pytest.fixture
def officer(bank: Bank) -> Actor:
    return bank.staff(Role.COMPLIANCE, name="Maeve Costello")


@pytest.fixture
def vip(neighbour: Customer, circle: str) -> Customer:
    arranging.protect(neighbour.id, circle=circle)
    return neighbour


def the(kind: type, **which: Any) -> UUID:
    found: UUID = kind.objects.get(**which).pk
    return found


def branch_of(customer: Customer) -> UUID:
    assert customer.id  # let in, and their branch with them
    return the(Branch, code=customer.branch.code)


def give(kind: str, list_id: UUID, to: Actor, *, by: Actor, until: Any = None) -> actions.Ran:
    return granting.grant(kind, list_id, person_id=UUID(to.id), until=until, reason="Moves here", actor=by, at=clock.now())


def test_a_branch_is_shown_and_hidden_again_with_its_decision_and_history(
    bank: Bank, admin: Actor, clerk: Actor, stranger: Customer
) -> None:
    branch = branch_of(stranger)
    assert give("branch", branch, clerk, by=admin).done
    assert may_see(stranger.id, clerk)
    [row] = BranchUserPermission.objects.filter(content_object=branch, user_id=clerk.id)
    assert granting.holders("branch", branch, actor=admin, at=clock.now())[0].decision_id == row.decision_id

    assert granting.withdraw("branch", branch, holder=clerk.id, reason="Moved away", actor=admin, at=clock.now()).done
    assert not may_see(stranger.id, clerk)
    assert [change.change for change in granting.history(branch, actor=admin)][:2] == [f"{clerk.name}: ended", f"{clerk.name}: may see"]
    with pytest.raises(NotPossible):
        granting.withdraw("branch", branch, holder=clerk.id, reason="Moved away", actor=admin, at=clock.now())


def test_what_was_given_until_a_day_ends_by_itself(admin: Actor, clerk: Actor, stranger: Customer) -> None:
    branch, at = branch_of(stranger), clock.now()
    assert give("branch", branch, clerk, by=admin, until=clock.bank_date(at)).done
    assert may_see(stranger.id, clerk)
    assert BranchUserPermission.objects.get(content_object=branch, user_id=clerk.id).until == clock.end_of_day(clock.bank_date(at))
    with arranging.before_everything():
        BranchUserPermission.objects.filter(user_id=clerk.id).update(until=at - timedelta(seconds=1))
    assert not may_see(stranger.id, clerk)
    with pytest.raises(NotPossible, match="passed"):
        give("branch", branch, clerk, by=admin, until=clock.bank_date(at) - timedelta(days=1))


def test_nobody_is_listed_in_a_circle_by_one_person(admin: Actor, officer: Actor, clerk: Actor, vip: Customer, circle: str) -> None:
    listed = the(Circle, code=circle)
    asked = give("circle", listed, clerk, by=admin)
    assert not asked.done
    assert not may_see(vip.id, clerk)
    assert [one.note for one in granting.waiting([listed], actor=admin, at=clock.now())] == ["Moves here"]

    assert asked.request_id
    assert actions.approve(asked.request_id, actor=officer, at=clock.now()).done
    assert may_see(vip.id, clerk)


def test_nobody_lists_themselves_however_they_ask(bank: Bank, admin: Actor, vip: Customer, circle: str) -> None:
    listed = the(Circle, code=circle)
    for kind, list_id in (("circle", listed), ("branch", branch_of(vip))):
        asked = give(kind, list_id, admin, by=admin)
        assert (asked.done, asked.request_id) == (False, None), kind
    portfolio = acts.make("portfolio", code="own", name="Own", actor=admin)
    assert not acts.arrange(portfolio, manager=admin.id, team="", reason="Mine", actor=admin, at=clock.now()).done
    other = bank.customer("Olive Other", branch=vip.branch)
    until = clock.bank_date(clock.now()) + timedelta(days=3)
    asked = acts.show_customer(other.id, person_id=UUID(admin.id), until=until, reason="Look", actor=admin, at=clock.now())
    assert (asked.done, asked.request_id) == (False, None)
    assert not may_see(vip.id, admin)


def test_who_is_listed_by_it_does_not_agree_to_it(bank: Bank, admin: Actor, officer: Actor, circle: str) -> None:
    asked = give("circle", the(Circle, code=circle), officer, by=admin)
    assert asked.request_id
    with pytest.raises(approvals.ApprovalError):
        actions.approve(asked.request_id, actor=officer, at=clock.now())
    # Nor does who reports to them.
    report = bank.staff(Role.COMPLIANCE, name="Rory Report")
    people.report_to(report.id, officer.id)
    with pytest.raises(approvals.ApprovalError):
        actions.approve(asked.request_id, actor=actors.employee(User.objects.get(pk=report.id)), at=clock.now())
    assert not CircleUserPermission.objects.filter(user_id=officer.id).exists()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_administrators_arrange_it(bank: Bank, clerk: Actor, stranger: Customer, role: Role) -> None:
    with pytest.raises(granting.NotInCharge):
        give("branch", branch_of(stranger), clerk, by=bank.staff(role))


def test_protection_takes_one_and_ending_it_two_who_see_the_customer(
    bank: Bank, admin: Actor, officer: Actor, clerk: Actor, neighbour: Customer, circle: str
) -> None:
    by: dict[str, Any] = {"actor": admin, "at": clock.now()}
    assert acts.protect(neighbour.id, circle=the(Circle, code=circle), employee=None, reason="Known", **by).done
    assert not may_see(neighbour.id, clerk)
    protection = Protection.objects.get()
    with pytest.raises(NotVisible):
        acts.unprotect(protection.pk, reason="No longer", **by)
    with pytest.raises(NotVisible):
        acts.protect(neighbour.id, circle=acts.make("circle", code="mine", name="Mine", actor=admin), employee=None, reason="Move", **by)

    arranging.list_in_circle(circle, User.objects.get(pk=admin.id))
    other = acts.make("circle", code="wider", name="Wider", actor=admin)
    with pytest.raises(NotPossible, match="already"):
        acts.protect(neighbour.id, circle=other, employee=None, reason="Move", **by)
    asked = acts.unprotect(protection.pk, reason="No longer", **by)
    assert not asked.done
    assert not may_see(neighbour.id, clerk)
    assert asked.request_id
    assert actions.approve(asked.request_id, actor=officer, at=clock.now()).done
    assert may_see(neighbour.id, clerk)


def test_a_customer_is_shown_or_placed_only_by_who_sees_them(admin: Actor, clerk: Actor, vip: Customer, stranger: Customer) -> None:
    by: dict[str, Any] = {"actor": admin, "at": clock.now()}
    until = clock.bank_date(clock.now()) + timedelta(days=3)
    assert acts.show_customer(stranger.id, person_id=UUID(clerk.id), until=until, reason="Stands in", **by).done
    assert may_see(stranger.id, clerk)
    assert acts.hide_customer(stranger.id, person_id=UUID(clerk.id), reason="Back", **by).done
    assert not may_see(stranger.id, clerk)
    with pytest.raises(NotPossible, match="31 days"):
        acts.show_customer(stranger.id, person_id=UUID(clerk.id), until=until + timedelta(days=40), reason="Stands in", **by)
    portfolio = acts.make("portfolio", code="p", name="P", actor=admin)
    for unseen in (vip.id, uuid7()):
        with pytest.raises(NotVisible):
            acts.show_customer(unseen, person_id=UUID(clerk.id), until=until, reason="Look", **by)
        with pytest.raises(NotVisible):
            acts.place(unseen, portfolio=portfolio, reason="Look", **by)
    assert acts.arrange(portfolio, manager=clerk.id, team="", reason="Takes over", **by).done
    assert acts.place(stranger.id, portfolio=portfolio, reason="Owns a business", **by).done
    assert may_see(stranger.id, clerk)


def test_a_field_is_opened_to_a_role_by_two_who_do_not_have_it(bank: Bank, admin: Actor, officer: Actor) -> None:
    by: dict[str, Any] = {"reason": "They need it", "at": clock.now()}
    own = masking_rules.change("phone", role=Role.ADMINISTRATOR, shown=True, actor=admin, **by)
    assert (own.done, own.request_id) == (False, None)
    asked = masking_rules.change("phone", role=Role.COMPLIANCE, shown=True, actor=admin, **by)
    assert asked.request_id
    with pytest.raises(approvals.ApprovalError):
        actions.approve(asked.request_id, actor=officer, at=clock.now())
    asked = masking_rules.change("phone", role=Role.BRANCH_STAFF, shown=True, actor=admin, **by)
    assert asked.request_id
    assert actions.approve(asked.request_id, actor=officer, at=clock.now()).done
    assert MaskingRule.objects.get(field="phone", role=Role.BRANCH_STAFF).shown
    assert masking_rules.change("phone", role=Role.BRANCH_STAFF, shown=False, actor=admin, **by).done


# ---- what the database says to the application's role without a decision ----


def _listing(clerk: Actor, circle: str) -> None:
    CircleUserPermission.objects.create(
        user_id=clerk.id, content_object=Circle.objects.get(code=circle), permission=granting.view_permission(Circle)
    )


def _with_the_decision_of_another(clerk: Actor, circle: str) -> None:
    decision = VisibilityChange.objects.exclude(decision_id=None).values_list("decision_id", flat=True).latest("changed_at")
    CircleUserPermission.objects.create(
        user_id=clerk.id,
        content_object=Circle.objects.get(code=circle),
        permission=granting.view_permission(Circle),
        decision_id=decision,
    )


WITHOUT: dict[str, Callable[[Actor, str], object]] = {
    "list": _listing,
    "list with another's decision": _with_the_decision_of_another,
    "list with an invented decision": lambda clerk, circle: CircleUserPermission.objects.create(
        user_id=clerk.id,
        content_object=Circle.objects.get(code=circle),
        permission=granting.view_permission(Circle),
        decision_id=uuid7(),
    ),
    "branch for a group": lambda clerk, circle: BranchGroupPermission.objects.create(
        group=Group.objects.create(name="x"), content_object=Branch.objects.earliest("id"), permission=granting.view_permission(Branch)
    ),
    "make it for good": lambda clerk, circle: BranchUserPermission.objects.update(until=clock.now() + timedelta(days=9)),
    "point it elsewhere": lambda clerk, circle: BranchUserPermission.objects.update(
        user_id=User.objects.exclude(pk=clerk.id).values_list("pk", flat=True)[0]
    ),
    "take it away": lambda clerk, circle: BranchUserPermission.objects.all().delete(),
    "a leave": lambda clerk, circle: PartyUserPermission.objects.create(
        user_id=clerk.id,
        content_object_id=Protection.objects.values_list("party", flat=True)[0],
        permission=Permission.objects.get(content_type__app_label="customers", codename="view_party"),
        until=clock.now() + timedelta(days=1),
        reason="x",
    ),
    "a manager": lambda clerk, circle: Portfolio.objects.create(code="x", name="x", manager_id=clerk.id),
    "a place": lambda clerk, circle: PortfolioPlace.objects.create(
        party_id=Protection.objects.values_list("party", flat=True)[0], portfolio=Portfolio.objects.create(code="y", name="y")
    ),
    "no protection": lambda clerk, circle: Protection.objects.update(until=clock.now()),
    "another circle": lambda clerk, circle: Protection.objects.update(circle=Circle.objects.create(code="z", name="z")),
    "protection gone": lambda clerk, circle: connection.cursor().execute("DELETE FROM customers_protection"),
    "a field": lambda clerk, circle: MaskingRule.objects.update(shown=True),
    "a household of nobody": lambda clerk, circle: Protection.objects.create(
        party_id=Protection.objects.values_list("party", flat=True)[0],
        kind="household",
        employee_id=clerk.id,
        circle=Circle.objects.get(code=circle),
    ),
    "history": lambda clerk, circle: VisibilityChange.objects.create(what="x", row="x", about="x", after={}),
    "history gone": lambda clerk, circle: connection.cursor().execute("DELETE FROM customers_visibilitychange"),
}


@pytest.mark.parametrize("attempt", WITHOUT)
def test_the_database_takes_nothing_without_a_decision_about_just_this(
    admin: Actor, clerk: Actor, vip: Customer, stranger: Customer, circle: str, attempt: str
) -> None:
    assert give("branch", branch_of(stranger), clerk, by=admin).done
    with (
        pytest.raises(
            ProgrammingError,
            match=r"nothing changes without a decision|written by the database|permission denied for table customers_visibilitychange",
        ),
        transaction.atomic(),
    ):
        WITHOUT[attempt](clerk, circle)


def test_a_decision_moves_a_row_once(admin: Actor, clerk: Actor, stranger: Customer) -> None:
    branch = branch_of(stranger)
    assert give("branch", branch, clerk, by=admin).done
    row = BranchUserPermission.objects.get(content_object=branch, user_id=clerk.id)
    granting.withdraw("branch", branch, holder=clerk.id, reason="Moved", actor=admin, at=clock.now())
    with (
        pytest.raises(
            ProgrammingError,
            match=r"nothing changes without a decision|written by the database|permission denied for table customers_visibilitychange",
        ),
        transaction.atomic(),
    ):
        BranchUserPermission.objects.filter(pk=row.pk).update(until=None, decision_id=row.decision_id)


# ---- with a move or a leave ----


def moved(person: Actor, branch: str, *, by: Actor, agreed: Actor) -> None:
    asked = joining.move(
        person_id=UUID(person.id), branch=branch, manager=None, job_title="", reason="Moves house", actor=by, at=clock.now()
    )
    assert asked.request_id
    assert actions.approve(asked.request_id, actor=agreed, at=clock.now()).done


@pytest.fixture
def everything(admin: Actor, officer: Actor, clerk: Actor, stranger: Customer, circle: str) -> list[models.QuerySet[Any]]:
    """What the clerk was given: a branch, a team, a portfolio and a circle, each as the rows in force."""
    for kind, list_id in (
        ("branch", branch_of(stranger)),
        ("team", Team.objects.create(code="t", name="T").pk),
        ("portfolio", Portfolio.objects.create(code="p", name="P").pk),
        ("circle", the(Circle, code=circle)),
    ):
        asked = give(kind, list_id, clerk, by=admin)
        assert asked.done or (asked.request_id and actions.approve(asked.request_id, actor=officer, at=clock.now()).done)
    mine = {"user_id": clerk.id, "until": None}
    return [kind.persons._default_manager.filter(**mine) for kind in granting.KINDS.values()]


def test_a_move_ends_what_was_given_at_the_old_branch(
    admin: Actor, officer: Actor, clerk: Actor, stranger: Customer, everything: list[models.QuerySet[Any]]
) -> None:
    assert may_see(stranger.id, clerk)
    moved(clerk, "elsewhere", by=admin, agreed=officer)

    assert [rows.count() for rows in everything] == [0, 0, 0, 1], "circles are not of a branch"
    assert not may_see(stranger.id, clerk)
    ended = BranchUserPermission.objects.get(user_id=clerk.id, content_object=branch_of(stranger))
    assert Decision.objects.get(pk=ended.decision_id).action == "person.move"


def test_a_move_within_the_branch_and_to_the_one_that_was_given_before_ends_nothing_of_it(
    admin: Actor, officer: Actor, clerk: Actor, stranger: Customer, everything: list[models.QuerySet[Any]]
) -> None:
    moved(clerk, clerk.branch or "", by=admin, agreed=officer)
    assert [rows.count() for rows in everything] == [2, 1, 1, 1]
    moved(clerk, stranger.branch.code, by=admin, agreed=officer)
    assert [rows.count() for rows in everything] == [1, 0, 0, 1]


def test_who_leaves_sees_nobody_any_more_by_any_list(admin: Actor, clerk: Actor, everything: list[models.QuerySet[Any]]) -> None:
    assert leaving.leave(person_id=UUID(clerk.id), reason="Goes", actor=admin, at=clock.now()).done
    assert [rows.count() for rows in everything] == [0, 0, 0, 0]


def test_a_move_ends_nothing_of_others_and_gives_nothing(
    bank: Bank, admin: Actor, officer: Actor, clerk: Actor, stranger: Customer, everything: list[models.QuerySet[Any]]
) -> None:
    other = bank.staff(Role.BRANCH_STAFF, name="Una Daly")
    assert give("branch", branch_of(stranger), other, by=admin).done
    moved(clerk, "elsewhere", by=admin, agreed=officer)
    decision = BranchUserPermission.objects.get(user_id=clerk.id, content_object=branch_of(stranger)).decision_id

    theirs = BranchUserPermission.objects.filter(user_id=other.id)
    own = BranchUserPermission.objects.filter(user_id=clerk.id)
    for rows, until in ((theirs, clock.now()), (own, None), (own, clock.now() + timedelta(days=9))):
        with pytest.raises(ProgrammingError), transaction.atomic():
            rows.update(until=until, decision_id=decision)


# ---- pages ----


def test_the_pages_arrange_it_and_to_everybody_else_do_not_exist(
    bank: Bank, admin: Actor, officer: Actor, clerk: Actor, stranger: Customer, vip: Customer, circle: str
) -> None:
    desk, branch, listed = bank.desk(admin), branch_of(stranger), the(Circle, code=circle)
    said = {"person": clerk.id, "reason": "Moves here"}
    assert desk.post(f"/access/branch/{branch}/grant/", said).status_code == 302
    assert clerk.name in desk.get(f"/access/branch/{branch}/").content.decode()
    assert may_see(stranger.id, clerk)
    answer = desk.post(f"/access/branch/{branch}/grant/", {"person": admin.id, "reason": "Me"})
    assert answer.status_code == 422
    assert "Nobody lets themselves see" in answer.content.decode()
    assert desk.post(f"/access/branch/{branch}/withdraw/", {"holder": clerk.id, "reason": ""}).status_code == 422
    assert desk.post(f"/access/branch/{branch}/withdraw/", {"holder": clerk.id, "reason": "Moved"}).status_code == 302

    assert desk.post(f"/access/circle/{listed}/grant/", said).status_code == 302
    page = desk.get(f"/access/circle/{listed}/").content.decode()
    assert "Waits for a second person" in page
    assert vip.name not in page
    assert "Let" in bank.desk(officer).get("/approvals/").content.decode()
    for path in ("/access/", "/access/leaves/", "/access/masking/"):
        assert desk.get(path).status_code == 200, path
    until = (clock.bank_date(clock.now()) + timedelta(days=3)).isoformat()
    number = stranger_number(stranger, admin)
    assert desk.post("/access/leaves/add/", {**said, "until": until, "number": number}).status_code == 302
    assert desk.post("/access/leaves/add/", {**said, "until": until, "number": "C-777 777 77"}).status_code == 422
    assert desk.post(f"/access/leaves/{stranger.id}/{clerk.id}/end/", {"reason": "Back"}).status_code == 302
    assert desk.post("/access/add/", {"kind": "portfolio", "code": "owners", "name": "Owners"}).status_code == 302
    portfolio = the(Portfolio, code="owners")
    assert desk.post(f"/access/portfolio/{portfolio}/people/", {"manager": clerk.id, "reason": "Takes over"}).status_code == 302
    assert desk.post(f"/access/portfolio/{portfolio}/customers/", {"number": number, "reason": "Owns a shop"}).status_code == 302
    assert stranger.name in desk.get(f"/access/portfolio/{portfolio}/").content.decode()
    masked = {"field": "phone", "role": "branch_staff", "shown": "yes", "reason": "They call"}
    assert desk.post("/access/masking/change/", masked).status_code == 302
    assert not MaskingRule.objects.get(field="phone", role="branch_staff").shown
    assert "They call" in bank.desk(officer).get("/access/masking/").content.decode()

    for role in set(Role) - {Role.ADMINISTRATOR}:
        other = bank.desk(bank.staff(role))
        for path in ("/access/", f"/access/circle/{listed}/", "/access/leaves/"):
            assert other.get(path).status_code == 404, (role, path)
        assert other.post(f"/access/circle/{listed}/grant/", said).status_code == 404


def stranger_number(customer: Customer, actor: Actor) -> str:
    from customers import state

    return state.state_of(customer.id, actor=actor, at=clock.now()).number


@pytest.mark.parametrize(
    "path",
    ["circle", "branch", "team", "portfolio", "protection", "maskingrule", "partyuserpermission", "portfolioplace", "apiclient"],
)
def test_the_administration_pages_give_nobody_anything(bank: Bank, admin: Actor, vip: Customer, path: str) -> None:
    desk = bank.desk(admin)
    assert desk.get(f"/admin/customers/{path}/").status_code == 200
    assert desk.get(f"/admin/customers/{path}/add/").status_code == 403
    listed = Circle.objects.get()
    for below in ("", f"user-manage/{admin.id}/", "group-manage/1/"):
        address = f"/admin/customers/{path}/{listed.pk}/permissions/{below}"
        assert desk.get(address, follow=True).status_code in (404, 200)
        desk.post(address, {"permissions": "view_customers", "user": admin.id, "submit_manage_user": "Manage user"})
    assert not CircleUserPermission.objects.exists()
    assert not may_see(vip.id, admin)


def test_who_sees_whom_is_read_by_those_in_charge_with_who_gave_it_and_who_agreed(
    bank: Bank, admin: Actor, officer: Actor, clerk: Actor, stranger: Customer, circle: str
) -> None:
    branch, listed = branch_of(stranger), the(Circle, code=circle)
    give("branch", branch, clerk, by=admin)
    asked = give("circle", listed, clerk, by=admin)
    assert asked.request_id
    actions.approve(asked.request_id, actor=officer, at=clock.now())
    until = clock.bank_date(clock.now()) + timedelta(days=3)
    acts.show_customer(stranger.id, person_id=UUID(clerk.id), until=until, reason="Holiday", actor=admin, at=clock.now())

    seen = {one.kind: one for one in granting.sights(actor=officer, at=clock.now(), of=[UUID(clerk.id)]) if one.decision_id}
    assert set(seen) == {"branch", "circle", "customer"}
    assert stranger.name not in seen["customer"].whom
    [holder] = [one for one in granting.holders("circle", listed, actor=admin, at=clock.now()) if one.holder == clerk.id]
    assert (holder.asked, holder.agreed) == (admin.name, officer.name)

    granting.withdraw("branch", branch, holder=clerk.id, reason="Moved", actor=admin, at=clock.now())
    ended = granting.sights(actor=officer, at=clock.now(), ended=True, of=[UUID(clerk.id)])
    assert [(one.kind, one.reason) for one in ended] == [("branch", "Moved")]
    with pytest.raises(granting.NotInCharge):
        granting.sights(actor=clerk, at=clock.now())
