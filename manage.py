#!/usr/bin/env python
"""Django's command line for the fintech project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintech.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed for this Python. Run `make run`, or activate the project's "
            "virtual environment: . .venv/bin/activate"
        ) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
