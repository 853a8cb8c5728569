"""The embedded bank with a small demo bank in it, for what is tried on a whole running one (`BANKOS_CUSTOMERS`)."""

import os

from bankos.settings.embedded import *  # noqa: F403
from bankos.settings.embedded import START_COMMANDS as _COMMANDS

START_COMMANDS = [*_COMMANDS[:-1], [*_COMMANDS[-1], "--customers", os.environ.get("BANKOS_CUSTOMERS", "120")]]
LOGGING = {"pretty": False, "level": "INFO"}
