"""The feeds of the mappings an administrator put in force. A version never changes, so each is made once a process."""

from functools import lru_cache
from uuid import UUID

from ...models import MappingVersion
from ..feed import Feed
from .definition import feed_of, kind_of


def feeds_of(system: str) -> tuple[Feed, ...]:
    """Those that read this system's files now. Queries: 1, and 1 for each version this process meets first."""
    newest = MappingVersion.objects.filter(mapping__system=system, mapping__in_force=True).order_by("mapping_id", "-number")
    return tuple(_made(version) for version in newest.distinct("mapping_id").values_list("pk", flat=True))


def feed_of_version(name: str) -> Feed:
    """The feed that is called so: a file, and each row of it that waits, keeps the version it was read by.

    Raises:
        LookupError
    """
    version = MappingVersion.objects.filter(feed=name).values_list("pk", flat=True).first()
    if version is None:
        raise LookupError(name)
    return _made(version)


@lru_cache(maxsize=256)
def _made(version: UUID) -> Feed:
    row = MappingVersion.objects.select_related("mapping").get(pk=version)
    return feed_of(name=row.feed, system=row.mapping.system_id, kind=kind_of(row.kind), header=row.header, definition=row.definition)
