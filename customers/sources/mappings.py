"""Mappings as administrators write them: begun from a file that waits, previewed, tried on the whole file, put in force.

A draft may be half done; what was typed is kept, with its history. In force is a *version*: it never changes, and every file says which one
read it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bankos.platform import jobs
from bankos.platform.actors import Actor
from bankos.platform.jobs import JobView
from bankos.platform.models import Job
from sentinel import actions, authority
from sentinel.actions import Ask, NotPossible, Permitted
from sentinel.catalogue import ActionType, ParameterKind, RiskTier

from ..ingestion import IngestError, held, mapping
from ..ingestion.formats.tables import table_of
from ..ingestion.mapping import BadMapping, Definition
from ..models import MappingVersion, SourceMapping
from . import dry_run, looking
from . import jobs as source_jobs
from .access import SourceNotVisible, check_may_see, may_run, system_for

SOURCE_MAPPING = "SourceMapping"


@dataclass(frozen=True, slots=True)
class MappingView:
    """`errors`: field → what is wrong with the draft. `tried`: its last dry run; `tried_out` if that was of exactly this draft."""

    id: UUID
    system: str
    code: str
    kind: str
    title: str
    header: tuple[str, ...]
    definition: dict[str, Any]
    errors: dict[str, str]
    sample: UUID
    sample_name: str
    sha256: str
    in_force: bool
    version: int | None
    version_is_draft: bool
    tried: JobView | None
    changed_at: datetime

    @property
    def tried_out(self) -> bool:
        return self.tried is not None and self.tried.state == jobs.State.DONE and self.tried.given["sha256"] == self.sha256


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    feed: str
    activated_at: datetime
    activated_by: str
    decision_id: UUID


def begin(file_id: UUID, *, code: str, kind: str, actor: Actor, at: datetime) -> UUID:
    """Begin a mapping for files like this one, with what can be guessed from the names of its columns.

    Raises:
        SourceNotVisible
        NotPossible: the actor is no administrator, the file isn't kept any more, isn't a table, or the code is taken.
    """
    file = looking.file_for(file_id, actor=actor)
    _check_may_write(actor)
    if not held.is_held(file):
        raise NotPossible("The file isn’t kept any more. Hand it in again.")
    chosen = kind_of(kind)
    with held.restored(file) as path:
        try:
            table = table_of(file.system_id, path)
        except IngestError as error:
            raise NotPossible(str(error)) from None
    if table is None:
        raise NotPossible("This file says by itself what its parts mean: it needs no mapping.")
    with transaction.atomic():
        if SourceMapping.objects.filter(system=file.system, code=code).exists():
            raise NotPossible(f"There is a mapping “{code}” of this source already.")
        made = SourceMapping.objects.create(
            system=file.system,
            code=code,
            kind=chosen.code,
            header=list(table.header),
            definition=mapping.suggested(chosen, table.header),
            sample=file,
            changed_at=at,
        )
    return made.pk


def save(mapping_id: UUID, definition: Definition, *, actor: Actor, at: datetime) -> dict[str, str]:
    """Keep what was typed, whether it can be used or not.

    Returns:
        Field → what is wrong with it.
    Raises:
        SourceNotVisible
        NotPossible: the actor is no administrator.
    """
    row = found(mapping_id, actor)
    _check_may_write(actor)
    if row.definition != definition:
        row.definition, row.changed_at = definition, at
        row.save(update_fields=["definition", "changed_at"])
    return mapping.checked(kind_of(row.kind), row.header, definition)


def try_out(mapping_id: UUID, *, actor: Actor, at: datetime) -> UUID:
    """Have the draft read its whole sample, with nothing of it kept.

    Returns:
        The job's id.
    Raises:
        SourceNotVisible
        NotPossible: the actor is no administrator, the draft cannot be used, or the sample isn't kept any more.
    """
    row = found(mapping_id, actor)
    _check_may_write(actor)
    kind = kind_of(row.kind)
    if mapping.checked(kind, row.header, row.definition):
        raise NotPossible("The mapping cannot be used yet: see what its fields say.")
    if not held.is_held(row.sample):
        raise NotPossible("The sample isn’t kept any more. Hand a file in again.")
    with transaction.atomic():
        return source_jobs.ask(
            dry_run.DRY_RUN,
            subject=_subject(row),
            system=row.system,
            file=row.sample,
            actor=actor,
            decision_id=None,
            at=at,
            mapping=str(row.pk),
            sha256=_fingerprint(row),
        )


def activate(mapping_id: UUID, *, actor: Actor, at: datetime) -> str:
    """Put the draft in force: from now on files with these columns are read by it.

    Returns:
        What the version is called.
    Raises:
        SourceNotVisible
        sentinel.authority.NotPermitted: above all, the draft was never tried on a whole file exactly as it stands.
        NotPossible: it cannot be used, or is in force already.
    """
    row = found(mapping_id, actor)
    sha256 = _fingerprint(row)

    feed: str = _decide(row, sha256, actor, at)
    return feed


def _activate(permitted: Permitted) -> str:
    sha256, at = permitted.parameters["sha256"], permitted.at
    locked = SourceMapping.objects.select_for_update().get(pk=permitted.resource_id)
    if not sha256:
        if not locked.in_force:
            raise NotPossible("It isn’t in force.")
        _set_in_force(locked, False, at)
        return ""
    if mapping.checked(kind_of(locked.kind), locked.header, locked.definition) or _fingerprint(locked) != sha256:
        raise NotPossible("The mapping was changed meanwhile, or cannot be used. Try it again.")
    newest = locked.versions.order_by("-number").first()
    if newest is not None and newest.sha256 == sha256:
        if locked.in_force:
            raise NotPossible("Exactly this is in force already.")
        _set_in_force(locked, True, at)
        return newest.feed
    number = newest.number + 1 if newest else 1
    made = MappingVersion.objects.create(
        mapping=locked,
        number=number,
        feed=f"{locked.system_id}.{locked.code}.v{number}",
        kind=locked.kind,
        header=locked.header,
        definition=locked.definition,
        sha256=sha256,
        activated_at=at,
        activated_by=permitted.actor.id,
        activated_by_name=permitted.actor.name,
        decision_id=permitted.decision.id,
    )
    _set_in_force(locked, True, at)
    return made.feed


def retire(mapping_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Let no further file be read by it; files read by it stay, and rows of theirs that wait can still be corrected.

    Raises:
        SourceNotVisible, sentinel.authority.NotPermitted
        NotPossible: it isn't in force.
    """
    _decide(found(mapping_id, actor), "", actor, at)


def view(mapping_id: UUID, *, actor: Actor) -> MappingView:
    """Queries: 3.

    Raises:
        SourceNotVisible
    """
    return _view(found(mapping_id, actor))


def of_source(code: str, *, actor: Actor) -> tuple[MappingView, ...]:
    """The source's mappings, by code. Queries: 2, and 2 for each.

    Raises:
        SourceNotVisible
    """
    rows = SourceMapping.objects.select_related("system", "sample").filter(system=system_for(code, actor=actor))
    return tuple(_view(row) for row in rows.order_by("code"))


def versions(mapping_id: UUID, *, actor: Actor) -> tuple[VersionView, ...]:
    """What was ever in force, the newest first. Queries: 1.

    Raises:
        SourceNotVisible
    """
    check_may_see(actor)
    rows = MappingVersion.objects.filter(mapping=mapping_id).order_by("-number")
    return tuple(VersionView(row.number, row.feed, row.activated_at, row.activated_by_name, row.decision_id) for row in rows)


def _check_may_write(actor: Actor) -> None:
    """Raises NotPossible: a draft changes nothing, so no decision is asked for; it is still for administrators alone."""
    if not may_run(actor):
        raise NotPossible("Administrators write mappings.")


def _decide(row: SourceMapping, sha256: str, actor: Actor, at: datetime) -> Any:
    """Put the text of this hash in force; without one, let nothing be."""
    parameters = {"mapping": str(row.pk), "sha256": sha256}
    return actions.run(ACTIVATE_MAPPING, actor=actor, resource_id=str(row.pk), parameters=parameters, at=at).or_raise()


def _as_resource(asked: Ask) -> authority.Resource:
    row, sha256 = SourceMapping.objects.get(pk=asked.resource_id), asked.parameters["sha256"]
    tried = not sha256 or ((one := _last_try(row)) is not None and one.state == jobs.State.DONE and one.given["sha256"] == sha256)
    return authority.Resource(SOURCE_MAPPING, asked.resource_id, {"source": row.system_id, "tried_out": bool(tried)})


ACTIVATE_MAPPING = actions.declare(
    ActionType(
        name="source.map",
        title="Put a mapping in force",
        resource_type=SOURCE_MAPPING,
        parameters={"mapping": ParameterKind.UUID, "sha256": ParameterKind.NAME},
        risk=RiskTier.MEDIUM,
    ),
    facts=_as_resource,
    effect=_activate,
)


def _set_in_force(row: SourceMapping, in_force: bool, at: datetime) -> None:
    row.in_force, row.changed_at = in_force, at
    row.save(update_fields=["in_force", "changed_at"])


def kind_of(code: str) -> mapping.RecordKind:
    """Raises NotPossible."""
    try:
        return mapping.kind_of(code)
    except BadMapping as error:
        raise NotPossible(str(error)) from None


def found(mapping_id: UUID, actor: Actor) -> SourceMapping:
    """Raises SourceNotVisible. Queries: 1."""
    check_may_see(actor)
    row = SourceMapping.objects.select_related("system", "sample").filter(pk=mapping_id).first()
    if row is None:
        raise SourceNotVisible(mapping_id)
    return row


def _fingerprint(row: SourceMapping) -> str:
    return mapping.fingerprint(row.kind, row.header, row.definition)


def _subject(row: SourceMapping) -> str:
    return f"SourceMapping/{row.pk}"


def _last_try(row: SourceMapping) -> Job | None:
    return jobs.of(dry_run.DRY_RUN, _subject(row)).first()


def _view(row: SourceMapping) -> MappingView:
    kind = kind_of(row.kind)
    tried = _last_try(row)
    newest = row.versions.order_by("-number").first()
    sha256 = _fingerprint(row)
    return MappingView(
        id=row.pk,
        system=row.system_id,
        code=row.code,
        kind=row.kind,
        title=kind.title,
        header=tuple(row.header),
        definition=row.definition,
        errors=mapping.checked(kind, row.header, row.definition),
        sample=row.sample_id,
        sample_name=row.sample.name,
        sha256=sha256,
        in_force=row.in_force,
        version=newest.number if newest else None,
        version_is_draft=newest is not None and newest.sha256 == sha256,
        tried=jobs.view_of(tried) if tried else None,
        changed_at=row.changed_at,
    )
