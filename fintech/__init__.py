"""The project: settings, URLs, entry points and the supervisor behind `manage.py start`."""

from fintech import sqlite

# Before anything imports Django's SQLite backend, which binds the module it finds first.
sqlite.use_safe_library()
