"""Load on the payments API, and what its clients saw of it. Imports no Django and no telemetry."""
