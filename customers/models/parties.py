"""Who the bank deals with: parties, what is known about them and from where, how they relate."""

from datetime import date
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, QuerySet
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from bankos.platform.actors import Actor
from bankos.platform.ids import UUIDv7Field

from ..alike import NameLexemes
from .grants import Granted
from .landing import Changing, Sourced, SourceSystem

VIEW_CUSTOMERS = "view_customers"


class Branch(Changing):
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
class BranchUserPermission(Granted, UserObjectPermissionBase):
    content_object = models.ForeignKey(Branch, on_delete=models.PROTECT)

    class Meta(Granted.Meta, UserObjectPermissionBase.Meta):
        abstract = False


class BranchGroupPermission(Granted, GroupObjectPermissionBase):
    content_object = models.ForeignKey(Branch, on_delete=models.PROTECT)

    class Meta(Granted.Meta, GroupObjectPermissionBase.Meta):
        abstract = False


class PartyQuerySet(QuerySet["Party"]):
    def customers(self) -> Self:
        """Golden parties only: each customer once."""
        return self.filter(golden=F("pk"))

    def visible_to(self, actor: Actor) -> Self:
        """The members of the customers this actor may know of: the golden party decides. Adds subqueries, never a list of ids."""
        from ..care.seeing import visible  # it reads tables that point here

        return visible(self, actor, home_branch=F("golden__home_branch"))

    def customers_visible_to(self, actor: Actor) -> Self:
        """The customers this actor may know of, each once: the same, without looking from each party for its golden party."""
        from ..care.seeing import visible

        return visible(self.customers(), actor, home_branch=F("home_branch"))


class Party(models.Model):
    """A person or organisation as one source's record describes it: a member of the customer `golden` stands for.

    A customer (ISO 20022 Party) is a golden party, one that is its own `golden`; its members are all that point to it. Facts,
    identifiers, roles, consents and everything else stay for ever at the member they were stated of: merging and parting customers
    moves `golden` and nothing else. The other columns of a golden party are the survivors of all its members' facts: what staff see
    first. Those of another member are the survivors of its own facts: what it would be by itself.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        ORGANISATION = "organisation", "organisation"

    id = UUIDv7Field(primary_key=True)
    # One step: a golden party is its own golden (the database checks).
    golden = models.ForeignKey("self", on_delete=models.PROTECT, related_name="members")
    opened_as = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The customer it was opened as part of. Merging never changes it: it tells whose word is whose.",
    )
    joined_at = models.DateTimeField(null=True, help_text="When it came to its golden party by a merge; null if it was never moved.")
    number = models.CharField("customer number", max_length=20, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    search_name = models.CharField(max_length=400, help_text="Every known name, lower case, without diacritics.")
    birth_date = models.DateField(null=True)
    home_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="parties")
    customer_since = models.DateField(null=True)
    deceased_date = models.DateField(null=True)
    bucket = models.PositiveSmallIntegerField(help_text="id modulo 256: the partition nightly work claims.")
    version = models.PositiveIntegerField(default=1, help_text="Raised by every change of this party's state.")
    changed_at = models.DateTimeField()
    restricted_at = models.DateTimeField(
        null=True, help_text="Erased on request; what the law keeps is neither used nor shown (GDPR Art. 18), except to compliance."
    )

    objects = PartyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "parties"
        indexes = [
            models.Index(fields=["bucket"], name="party_by_bucket"),
            # No list of what is still to be entered: every search would read through it.
            GinIndex(NameLexemes("search_name"), condition=Q(golden=F("pk")), name="party_by_name", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.number

    def age_on(self, day: date) -> int | None:
        """Whole years on that day; None if the date of birth is not known."""
        if self.birth_date is None:
            return None
        return day.year - self.birth_date.year - ((day.month, day.day) < (self.birth_date.month, self.birth_date.day))


class PartyMove(models.Model):
    """A member that went from one customer to another. Append-only; the moves of one merge or parting share `act`."""

    id = UUIDv7Field(primary_key=True)
    act = models.UUIDField(db_index=True)
    member = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="moves")
    before = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    after = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    joined_before = models.DateTimeField(null=True, help_text="The member's `joined_at` before it moved.")
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.member_id} to {self.after_id}"


class PartyIdentifier(Sourced, Changing):
    """A key by which a source system knows a party: it resolves records to their member."""

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="identifiers")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    value = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "kind", "value"], name="an_identifier_names_one_party")]
        indexes = [models.Index(fields=["value"], condition=Q(kind="national_id"), name="national_id_by_value")]

    def __str__(self) -> str:
        return f"{self.system_id}:{self.kind}"


def true_on(day: date) -> models.Q:
    """What is true on that day, as far as anybody said from and to when."""
    begun = models.Q(valid_from__isnull=True) | models.Q(valid_from__lte=day)
    return begun & (models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=day))


class Valid(models.Model):
    """Something that is true for a time: from a day, to a day, both included. Where no day is stated nobody said so."""

    valid_from = models.DateField(null=True, help_text="The first day it is true on; null: not stated.")
    valid_to = models.DateField(null=True, help_text="The last day it is true on; null: not stated, or not ended.")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from__isnull=True) | models.Q(valid_to__isnull=True) | models.Q(valid_from__lte=F("valid_to")),
                name="%(class)s_begins_before_it_ends",
            )
        ]


class PartyFact(Sourced, Valid):
    """One attribute of a party as one source states it. Append-only: a newer fact from the same source follows it.

    Which of them holds on a day: see `customers.validity`.
    """

    class Attribute(models.TextChoices):
        NAME = "name", "name"
        BIRTH_DATE = "birth_date", "date of birth"
        NATIONAL_ID = "national_id", "national number"
        PHONE = "phone", "phone"
        EMAIL = "email", "e-mail"
        ADDRESS = "address", "address"
        TOWN = "town", "town"
        LANGUAGE = "language", "language"
        KIND = "kind", "person or organisation"
        HOME_BRANCH = "home_branch", "home branch"
        CUSTOMER_SINCE = "customer_since", "customer since"
        COMPANY_NUMBER = "company_number", "company number"
        FORMER_NAME = "former_name", "former name"
        NATIONALITY = "nationality", "nationality"
        TAX_RESIDENCE = "tax_residence", "tax residence"
        OCCUPATION = "occupation", "occupation"
        EMPLOYER = "employer", "employer"
        LEGAL_FORM = "legal_form", "legal form"
        PHONE_MOBILE = "phone_mobile", "mobile phone"
        PHONE_HOME = "phone_home", "phone at home"
        PHONE_WORK = "phone_work", "phone at work"
        EMAIL_HOME = "email_home", "private e-mail"
        EMAIL_WORK = "email_work", "e-mail at work"
        DECEASED = "deceased", "died on"

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="facts")
    # No index: a handful of systems divides nothing, but a database that has not yet counted a new system's facts would look there first.
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+", db_index=False)
    attribute = models.CharField(max_length=20, choices=Attribute)
    value = models.CharField(max_length=300)
    normalised = models.CharField(max_length=300, help_text="What search compares: digits of a phone, lower case of an e-mail.")

    class Meta:
        constraints = [
            *Valid.Meta.constraints,
            models.UniqueConstraint(
                fields=["party", "attribute", "system", "source_file", "source_line"], name="a_line_states_an_attribute_once"
            ),
        ]
        indexes = [
            models.Index(fields=["party", "attribute"], name="fact_by_party"),
            models.Index(fields=["attribute", "normalised"], name="fact_by_value"),
            # For the day on which they begin or end to be true (`customers.turning`).
            models.Index(fields=["valid_from"], name="fact_by_beginning", condition=models.Q(valid_from__isnull=False)),
            models.Index(fields=["valid_to"], name="fact_by_end", condition=models.Q(valid_to__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.attribute}"


class PartyRelationship(Sourced, Valid, Changing):
    """How one party stands to another, read as: `party` is the `kind` of `other`, and from and to which day."""

    class Kind(models.TextChoices):
        GUARDIAN = "guardian", "guardian of"
        OWNER = "owner", "owner of"
        DIRECTOR = "director", "director of"
        EMPLOYER = "employer", "employer of"
        GUARANTOR = "guarantor", "guarantor of"
        HOUSEHOLD = "household", "of one household with"
        JOINT_HOLDER = "joint_holder", "joint holder with"
        ATTORNEY = "attorney", "attorney of"

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="relationships")
    other = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="inverse_relationships")
    kind = models.CharField(max_length=12, choices=Kind)

    class Meta:
        constraints = [
            *Valid.Meta.constraints,
            models.UniqueConstraint(fields=["party", "other", "kind"], name="one_relationship_of_a_kind"),
        ]
        indexes = [
            models.Index(fields=["valid_from"], name="relationship_by_beginning", condition=models.Q(valid_from__isnull=False)),
            models.Index(fields=["valid_to"], name="relationship_by_end", condition=models.Q(valid_to__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} {self.kind} {self.other_id}"
