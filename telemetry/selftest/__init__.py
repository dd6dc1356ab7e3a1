"""Proof that redaction holds: canaries go in by every way, and must come out nowhere.

A process of its own, over a temporary data folder and store, pushes generated card numbers,
credentials and the like through the real middleware, logging, journal and ingest (`child`,
`pushes`). What telemetry has then kept is searched for them in every notation (`search`).
"""
