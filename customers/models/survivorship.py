"""Which source's word on an attribute staff see first: rules that an administrator changes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from simple_history.models import HistoricalRecords

from .landing import Changing
from .parties import PartyFact


class SurvivorshipRule(Changing):
    """Where sources say different things of one attribute: whose word is first. Without a rule it goes by the rank of the sources."""

    class Order(models.TextChoices):
        SYSTEMS = "systems", "the systems named, then the others by their rank"
        NEWEST = "newest", "whoever spoke last"

    attribute = models.CharField(max_length=20, primary_key=True, help_text="One of the attributes of a party.")
    order = models.CharField(max_length=10, choices=Order, default=Order.SYSTEMS)
    systems = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="Their codes, the first one's word first.")

    confirmed_first = models.BooleanField(
        "the customer's word first", default=True, help_text="What the customer stated or confirmed comes before what any system says."
    )

    history = HistoricalRecords(excluded_fields=["changed_at"])

    def __str__(self) -> str:
        return PartyFact.Attribute(self.attribute).label
