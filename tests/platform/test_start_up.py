"""What a web process loads before its first page."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

HEAVY = ("splink", "duckdb", "pyarrow", "pandas", "numpy", "scipy", "statsmodels", "sqlglot")
_PROGRAM = "import json, sys; {load}; print(json.dumps(sorted(name for name in sys.modules if '.' not in name)))"


@pytest.mark.parametrize(
    "load",
    [
        "import bankos.asgi, bankos.urls",
        "import django; django.setup(); from bankos.celery import app; app.loader.import_default_modules()",
    ],
    ids=["web", "worker"],
)
def test_no_process_loads_what_only_some_tasks_compute_with(load: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "bankos.settings.test"}
    program = [sys.executable, "-c", _PROGRAM.format(load=load)]
    done = subprocess.run(program, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout)
    assert "customers" in loaded
    assert not set(HEAVY) & set(loaded)
