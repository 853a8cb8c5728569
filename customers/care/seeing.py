"""The rule behind `visible_to`: which customers an actor may know of, as conditions of one query.

A customer is within reach by branch, by portfolio (as its manager, through the portfolio or through its team), by a leave for this one
customer, or by an emergency access in force. Of those, protected customers are seen only by who is listed for them – and the records of
staff and their households never by themselves or their team. What is set on one record of a customer counts for the customer. Every part
is a subquery; no list of ids is ever fetched.

What holds for a person is written in SQL: every page, list and search asks it, and as a tree of querysets it took Django ten times longer
to build than PostgreSQL to answer.
"""

from typing import TYPE_CHECKING, TypeVar

from django.db.models import Exists, F, OuterRef

from bankos.platform.actors import Actor, ActorKind, Role

if TYPE_CHECKING:
    from ..models.parties import PartyQuerySet

from ..condition import Condition
from ..models.care import Portfolio, PortfolioPlace, Protection
from ..models.parties import VIEW_CUSTOMERS

# They serve or oversee the whole bank. Everybody else sees the customers they were given.
SEES_EVERY_BRANCH = frozenset({Role.CONTACT_CENTRE, Role.COMPLIANCE, Role.ADMINISTRATOR})
# The same for a program; see customers.channels.clients.
EVERY_CUSTOMER = "every_customer"
# Of the customers within a program's reach also those whom only a circle may see.
PROTECTED_CUSTOMERS = "protected_customers"
_Parties = TypeVar("_Parties", bound="PartyQuerySet")


def _held(what: str) -> str:
    """The ids of what this person holds the permission on, directly or through a group."""
    return f"""
    SELECT held.content_object_id FROM customers_{what}userpermission held
      JOIN auth_permission permission ON permission.id = held.permission_id AND permission.codename = '{VIEW_CUSTOMERS}'
     WHERE held.user_id = %(me)s AND (held.until IS NULL OR held.until > statement_timestamp())
     UNION ALL
    SELECT held.content_object_id FROM customers_{what}grouppermission held
      JOIN auth_permission permission ON permission.id = held.permission_id AND permission.codename = '{VIEW_CUSTOMERS}'
      JOIN platform_user_groups own ON own.group_id = held.group_id
     WHERE own.user_id = %(me)s AND (held.until IS NULL OR held.until > statement_timestamp())"""  # noqa: S608 - put together from constants


_IN_AN_EMERGENCY = """
    SELECT member.golden_id FROM customers_emergencygrant given JOIN customers_party member ON member.id = given.party_id
     WHERE given.user_id = %(me)s AND given.until > statement_timestamp()
       AND NOT EXISTS (SELECT FROM customers_emergencyend ended WHERE ended.access_id = given.access_id)"""
# The branches are few and fit most: they are compared first. The rest is looked up in a hash.
_WITHIN_REACH = f"""(
{{home_branch}} = ANY (ARRAY({_held("branch")}))
 OR {{golden}} IN (
    SELECT member.golden_id FROM customers_portfolioplace place JOIN customers_party member ON member.id = place.party_id
     WHERE place.portfolio_id = ANY (ARRAY(
        SELECT id FROM customers_portfolio WHERE manager_id = %(me)s OR team_id = ANY (ARRAY({_held("team")}))
         UNION ALL {_held("portfolio")}))
     UNION ALL
    SELECT member.golden_id FROM customers_partyuserpermission leave JOIN customers_party member ON member.id = leave.content_object_id
     WHERE leave.user_id = %(me)s AND leave.until > statement_timestamp()
     UNION ALL {_IN_AN_EMERGENCY}))"""  # noqa: S608
_OF_OWN_TEAM = """(
    {employee} = ANY (%(near)s::uuid[])
    OR EXISTS (SELECT FROM platform_user colleague WHERE colleague.id = {employee}
                  AND (colleague.manager_id = ANY (%(managers)s::uuid[]) OR colleague.branch_code = %(branch)s)))"""
_OPEN = f"""NOT EXISTS (
    SELECT FROM customers_protection protection JOIN customers_party member ON member.id = protection.party_id
     WHERE member.golden_id = {{golden}} AND (protection.until IS NULL OR protection.until > statement_timestamp())
       AND ({_OF_OWN_TEAM.format(employee="protection.employee_id")}
            OR NOT (protection.circle_id = ANY (ARRAY({_held("circle")})) OR member.golden_id IN ({_IN_AN_EMERGENCY}))))"""


def visible(parties: _Parties, actor: Actor, *, home_branch: F) -> _Parties:
    """Those of `parties` whose customer this actor may know of. Of erased ones only compliance knows, and the system that keeps them.

    Args:
        home_branch: that of their golden party.
    """
    found = _visible(parties, actor, home_branch)
    return (
        found
        if actor.client is None and (actor.kind is ActorKind.SYSTEM or Role.COMPLIANCE in actor.roles)
        else found.filter(restricted_at=None)
    )


def _visible(parties: _Parties, actor: Actor, home_branch: F) -> _Parties:
    from ..models.parties import Party

    if actor.client is not None:
        parties = _within_the_program(parties, actor)
    match actor.kind:
        case ActorKind.SYSTEM:
            return parties
        case ActorKind.AGENT if actor.client is not None:
            return parties
        case ActorKind.CUSTOMER:
            return parties.filter(golden__in=Party.objects.filter(pk=actor.id).values("golden"))
        case ActorKind.EMPLOYEE:
            me, golden = {"me": actor.user_id}, F("golden")
            if not actor.roles & SEES_EVERY_BRANCH:
                parties = parties.filter(Condition(_WITHIN_REACH, me, golden=golden, home_branch=home_branch))
            return parties.filter(Condition(_OPEN, me | _near(actor), golden=golden))
        case _:
            return parties.none()


def _within_the_program(parties: _Parties, actor: Actor) -> _Parties:
    """No more than the program may know of, whoever it speaks for. A union rather than an "or": of an "or" the planner expects three
    quarters of all customers.
    """
    from ..models.parties import Branch, Party

    if PROTECTED_CUSTOMERS not in actor.roles or actor.kind is ActorKind.AGENT:  # nobody shows them to agents
        parties = parties.exclude(Exists(Protection.objects.in_force().filter(party__golden=OuterRef("golden"))))
    if EVERY_CUSTOMER in actor.roles:
        return parties
    of_branches = Party.objects.customers().filter(home_branch__in=Branch.objects.filter(clients=actor.client).values("pk"))
    portfolios = Portfolio.objects.filter(clients=actor.client).values("pk")
    in_portfolios = PortfolioPlace.objects.filter(portfolio__in=portfolios).values("party__golden")
    return parties.filter(golden__in=of_branches.values("pk").union(in_portfolios, all=True))


def of_own_team(actor: Actor) -> Condition:
    """Protections of people so near that nothing, no list and no emergency, opens their records: oneself, and one's team."""
    return Condition(_OF_OWN_TEAM, _near(actor), employee=F("employee"))


def _near(actor: Actor) -> dict[str, object]:
    """The people near to somebody: oneself and the line above; who reports to one of `managers`; who works for `branch`."""
    own = [str(actor.user_id)]
    return {"near": [*own, *actor.line], "managers": [*own, *actor.line[:1]], "branch": actor.branch or None}
