"""Links between records that may be the same person: what is compared, how it was judged, and by whom."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from bankos.platform.ids import UUIDv7Field

from .parties import Party


def _core_banking() -> list[str]:
    return ["core"]


class LinkageSettings(models.Model):
    """The three zones, and how names are written. One row; administrators change it, its history is kept."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    same_from = models.FloatField(
        "joined from",
        default=0.95,
        validators=[MinValueValidator(0.5), MaxValueValidator(1)],
        help_text="From this likelihood on two records are one person's, as far as a machine may say so.",
    )
    ask_from = models.FloatField(
        "asked from",
        default=0.2,
        validators=[MinValueValidator(0.001), MaxValueValidator(1)],
        help_text="From this likelihood on a person is asked; below it they are different people.",
    )
    surname_first = ArrayField(
        models.CharField(max_length=20),
        default=_core_banking,
        blank=True,
        help_text="Codes of the systems that write the surname before the given name.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "linkage settings"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="linkage_settings_are_one_row"),
            models.CheckConstraint(condition=Q(ask_from__lte=F("same_from")), name="asking_comes_before_joining"),
        ]

    def __str__(self) -> str:
        return f"joined from {self.same_from:.0%}, asked from {self.ask_from:.0%}"

    def clean(self) -> None:
        if self.ask_from > self.same_from:
            raise ValidationError({"ask_from": "Asking must begin below joining."})


class LinkageModel(models.Model):
    """What each agreement is worth, as learned once. Append-only: the newest counts, each link names the one that judged it."""

    id = UUIDv7Field(primary_key=True)
    version = models.PositiveIntegerField(unique=True)
    weights = models.JSONField()
    learned_from = models.PositiveIntegerField()
    learned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"linkage model {self.version}"


class MemberDescription(models.Model):
    """What records of a person say, made comparable, with the keys they are found by. Rebuilt from facts whenever those change."""

    member = models.OneToOneField(Party, on_delete=models.CASCADE, primary_key=True, related_name="description")
    given_name = models.TextField()
    surname = models.TextField()
    name_key = models.TextField(db_index=True)
    given_root = models.TextField()
    birth_date = models.TextField()
    national_id = models.TextField()
    house_number = models.TextField()
    line_1 = models.TextField()
    line_2 = models.TextField()
    town = models.TextField()
    postcode = models.TextField()
    phones = ArrayField(models.TextField())
    emails = ArrayField(models.TextField())
    keys = ArrayField(models.TextField())
    fingerprint = models.CharField(max_length=32, help_text="Of everything said: a verdict holds as long as it stays.")
    described_at = models.DateTimeField()

    class Meta:
        # Without the pending list of a fast update, so that a new record finds the one before it at once.
        indexes = [GinIndex(fields=["keys"], name="description_by_key", fastupdate=False)]

    def __str__(self) -> str:
        return str(self.member_id)


class PartyLink(models.Model):
    """A pair of members that may be one person: how likely, on what evidence, and what was decided.

    `left` is the smaller id. Golden parties are derived from these links and the keys of the sources.
    """

    class State(models.TextChoices):
        OPEN = "open", "waits for a person"
        JOINED = "joined", "same person"
        APART = "apart", "different people"
        UNLIKELY = "unlikely", "no longer likely"

    id = UUIDv7Field(primary_key=True)
    left = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    right = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    probability = models.FloatField()
    bits = models.FloatField()
    levels = models.JSONField(help_text="How well each thing compared agrees: comparison → level.")
    fingerprint = models.CharField(max_length=65, help_text="Of both descriptions it was judged by.")
    model = models.ForeignKey(LinkageModel, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    scored_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    put_off_until = models.DateTimeField(null=True, help_text="After “not sure”: asked again from then on.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="a_pair_is_linked_once"),
            models.CheckConstraint(condition=Q(left__lt=F("right")), name="a_link_has_its_smaller_id_left"),
        ]
        indexes = [models.Index(fields=["-probability", "id"], condition=Q(state="open"), name="open_links_in_order")]

    def __str__(self) -> str:
        return f"{self.left_id} and {self.right_id}"


class LinkVerdict(models.Model):
    """What somebody decided about a link, on what it said then. Append-only."""

    class Verdict(models.TextChoices):
        SAME = "same", "Same person"
        DIFFERENT = "different", "Different people"
        NOT_SURE = "not_sure", "Not sure"

    id = UUIDv7Field(primary_key=True)
    link = models.ForeignKey(PartyLink, on_delete=models.PROTECT, related_name="verdicts")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=300, blank=True)
    fingerprint = models.CharField(max_length=65)
    probability = models.FloatField()
    model = models.ForeignKey(LinkageModel, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    decided_by = models.CharField(max_length=120, help_text="An actor's id.")
    decided_by_name = models.CharField(max_length=120)
    decision_id = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.link_id} {self.verdict}"


class PartyAct(models.Model):
    """A merge, a parting or the undoing of one: by whom, why, and the decision that allowed it. Append-only."""

    class Kind(models.TextChoices):
        JOIN = "join", "joined"
        PART = "part", "split off"
        UNDO = "undo", "undone"

    id = models.UUIDField(primary_key=True, help_text="The act of the moves it made.")
    kind = models.CharField(max_length=6, choices=Kind)
    kept = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    moved = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    link = models.ForeignKey(PartyLink, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.CharField(max_length=300)
    done_by = models.CharField(max_length=120, help_text="An actor's id.")
    done_by_name = models.CharField(max_length=120)
    decision_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.moved_id}"
