"""What waits for a person."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bankos.platform.ids import UUIDv7Field


class WorkItem(models.Model):
    """One piece of work about one customer. Who may see it is decided when it is read (journeys.work)."""

    class Kind(models.TextChoices):
        SUGGESTION = "suggestion", "suggestion"
        APPROVAL = "approval", "approval"

    class State(models.TextChoices):
        OPEN = "open", "open"
        CLOSED = "closed", "closed"

    id = UUIDv7Field(primary_key=True)
    kind = models.CharField(max_length=12, choices=Kind)
    subject_id = models.UUIDField(help_text="The suggestion, or the request for approval.")
    party_id = models.UUIDField()
    branch_code = models.CharField(max_length=20, blank=True)
    title = models.CharField(max_length=160)
    why = models.CharField(max_length=300, blank=True, help_text="Why it matters to the customer.")
    due_at = models.DateTimeField(help_text="A suggestion can be late; an approval nobody gave by then is refused.")
    harm = models.DecimalField(
        max_digits=18, decimal_places=2, default=0, help_text="What it costs the customer if nothing happens: orders what is due at once."
    )
    for_roles = ArrayField(
        models.CharField(max_length=40), default=list, help_text="Only people with one of these roles; empty: all who serve."
    )
    asked_by = models.CharField(max_length=120, blank=True, help_text="Id of the person who asked, and so may not answer.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    owner_id = models.UUIDField(null=True)
    owner_name = models.CharField(max_length=120, blank=True)
    added_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="one_work_item_per_subject"),
            models.CheckConstraint(
                condition=models.Q(owner_id__isnull=True, claimed_at__isnull=True)
                | models.Q(owner_id__isnull=False, claimed_at__isnull=False),
                name="a_claimed_item_has_its_moment",
            ),
        ]
        indexes = [
            # In the order they are handed out, for all and for one branch, so that taking the next one never sorts the queue.
            models.Index(fields=["due_at", "-harm", "id"], condition=models.Q(state="open"), name="work_item_open"),
            models.Index(
                fields=["branch_code", "due_at", "-harm", "id"], condition=models.Q(state="open"), name="work_item_open_in_branch"
            ),
            models.Index(fields=["owner_id"], condition=models.Q(state="open"), name="work_item_by_owner"),
            models.Index(fields=["subject_id"], name="work_item_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"
