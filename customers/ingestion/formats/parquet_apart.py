"""Reads a Parquet file nobody has read before to its end, in a process of its own (`bankos.platform.apart`). Imports nothing of ours."""

from typing import Any

import pyarrow
from pyarrow import parquet


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The names of the columns; or `refused` with what is wrong, or `large` with what there is too much of."""
    try:
        table = parquet.ParquetFile(request["path"], memory_map=False, pre_buffer=False, buffer_size=1024 * 1024)
        metadata = table.metadata
        if metadata.num_columns > request["columns"]:
            return {"large": f"has {metadata.num_columns:,} columns; this isn't an extract"}
        groups = (metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
        if max(groups, default=0) > request["group"]:
            return {"large": f"has row groups of more than {request['group'] // 1024**2} MB. Write it in smaller ones"}
        for batch in table.iter_batches(batch_size=request["rows"], use_threads=False):
            if batch.nbytes > request["batch"]:
                return {"large": f"has rows of more than {request['batch'] // request['rows'] // 1024} KB each; no bank writes such"}
        return {"names": list(table.schema_arrow.names)}
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        return {"refused": (str(error).splitlines() or [""])[0][:100]}
