from typing import Any, NoReturn

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models

from .actors import Role
from .ids import UUIDv7Field


class StaffManager(UserManager["User"]):
    """Makes accounts without any power: what somebody may do follows from their roles."""

    def create_user(self, username: str, email: str | None = None, password: str | None = None, **fields: Any) -> "User":
        user = self.model(username=username, email=email or "", **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *args: Any, **fields: Any) -> NoReturn:
        raise TypeError("There are no superusers. The first administrator is made with manage.py first_administrator.")


class User(AbstractUser):
    """A person of the bank's staff.

    Nobody is a superuser, and no permission of Django's opens anything: the console, the interface and the administration pages ask for
    roles (`RoleMembership`).
    """

    is_staff = None  # no column: see the property below
    is_superuser = None

    id = UUIDv7Field(primary_key=True)
    name = models.CharField("full name", max_length=120, blank=True)
    job_title = models.CharField(max_length=80, blank=True)
    branch_code = models.CharField(
        "home branch", max_length=20, blank=True, help_text="Code of the branch this person works for; empty for head office."
    )

    manager = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="reports", help_text="Who this person reports to."
    )
    activated_at = models.DateTimeField(null=True, blank=True, help_text="When this person first chose a password of their own.")

    placed_by = models.UUIDField(
        null=True, editable=False, help_text="The decision that last set branch, manager and whether this person works here."
    )

    objects = StaffManager()  # type: ignore[misc]

    def get_full_name(self) -> str:
        return self.name or self.get_username()

    def has_role(self, role: Role) -> bool:
        """Queries: 1."""
        return self.is_active and self.memberships.filter(role=role, withdrawn_at=None).exists()

    # What Django's own code asks. Its administration pages open to administrators, who change there what a page lets be changed.
    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_staff

    def has_perms(self, perm_list: Any, obj: Any = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


def _opens_administration(user: User) -> bool:
    """Asked many times while one page is put together: remembered on the row, which lives for one request."""
    known = user.__dict__.get("_is_administrator")
    if known is None:
        known = user.__dict__["_is_administrator"] = user.has_role(Role.ADMINISTRATOR)
    return bool(known)


# A class that takes an inherited field away cannot define something else of its name.
setattr(User, "is_staff", property(_opens_administration))  # noqa: B010
setattr(User, "is_superuser", property(lambda user: False))  # noqa: B010


class RoleMembership(models.Model):
    """A role somebody holds, or held: since when and until when, and the decisions that gave it and took it away.

    The database takes a row only with a permit of its own for exactly this person and role (`sentinel.people.guards`), and lets nothing of
    it change but that it ends, once.
    """

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=[(role.value, role.label) for role in Role])
    granted_at = models.DateTimeField()
    granted_by = models.UUIDField(
        null=True, unique=True, help_text="The decision that gave it; empty for what was held before roles were given by decisions."
    )
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.UUIDField(null=True, help_text="The decision that took it away.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=[role.value for role in Role]), name="a_role_is_one_of_the_bank"),
            models.UniqueConstraint(fields=["user", "role"], condition=models.Q(withdrawn_at=None), name="a_role_is_held_once"),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at=None, withdrawn_by=None) | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="a_role_ends_with_a_decision",
            ),
        ]
        indexes = [models.Index(fields=["role"], condition=models.Q(withdrawn_at=None), name="role_members")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class OneTimeLink(models.Model):
    """A way in for somebody who has no password (any more): one use, until `expires_at`.

    The decision that allows it names two people where the account has powers. Each then holds one half: the administrator who asked for it
    the link, the second person a code. Only hashes of both are kept.
    """

    id = UUIDv7Field(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="links")
    decision_id = models.UUIDField(unique=True)
    asked_by = models.CharField(max_length=120, help_text="Who may make the link: an employee's id, or the name of a command.")
    agreed_by = models.CharField(max_length=120, blank=True, help_text="Who may make the code; empty where nobody had to agree.")
    link_sha256 = models.CharField(max_length=64, blank=True)
    code_sha256 = models.CharField(max_length=64, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["link_sha256"], name="one_time_link_by_hash")]

    def __str__(self) -> str:
        return str(self.user_id)


class Session(AbstractBaseSession):
    """Somebody's time at the console, kept so that it can be seen and ended. See `bankos.platform.sessions`."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=45, blank=True)
    program = models.CharField("browser", max_length=200, blank=True)

    objects = BaseSessionManager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["user"], name="session_by_user")]


class DomainEvent(models.Model):
    """The outbox: a CloudEvent 1.0, written in the transaction that made the change. Append-only."""

    id = UUIDv7Field(primary_key=True)
    type = models.CharField(max_length=80)
    source = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["subject", "occurred_at"], name="event_by_subject")]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class EventDelivery(models.Model):
    """One subscriber's receipt for one event; open until `delivered_at` is set, or it is set aside because it stopped two workers."""

    id = UUIDv7Field(primary_key=True)
    event = models.ForeignKey(DomainEvent, on_delete=models.PROTECT, related_name="deliveries", db_index=False)  # the constraint's serves
    subscriber = models.CharField(max_length=80)
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    retry_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "subscriber"], name="one_receipt_per_subscriber")]
        indexes = [
            # In the order they are handed out, so that a long backlog is never sorted again for each batch.
            models.Index(fields=["subscriber", "id"], condition=models.Q(delivered_at__isnull=True), name="event_delivery_open")
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} <- {self.event_id}"


class Job(models.Model):
    """Long work, or a part of it (see `jobs`). It is given, and counts, ids, settings and numbers, never what a customer said."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a worker"
        RUNNING = "running", "under way"
        STOPPING = "stopping", "stopping"
        STOPPED = "stopped", "stopped"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    id = UUIDv7Field(primary_key=True)
    kind = models.CharField(max_length=60, help_text="The name of its declaration.")
    subject = models.CharField(max_length=120, help_text="What it is about: kind of thing and id.")
    given = models.JSONField(default=dict, help_text="What the work has to know.")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="parts", help_text="The job this is a part of.")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    done = models.PositiveBigIntegerField(default=0, help_text="In the kind's own unit.")
    total = models.PositiveBigIntegerField(default=0, help_text="0: not known.")
    place = models.JSONField(null=True, help_text="Where the next piece goes on.")
    counts = models.JSONField(default=dict, help_text="What its page shows besides.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it failed, or what is tried again.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Of the piece that is next, its worker living.")
    deaths = models.PositiveSmallIntegerField(default=0, help_text="Workers that died of the piece that is next.")
    asked_by = models.CharField(max_length=120, blank=True)
    asked_by_name = models.CharField(max_length=120, blank=True)
    decision_id = models.UUIDField(null=True)
    asked_at = models.DateTimeField()
    alive_at = models.DateTimeField(help_text="When it was last asked for or worked on.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "given"],
                condition=models.Q(parent=None, state__in=["waiting", "running", "stopping"]),
                name="the_same_work_is_open_once",
            ),
        ]
        indexes = [
            models.Index(fields=["alive_at"], condition=models.Q(state__in=["waiting", "running", "stopping"]), name="open_jobs"),
            models.Index(fields=["kind", "subject", "id"], condition=models.Q(parent=None), name="jobs_of_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}: {self.state}"

    @property
    def about_id(self) -> str:
        """The id within its subject."""
        return self.subject.partition("/")[2]


class Heartbeat(models.Model):
    """The last moment a background process was seen working."""

    process = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.process


class Meter(models.Model):
    """How much of its rate a program has used: it would be idle again at `idle_at` (a leaky bucket). The table is unlogged."""

    key = models.CharField(max_length=80, primary_key=True)
    idle_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"meter of {self.key}"


class AttemptCount(models.Model):
    """Failed tries at an account, from an address or on a device (see `attempts`). Keys are hashes.

    `failures` are those of `counted_at`, they go down with time; before `open_at` there is no further try; after `forgotten_at` the row
    means nothing.
    """

    key = models.CharField(max_length=80, primary_key=True)
    account = models.CharField(max_length=64, blank=True)
    failures = models.FloatField()
    counted_at = models.DateTimeField()
    open_at = models.DateTimeField(null=True)
    forgotten_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["forgotten_at"], name="attempts_forgotten"),
            models.Index(fields=["account"], condition=~models.Q(account=""), name="attempts_of_account"),
        ]

    def __str__(self) -> str:
        return self.key


class RequestOutcome(models.Model):
    """What became of something a page sent (see `outcomes`): recorded, or given up before it was."""

    key = models.UUIDField(primary_key=True)
    user_id = models.UUIDField()
    recorded = models.BooleanField()
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.key)


class PublishedKey(models.Model):
    """The public half of a key that signs or signed decisions, for the database's own guards. Only the owner adds one."""

    kid = models.CharField(max_length=43, primary_key=True, help_text="The key's thumbprint (RFC 7638).")
    public = models.BinaryField(max_length=32, help_text="The 32 bytes of its public half.")
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.kid
