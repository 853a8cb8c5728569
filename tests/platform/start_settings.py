"""The embedded bank without its upper floors' start commands, for the test of `manage.py start`."""

from bankos.settings.embedded import *  # noqa: F403

START_COMMANDS = [["migrate", "--verbosity=0"]]
START_NOTES = "tests.platform.start_settings.notes"
ROOT_URLCONF = "bankos.platform.urls"
LOGGING = {"pretty": False, "level": "INFO"}
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def notes() -> list[str]:
    return ["sign in as test"]
