"""Who the bank deals with: parties, what is known about them and from where, how they relate."""

from datetime import date
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import QuerySet
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from bankos.platform.actors import Actor, ActorKind, Role
from bankos.platform.ids import UUIDv7Field

from .landing import Sourced, SourceSystem

VIEW_CUSTOMERS = "view_customers"


class Branch(models.Model):
    """A branch of the bank; staff see customers through permissions on branches."""

    id = UUIDv7Field(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    town = models.CharField(max_length=80)

    class Meta:
        verbose_name_plural = "branches"
        permissions = [(VIEW_CUSTOMERS, "Can see the customers of this branch")]

    def __str__(self) -> str:
        return self.name


# Direct foreign keys: guardian's generic permission table slows every list down (docs/decisions).
class BranchUserPermission(UserObjectPermissionBase):
    content_object = models.ForeignKey(Branch, on_delete=models.CASCADE)


class BranchGroupPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Branch, on_delete=models.CASCADE)


# They serve or oversee the whole bank. Everybody else sees the customers of the branches they were given.
SEES_EVERY_BRANCH = frozenset({Role.CONTACT_CENTRE, Role.COMPLIANCE, Role.ADMINISTRATOR})


class PartyQuerySet(QuerySet["Party"]):
    def visible_to(self, actor: Actor) -> Self:
        """The parties this actor may know of; adds one subquery, never a list of ids."""
        match actor.kind:
            case ActorKind.SYSTEM:
                return self
            case ActorKind.CUSTOMER:
                return self.filter(pk=actor.id)
            case ActorKind.EMPLOYEE if actor.roles & SEES_EVERY_BRANCH:
                return self
            case ActorKind.EMPLOYEE:
                to_user = BranchUserPermission.objects.filter(user=actor.user_id, permission__codename=VIEW_CUSTOMERS)
                to_group = BranchGroupPermission.objects.filter(group__user=actor.user_id, permission__codename=VIEW_CUSTOMERS)
                # A union rather than an "or": of an "or" the planner expects three quarters of all customers.
                return self.filter(home_branch__in=to_user.values("content_object").union(to_group.values("content_object")))
            case _:
                return self.none()


class Party(models.Model):
    """A person or organisation the bank deals with (ISO 20022 Party).

    The columns are the survivors of this party's facts: what staff see first. Each fact keeps its source.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        ORGANISATION = "organisation", "organisation"

    id = UUIDv7Field(primary_key=True)
    number = models.CharField("customer number", max_length=20, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    search_name = models.CharField(max_length=400, help_text="Every known name, lower case, without diacritics.")
    birth_date = models.DateField(null=True)
    home_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="parties")
    customer_since = models.DateField(null=True)
    bucket = models.PositiveSmallIntegerField(help_text="id modulo 256: the partition nightly work claims.")
    version = models.PositiveIntegerField(default=1, help_text="Raised by every change of this party's state.")
    changed_at = models.DateTimeField()

    objects = PartyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "parties"
        indexes = [
            models.Index(fields=["bucket"], name="party_by_bucket"),
            GinIndex(fields=["search_name"], opclasses=["gin_trgm_ops"], name="party_by_name"),
        ]

    def __str__(self) -> str:
        return self.number

    def age_on(self, day: date) -> int | None:
        """Whole years on that day; None if the date of birth is not known."""
        if self.birth_date is None:
            return None
        return day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))


class PartyIdentifier(Sourced):
    """A key by which a source system knows a party: it resolves records to parties."""

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="identifiers")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    value = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "kind", "value"], name="an_identifier_names_one_party")]

    def __str__(self) -> str:
        return f"{self.system_id}:{self.kind}"


class PartyFact(Sourced):
    """One attribute of a party as one source states it. Append-only: a newer fact from the same source follows it."""

    class Attribute(models.TextChoices):
        NAME = "name", "name"
        BIRTH_DATE = "birth_date", "date of birth"
        PHONE = "phone", "phone"
        EMAIL = "email", "e-mail"
        ADDRESS = "address", "address"
        TOWN = "town", "town"
        LANGUAGE = "language", "language"
        COMPANY_NUMBER = "company_number", "company number"

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="facts")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+")
    attribute = models.CharField(max_length=20, choices=Attribute)
    value = models.CharField(max_length=300)
    normalised = models.CharField(max_length=300, help_text="What search compares: digits of a phone, lower case of an e-mail.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party", "attribute", "system", "source_file", "source_line"], name="a_line_states_an_attribute_once"
            )
        ]
        indexes = [
            models.Index(fields=["party", "attribute"], name="fact_by_party"),
            models.Index(fields=["attribute", "normalised"], name="fact_by_value"),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.attribute}"


class PartyRelationship(Sourced):
    """How one party stands to another, read as: `party` is the `kind` of `other`."""

    class Kind(models.TextChoices):
        GUARDIAN = "guardian", "guardian of"
        OWNER = "owner", "owner of"

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="relationships")
    other = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="inverse_relationships")
    kind = models.CharField(max_length=12, choices=Kind)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "other", "kind"], name="one_relationship_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.party_id} {self.kind} {self.other_id}"
