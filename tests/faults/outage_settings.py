"""The embedded bank with all its addresses but nobody's data, for the test of its outages."""

from bankos.settings.embedded import *  # noqa: F403

START_COMMANDS = [["migrate", "--verbosity=0"], ["check_keys"]]
START_NOTES = "tests.platform.start_settings.notes"
LOGGING = {"pretty": False, "level": "INFO"}
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
