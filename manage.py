#!/usr/bin/env python
"""Django's command line, on the embedded services unless the environment names others."""

import os
import sys

# These run no query, or look after the servers themselves.
NEED_NO_SERVERS = {"start", "checks", "assets", "collectstatic", "spectacular", "help", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bankos.settings.embedded")
    from bankos.platform import faults

    var = None
    try:
        from django.conf import settings

        var = settings.VAR_DIR
        _run()
    except Exception as error:
        said = faults.sentence(error, var=var)
        if said is None:
            raise
        sys.exit(said)


def _run() -> None:
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from bankos.platform import embedded

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in NEED_NO_SERVERS or command.startswith("-"):
        execute_from_command_line(sys.argv)
        return
    try:
        # For as long as the command runs, or those of a bin/start that runs already.
        with embedded.running(settings.EMBEDDED_LAYOUT, settings.EMBEDDED_WANTED, share=True):
            execute_from_command_line(sys.argv)
    except embedded.EmbeddedUnavailable as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
