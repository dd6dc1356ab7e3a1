#!/usr/bin/env python
"""Django's command line for the fintech project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintech.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed for this Python. Run `make run`, or activate the project's "
            "virtual environment: . .venv/bin/activate"
        ) from error
    try:
        # Read here, because a wrong environment variable deserves one line, not a traceback.
        _ = settings.DATABASES
    except ImproperlyConfigured as error:
        raise SystemExit(f"Error: {error}") from None
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
