"""Policy stores: the bank's own, and those of other systems that ask through AuthZEN."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from bankos.platform.ids import UUIDv7Field

BANK = "bank"


class PolicyStore(models.Model):
    """Policies that belong together, with their schema, entities and examples. `bank` is ours."""

    id = UUIDv7Field(primary_key=True)
    name = models.SlugField(max_length=40, unique=True, help_text="Part of the store's addresses: /authzen/<name>/…")
    title = models.CharField(max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="Who answers for this store."
    )
    created_at = models.DateTimeField()
    decision_id = models.UUIDField("decision", null=True, unique=True, editable=False, help_text="Which decision says who answers for it.")

    def __str__(self) -> str:
        return self.title


class StoreEntity(models.Model):
    """Someone or something a store's policies speak about, known beforehand: requests name it, and searches find it."""

    id = UUIDv7Field(primary_key=True)
    store = models.ForeignKey(PolicyStore, on_delete=models.CASCADE, related_name="entities", to_field="name", db_column="store")
    type = models.CharField(max_length=80)
    entity_id = models.CharField("id", max_length=200)
    attributes = models.JSONField(default=dict, blank=True)
    parents = models.JSONField(default=list, blank=True, help_text='The groups it belongs to: [{"type": …, "id": …}].')
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "store entities"
        constraints = [models.UniqueConstraint(fields=["store", "type", "entity_id"], name="one_entity_per_store_type_and_id")]
        indexes = [GinIndex(fields=["parents"], name="store_entity_by_parent")]

    def __str__(self) -> str:
        return f"{self.type} {self.entity_id}"


class StoreClient(models.Model):
    """A program that may ask a store, known by a secret of which only the hash is kept."""

    id = UUIDv7Field(primary_key=True)
    store = models.ForeignKey(PolicyStore, on_delete=models.CASCADE, related_name="clients", to_field="name", db_column="store")
    name = models.CharField(max_length=120)
    secret_sha256 = models.CharField(max_length=64, unique=True, null=True, editable=False, help_text="Empty until the secret is made.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        help_text="Who makes the secret.",
    )
    secret_until = models.DateTimeField(null=True, editable=False, help_text="Until when the secret may be made.")
    decision_id = models.UUIDField("decision", null=True, unique=True, editable=False, help_text="Which decision lets it ask.")
    may_manage = models.BooleanField(default=False, help_text="May change the store's policies and entities, not only ask.")
    per_minute = models.PositiveIntegerField(
        "evaluations a minute", default=6_000, db_default=6_000, help_text="A search counts as ten, each item of a batch as one."
    )
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(per_minute__gte=1), name="a_store_client_may_ask_at_all")]

    def __str__(self) -> str:
        return f"{self.name} of {self.store_id}"
