"""The project's settings over a data folder of this process alone, deleted when it ends."""

import atexit
import os
import shutil
import tempfile

_data_dir = tempfile.mkdtemp(prefix="fintech-tests-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)

# A developer's own environment must not change what the tests see.
for _name in (
    "FINTECH_DEBUG",
    "FINTECH_TLS",
    "FINTECH_SECRET_KEY",
    "FINTECH_ALLOWED_HOSTS",
    "PORT",
    "METRICS_TOKEN",
):
    os.environ.pop(_name, None)
os.environ["FINTECH_DATA_DIR"] = _data_dir
# Programs that a test starts get the project's settings, in the same folder unless told otherwise.
os.environ["DJANGO_SETTINGS_MODULE"] = "fintech.settings"

from fintech.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
