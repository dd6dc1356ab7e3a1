"""`locust -f loadtests/locustfile.py`: users of the payments API. See docs/loadtests.md."""

import sys
from pathlib import Path

# Locust looks for modules in the working folder and beside this file; this finds the package
# from anywhere.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loadtests import lifecycle, options, workers
from loadtests.users import Auditor, Saver, Shopper, Transferrer

__all__ = ["Auditor", "Saver", "Shopper", "Transferrer"]

options.install()
lifecycle.install()
workers.install()
