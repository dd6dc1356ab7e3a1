"""Telemetry's ingest in this process; reads the journal when it is told to, and counts its CPU.

Run by bench/turns.py: `python -m bench.reader VARIANT FOLDER`. Commands and answers as of
bench/subject.py.
"""

import json
import os
import sys
import time
from typing import Any


def main(variant: str, folder: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    os.environ |= {"BENCH_VARIANT": variant, "BENCH_FOLDER": folder}
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.shop.settings"
    import django

    django.setup()
    from telemetry.ingest import process
    from telemetry.ingest.election import Election
    from telemetry.ingest.worker import Worker

    election = Election()
    assert election.acquire()
    worker = Worker()
    worker.drain()
    process.settle()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        answer = obey(worker, json.loads(line))
        print(json.dumps(answer), file=answers, flush=True)


def obey(worker: Any, command: dict[str, Any]) -> dict[str, Any]:
    """Read what is there, and say what it cost; with `served`, what the store has of so many."""
    began = time.process_time_ns()
    records = worker.drain()
    answer: dict[str, Any] = {"cpu": (time.process_time_ns() - began) / 1000, "records": records}
    if "served" in command:
        from bench.shop import stored

        answer["stored"] = stored.check("telemetry", command["served"])
    return answer


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
