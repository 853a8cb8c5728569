"""What parties hold and what happens on it: products, arrangements, payment schedules, transactions."""

from django.db import models
from django.db.models import Value
from django.db.models.functions import Replace, Right, Upper

from bankos.platform.ids import UUIDv7Field

from .landing import Changing, Sourced, SourceFile, SourceSystem
from .parties import Branch, Party

# The collation of keys nobody reads in order: finding one and entering it in an index compares it some fifty times.
BYTEWISE = "C"


def compact(column: str) -> Upper:
    """A number as it is compared: however staff or a source group it, without spaces and dashes, in capitals."""
    return Upper(Replace(Replace(column, Value(" "), Value("")), Value("-"), Value("")))


class Product(Changing):
    """Something the bank sells; arrangements are its sales (BIAN Product)."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.name


class Arrangement(Sourced, Changing):
    """An agreement between the bank and a customer (BIAN Product Agreement): account, card, loan, mortgage, standing order."""

    class Kind(models.TextChoices):
        CURRENT = "current", "current account"
        SAVINGS = "savings", "savings account"
        CARD = "card", "card"
        LOAN = "loan", "loan"
        MORTGAGE = "mortgage", "mortgage"
        STANDING_ORDER = "standing_order", "standing order"

    class Status(models.TextChoices):
        ACTIVE = "active", "active"
        ARREARS = "arrears", "in arrears"
        DEFAULTED = "defaulted", "ended unpaid"
        CLOSED = "closed", "closed"

    LENT = (Kind.LOAN, Kind.MORTGAGE)  # what the customer owes

    id = UUIDv7Field(primary_key=True)
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+", db_index=False)
    source_key = models.CharField(max_length=60, db_collation=BYTEWISE)
    kind = models.CharField(max_length=20, choices=Kind)
    number = models.CharField(max_length=40, help_text="Account number, IBAN, loan number; only the last four digits of a card.")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children", help_text="The account it hangs on.")
    branch = models.ForeignKey(Branch, null=True, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=Status, default=Status.ACTIVE)
    opened_date = models.DateField()
    principal = models.DecimalField(
        max_digits=18, decimal_places=2, null=True, help_text="Amount lent, or the agreed overdraft of an account."
    )
    days_past_due = models.PositiveSmallIntegerField(default=0)
    balance = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="After the newest transaction known.")
    balance_date = models.DateField(null=True)
    balance_sequence = models.BigIntegerField(null=True, help_text="The ledger's order of the transaction `balance` comes from.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "source_key"], name="an_arrangement_lands_once")]
        indexes = [
            models.Index(compact("number"), name="arrangement_by_number"),
            models.Index(Right("number", 4), name="arrangement_by_last_four"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ArrangementRole(Sourced, Changing):
    """Who may do what on an arrangement."""

    class Role(models.TextChoices):
        OWNER = "owner", "owner"
        JOINT = "joint", "joint holder"
        AUTHORISED = "authorised", "authorised user"
        GUARDIAN = "guardian", "guardian"
        GUARANTOR = "guarantor", "guarantor"
        BENEFICIARY = "beneficiary", "beneficiary"

    HOLDERS = (Role.OWNER, Role.JOINT)  # whose money it is

    id = UUIDv7Field(primary_key=True)
    arrangement = models.ForeignKey(Arrangement, on_delete=models.PROTECT, related_name="roles")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="arrangement_roles")
    role = models.CharField(max_length=12, choices=Role)
    source_key = models.CharField(max_length=100, db_index=True, help_text="How the source names this link; other systems point to it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arrangement", "party"], name="one_role_per_arrangement")]

    def __str__(self) -> str:
        return f"{self.party_id} {self.role} {self.arrangement_id}"


class PaymentSchedule(Sourced, Changing):
    """Money that leaves on a known day of each month: a standing order's or a loan's instalment."""

    id = UUIDv7Field(primary_key=True)
    arrangement = models.OneToOneField(Arrangement, on_delete=models.PROTECT, related_name="schedule")
    account = models.ForeignKey(
        Arrangement, on_delete=models.PROTECT, related_name="scheduled_payments", help_text="The account it leaves from."
    )
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Positive; money out.")
    currency = models.CharField(max_length=3)
    day_of_month = models.PositiveSmallIntegerField(
        null=True, help_text="1 to 31, the month's last day if it is shorter; null if not known."
    )
    counterparty = models.CharField(max_length=120, blank=True)
    purpose = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_scheduled_amount_is_positive"),
            models.CheckConstraint(
                condition=models.Q(day_of_month__isnull=True) | models.Q(day_of_month__range=(1, 31)), name="a_day_of_a_month"
            ),
        ]

    def __str__(self) -> str:
        return f"schedule of {self.arrangement_id}"


class Transaction(Sourced):
    """One booked movement on an account, as the ledger states it. Append-only, in partitions by month of `booking_date`.

    What a source corrects is reversed and booked anew; what it no longer has is reversed. A reversing row stands on the day of the row
    it reverses, with the opposite amount, so that the sums of any period are those of the source. All rows of one entry of the ledger
    bear its `source_key`; `BookedEntry` tells which one stands.

    The database's own key is (id, booking_date): a partitioned table's key holds what it is partitioned by.
    """

    id = UUIDv7Field(primary_key=True)
    # The file's system, kept beside it only so that keys are unique within it: the file is what the database checks.
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    source_key = models.CharField(max_length=60, db_collation=BYTEWISE)
    version = models.IntegerField(default=0, help_text="Which row of its entry this is: 0 for the first.")
    # These two are checked once a statement (see the migration): once a row would cost more than all else about the row.
    arrangement = models.ForeignKey(Arrangement, on_delete=models.PROTECT, related_name="transactions", db_index=False, db_constraint=False)
    source_file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    booking_date = models.DateField()
    sequence = models.BigIntegerField(help_text="The ledger's order within an account.")
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="Signed: money in is positive.")
    currency = models.CharField(max_length=3)
    balance_after = models.DecimalField(max_digits=18, decimal_places=2, null=True, help_text="As the ledger states it.")
    method = models.CharField(max_length=40, help_text="How the money moved: card, transfer, cash, fee, interest, salary …")
    purpose = models.CharField(max_length=60, blank=True)
    counterparty = models.CharField(max_length=120, blank=True)
    counterparty_account = models.CharField(max_length=60, blank=True)
    merchant_category = models.CharField(max_length=4, blank=True, help_text="ISO 18245 code of a card payment.")
    reverses = models.UUIDField(null=True, help_text="The transaction of the same day that this one takes back.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "source_key", "booking_date", "version"], name="an_entry_has_each_version_once")
        ]
        indexes = [
            models.Index(fields=["arrangement", "booking_date", "sequence"], name="transaction_by_entry"),
            models.Index(fields=["reverses"], name="transaction_reversed", condition=models.Q(reverses__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"transaction {self.pk}"


class BookedEntry(models.Model):
    """An entry of a source's ledger by its own key: where it is booked, and how new the source's word on it is.

    It makes a key unique in all months, which a partitioned table cannot, and finds an entry without looking into each of them.
    """

    pk = models.CompositePrimaryKey("system", "source_key")
    system = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    source_key = models.CharField(max_length=60, db_collation=BYTEWISE)
    position = models.BigIntegerField(help_text="Where in the source's log of changes its newest word on it stands; 0 for an extract.")
    transaction_id = models.UUIDField(null=True, help_text="The row that stands; null if the source has the entry no more.")
    booking_date = models.DateField(null=True, help_text="The day of that row.")
    version = models.IntegerField(help_text="Of its newest row, which may be a reversal; -1 if it has none.")

    def __str__(self) -> str:
        return f"entry {self.system_id}/{self.source_key}"
