"""What customers say of themselves and of what they want: life events, needs, goals, preferences.

Each row is one word somebody said at one moment. Nothing is changed: who thinks better of it says a new word, and the newest counts.
"""

from django.db import models

from bankos.platform.actors import ActorKind
from bankos.platform.ids import UUIDv7Field

from .behaviour import Channel
from .parties import Party


class Word(models.Model):
    """Something said about a customer: by whom, where, when, and the decision that let it be written down. Append-only.

    `SUBJECT` names the columns that say what the word is about.
    """

    SUBJECT: tuple[str, ...] = ("kind",)

    id = UUIDv7Field(primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20, choices=Channel)
    actor_kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in ActorKind])
    actor_name = models.CharField(max_length=120, help_text="Who wrote it down.")
    occurred_at = models.DateTimeField(help_text="When it was said.")
    recorded_at = models.DateTimeField()
    decision_id = models.UUIDField(help_text="The decision that allowed it.")

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["party", "-occurred_at"], name="%(class)s_by_party")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} of {self.party_id}"


class Need(Word):
    """Something the bank takes care of when it deals with this customer (vulnerability, FCA FG21/1): said with care, in words of help."""

    class Kind(models.TextChoices):
        HEARING = "hearing", "hard of hearing"
        SIGHT = "sight", "sees little"
        SPEECH = "speech", "speaks with difficulty"
        MOBILITY = "mobility", "moves with difficulty"
        READING = "reading", "reads with difficulty"
        LANGUAGE = "language", "needs another language"
        MENTAL_HEALTH = "mental_health", "mental health"
        MENTAL_CAPACITY = "mental_capacity", "needs help to decide"
        MEMORY = "memory", "memory"
        ILLNESS = "illness", "serious illness"
        BEREAVEMENT = "bereavement", "bereaved"
        CARING = "caring", "cares for somebody"
        LOW_RESILIENCE = "low_resilience", "little to fall back on"
        FINANCIAL_ABUSE_RISK = "financial_abuse_risk", "somebody may misuse their money"
        GAMBLING_HARM = "gambling_harm", "harmed by gambling"
        DIGITAL = "digital", "does not use digital channels"

    kind = models.CharField(max_length=30, choices=Kind)
    present = models.BooleanField(help_text="False: no longer so.")
    help = models.CharField(max_length=200, blank=True, help_text="What helps, in the customer's words.")
    agreed = models.BooleanField(help_text="Whether the customer agreed that it is written down (GDPR Art. 9(2)(a) for health).")
    review_on = models.DateField(null=True, blank=True, help_text="When to ask again.")


class LifeEvent(Word):
    """A turn in a customer's life. Whoever notices it asserts it; only a person, or the customer, confirms it."""

    SUBJECT = ("kind", "happened_on")

    class Kind(models.TextChoices):
        BIRTH = "birth", "birth of a child"
        MARRIAGE = "marriage", "marriage"
        SEPARATION = "separation", "separation"
        BEREAVEMENT = "bereavement", "death in the family"
        NEW_JOB = "new_job", "new job"
        JOB_LOSS = "job_loss", "loss of a job"
        RETIREMENT = "retirement", "retirement"
        ILLNESS = "illness", "serious illness"
        MOVING_HOME = "moving_home", "moving home"
        HOME_PURCHASE = "home_purchase", "buying a home"
        STUDIES = "studies", "beginning of studies"
        OWN_BUSINESS = "own_business", "starting a business"

    class Standing(models.TextChoices):
        ASSERTED = "asserted", "not confirmed"
        CONFIRMED = "confirmed", "confirmed"
        WRONG = "wrong", "did not happen"

    kind = models.CharField(max_length=20, choices=Kind)
    happened_on = models.DateField()
    standing = models.CharField(max_length=10, choices=Standing)


class Goal(Word):
    """Something a customer saves or plans for."""

    SUBJECT = ("goal_id",)

    class Standing(models.TextChoices):
        OPEN = "open", "open"
        REACHED = "reached", "reached"
        GIVEN_UP = "given_up", "given up"

    goal_id = models.UUIDField(help_text="The same in every word about this goal.")
    name = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    by_date = models.DateField(null=True, blank=True)
    standing = models.CharField(max_length=10, choices=Standing)

    class Meta(Word.Meta):
        constraints = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_goal_has_an_amount")]


class Preference(Word):
    """How a customer wants to be dealt with."""

    class Kind(models.TextChoices):
        CONTACT_CHANNEL = "contact_channel", "prefers to be reached by"
        CONTACT_TIME = "contact_time", "best time"
        PAPER = "paper", "statements"
        FORMAT = "format", "format of letters"
        GREETING = "greeting", "is addressed as"

    kind = models.CharField(max_length=20, choices=Kind)
    value = models.CharField(max_length=80, help_text="Empty: no preference any more.", blank=True)
