"""A dry run: a draft reads its whole sample through the real loaders, and nothing of it is kept.

Each chunk is loaded in a transaction that is rolled back, so a dry run holds ingestion up no longer than a chunk takes. What a chunk would
have brought is gone for the next: a row that refers to one more than a chunk before it in the *same* file is counted as if that were
missing, and a key that comes twice, far apart, counts as new twice.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from bankos.platform.jobs import Work
from sentinel.actions import NotPossible

from ..ingestion import held, mapping, reading
from ..ingestion.formats.layout import Stretch
from ..ingestion.formats.tables import table_of
from ..ingestion.landed import Landing
from ..ingestion.loading import KINDS
from ..ingestion.locking import one_at_a_time
from ..ingestion.mapping import BadMapping
from ..ingestion.reading import Chunk, opened
from ..models import SourceFile, SourceMapping
from . import jobs

FIRST_LINES = 5


def _dry_run(work: Work, at: datetime) -> None:
    job = work.job
    file = jobs.file_of(job)
    draft = SourceMapping.objects.filter(pk=job.given["mapping"]).first()
    if file is None or draft is None:
        raise NotPossible("A dry run is of a mapping, on a file.")
    try:
        if mapping.fingerprint(draft.kind, draft.header, draft.definition) != job.given["sha256"]:
            raise NotPossible("The mapping was changed before the dry run was over. Try it again.")
        kind = mapping.kind_of(draft.kind)
        feed = mapping.feed_of(name="dry run", system=draft.system_id, kind=kind, header=draft.header, definition=draft.definition)
    except BadMapping as error:
        raise NotPossible(str(error)) from None
    shift = timedelta(days=file.system.time_shift_days or 0)
    rows, added, rejected = (job.counts.get(name, 0) for name in ("rows", "added", "rejected"))
    reasons = dict(job.counts.get("reasons", {}))
    with held.restored(file) as path:
        table = table_of(draft.system_id, path)
        if table is None:
            raise NotPossible("This file says by itself what its parts mean: it needs no mapping.")
        layout = table.layout(feed)
        with opened(path) as source:
            for chunk in layout.chunks(source, Stretch(job.place or 0, reading.ROWS_PER_CHUNK, shift)):
                complaints, new = _loaded_and_undone(chunk, file, at)
                rows += sum(len(batch.records) for batch in chunk.batches) + len(chunk.refusals)
                added += new
                rejected += len(complaints)
                for line, code in sorted(complaints.items()):
                    _count(reasons, code, line)
                work.report(
                    round(jobs.PER_MILLE * chunk.position / max(source.size, 1)),
                    place=chunk.first_line + chunk.line_count - layout.first_line,
                    rows=rows,
                    accepted=rows - rejected,
                    rejected=rejected,
                    added=added,
                    reasons=reasons,
                )


DRY_RUN = jobs.declare("dry_run", "Dry run of a mapping", _dry_run)


def _loaded_and_undone(chunk: Chunk, file: SourceFile, at: datetime) -> tuple[dict[int, str], int]:
    """Line → code of what would be refused, and how many rows would bring something new."""
    complaints = {refusal.line: refusal.complaint.code for refusal in chunk.refusals}
    added = 0
    with transaction.atomic():
        one_at_a_time(at=at)
        for batch in chunk.batches:
            if batch.records:
                loaded = KINDS[batch.feed.record].load(batch.records, Landing(file.system_id, file.pk, at))
                added += loaded.added
                complaints |= {line: complaint.code for line, complaint in loaded.complaints.items()}
        transaction.set_rollback(True)
    return complaints, added


def _count(reasons: dict[str, Any], code: str, line: int) -> None:
    """Codes and lines only: a sentence would quote what the row says."""
    seen = reasons.setdefault(code, {"rows": 0, "lines": []})
    seen["rows"] += 1
    if len(seen["lines"]) < FIRST_LINES:
        seen["lines"].append(line)
