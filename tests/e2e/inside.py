"""A process inside the bank that runs programs, a JSON text a line, and answers each with what it printed or why it failed."""

import json
import os
import sys
import traceback
from contextlib import redirect_stdout
from io import StringIO

import django


def main() -> None:
    # What is logged goes where errors go: only answers are read.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        django.setup()
        for line in sys.stdin:
            print(json.dumps(_run(json.loads(line))), file=answers, flush=True)


def _run(program: str) -> dict[str, str]:
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            exec(program, {})  # noqa: S102 - the tests' own programs
    except Exception:
        return {"failed": traceback.format_exc()}
    return {"printed": printed.getvalue().strip()}


if __name__ == "__main__":
    main()
