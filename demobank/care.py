"""Customers looked after with care: a portfolio with its relationship manager, a VIP, and one who works at the bank."""

from uuid import UUID

from bankos.platform import actors
from bankos.platform.models import User
from customers import search
from customers.care import arranging

OWNERS, PRIVATE, STAFF = "business-owners", "private-office", "staff-desk"
MANAGER, COLLEAGUE = "fiadh", "tomas"
IN_PORTFOLIO = ("Nuala McGettigan", "Quill & Kettle Café Ltd")
VIP, WORKS_HERE = "Jean-Baptiste Lefèvre-Moreau", "Tomás Keogh"
LISTED = {PRIVATE: ("cian", "maeve"), STAFF: ("ruairi", "niamh")}


def arrange() -> None:
    """Twice is once. Needs the customers and the logins."""
    arranging.make_portfolio(OWNERS, name="Business owners", manager=_user(MANAGER))
    for name in IN_PORTFOLIO:
        arranging.look_after(_customer(name), portfolio=OWNERS)
    arranging.make_circle(PRIVATE, name="Private office")
    arranging.make_circle(STAFF, name="Staff desk")
    for circle, usernames in LISTED.items():
        for username in usernames:
            arranging.list_in_circle(circle, _user(username))
    arranging.protect(_customer(VIP), circle=PRIVATE, reason="Known from the newspapers")
    arranging.protect(_customer(WORKS_HERE), circle=STAFF, employee=_user(COLLEAGUE))


def _user(username: str) -> User:
    return User.objects.get(username=username)


def _customer(name: str) -> UUID:
    return search.find(name, actor=actors.system("demobank"), limit=1)[0].party_id
