"""Who may look at whom, beyond branches: teams and their portfolios, single customers for a while, and those few may see."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .grants import Granted
from .parties import VIEW_CUSTOMERS, Party

LONGEST_LEAVE = timedelta(days=31)


class Team(models.Model):
    """People who look after portfolios together."""

    id = UUIDv7Field(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        permissions = [(VIEW_CUSTOMERS, "Can see the customers of this team's portfolios")]

    def __str__(self) -> str:
        return self.name


class TeamUserPermission(Granted, UserObjectPermissionBase):
    content_object = models.ForeignKey(Team, on_delete=models.PROTECT)

    class Meta(Granted.Meta, UserObjectPermissionBase.Meta):
        abstract = False


class TeamGroupPermission(Granted, GroupObjectPermissionBase):
    content_object = models.ForeignKey(Team, on_delete=models.PROTECT)

    class Meta(Granted.Meta, GroupObjectPermissionBase.Meta):
        abstract = False


class Portfolio(models.Model):
    """Customers looked after by one relationship manager, who sees them wherever their branch is."""

    id = UUIDv7Field(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="portfolios")
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="portfolios",
        verbose_name="relationship manager",
    )
    decision_id = models.UUIDField(null=True, editable=False, help_text="By which its manager and its team are what they are.")

    class Meta:
        permissions = [(VIEW_CUSTOMERS, "Can see the customers of this portfolio")]

    def __str__(self) -> str:
        return self.name


class PortfolioUserPermission(Granted, UserObjectPermissionBase):
    content_object = models.ForeignKey(Portfolio, on_delete=models.PROTECT)

    class Meta(Granted.Meta, UserObjectPermissionBase.Meta):
        abstract = False


class PortfolioGroupPermission(Granted, GroupObjectPermissionBase):
    content_object = models.ForeignKey(Portfolio, on_delete=models.PROTECT)

    class Meta(Granted.Meta, GroupObjectPermissionBase.Meta):
        abstract = False


class PortfolioPlace(models.Model):
    """That a customer is looked after in a portfolio; in one at most."""

    party = models.OneToOneField(Party, primary_key=True, on_delete=models.PROTECT, related_name="portfolio_place")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="places")
    decision_id = models.UUIDField(null=True, unique=True)

    def __str__(self) -> str:
        return f"{self.party_id} in {self.portfolio_id}"


class PartyUserPermission(UserObjectPermissionBase):
    """Leave to see one customer until a moment: for what branches and portfolios do not fit, and for a short while only."""

    content_object = models.ForeignKey(Party, on_delete=models.CASCADE)
    given_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)
    decision_id = models.UUIDField(null=True)

    class Meta(UserObjectPermissionBase.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=models.F("given_at"), until__lte=models.F("given_at") + LONGEST_LEAVE),
                name="a_single_leave_is_short",
            )
        ]


class Circle(models.Model):
    """The few who may see some protected customers: who holds a permission on it is listed."""

    id = UUIDv7Field(primary_key=True)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        permissions = [(VIEW_CUSTOMERS, "Is listed: can see the customers this circle protects")]

    def __str__(self) -> str:
        return self.name


class CircleUserPermission(Granted, UserObjectPermissionBase):
    content_object = models.ForeignKey(Circle, on_delete=models.PROTECT)

    class Meta(Granted.Meta, UserObjectPermissionBase.Meta):
        abstract = False


class CircleGroupPermission(Granted, GroupObjectPermissionBase):
    content_object = models.ForeignKey(Circle, on_delete=models.PROTECT)

    class Meta(Granted.Meta, GroupObjectPermissionBase.Meta):
        abstract = False


class ProtectionQuerySet(QuerySet["Protection"]):
    def in_force(self) -> "ProtectionQuerySet":
        return self.filter(Q(until=None) | Q(until__gt=Now()))


class Protection(models.Model):
    """A customer whom only a circle may see, whatever else people may see.

    `employee` is whose own record it is, or of whose household: neither they nor their team see it, even if they are listed. The household
    of a protected employee is protected by the database itself, in the transaction in which it is known (migration 0007).
    """

    class Kind(models.TextChoices):
        VIP = "vip", "VIP"
        STAFF = "staff", "works at the bank"
        HOUSEHOLD = "household", "household of somebody who works at the bank"

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="protections")
    kind = models.CharField(max_length=10, choices=Kind)
    circle = models.ForeignKey(Circle, on_delete=models.PROTECT, related_name="protections")
    employee = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField(db_default=Now(), editable=False)
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: for good.")
    decision_id = models.UUIDField(null=True, editable=False, help_text="Empty for households: they follow from their relation.")

    objects = ProtectionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="vip", employee__isnull=True) | Q(kind__in=["staff", "household"], employee__isnull=False),
                name="an_employee_is_named_where_it_is_about_one",
            ),
            models.UniqueConstraint(
                fields=["party", "kind", "employee"],
                condition=Q(until__isnull=True),
                nulls_distinct=False,
                name="a_customer_is_protected_once_for_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["employee"], condition=Q(kind="staff"), name="protection_of_staff")]

    def __str__(self) -> str:
        return f"{self.kind} {self.party_id}"
