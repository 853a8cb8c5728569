"""Keys that a benchmark and the processes it starts have in common, thrown away with it. Imported before Django is set up."""

import os
from tempfile import TemporaryDirectory

_FOLDER = TemporaryDirectory()
os.environ.setdefault("SIGNING_KEYS_DIR", f"{_FOLDER.name}/signing")
os.environ.setdefault("MASTER_KEYS_DIR", f"{_FOLDER.name}/master")
