"""One variant's site in this process; serves requests when it is told to.

Run by bench/turns.py: `python -m bench.subject VARIANT FOLDER`. Commands on stdin and answers on
stdout are JSON, one a line.
"""

import gc
import io
import json
import os
import sys
import time
from typing import Any

WARM_UP = int(os.environ.get("BENCH_WARM_UP", "200"))
# The first requests of a turn find cold caches: their wall time is left out.
LEAD_IN = 5
BODY = b'{"item": 1, "count": 3}'


def main(variant: str, folder: str) -> None:
    # What a library prints is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    site = Site(variant, folder)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        answer = site.obey(json.loads(line))
        print(json.dumps(answer), file=answers, flush=True)


class Site:
    """Django with the variant's observer, warmed up."""

    def __init__(self, variant: str, folder: str) -> None:
        os.environ |= {"BENCH_VARIANT": variant, "BENCH_FOLDER": folder}
        from bench.shop import observers
        from bench.shop.wsgi import application, prepare

        prepare()
        observers.forget(variant)
        self.variant = variant
        self.application: Any = application
        self.served = 0
        for _ in range(WARM_UP):
            self._serve()
        # All begin with the same state of the collector, whose thresholds are Python's own.
        gc.collect()
        self._counted = time.process_time_ns()

    def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """Serve `requests`, then say what they cost; or say what is `stored`."""
        if "requests" in command:
            return self._turn(command["requests"])
        from bench.shop import observers, stored

        observers.flush(self.variant)
        cpu = self._cpu()
        # Telemetry's is in the store, which the reader looks into.
        found = (
            {} if self.variant.startswith("telemetry") else stored.check(self.variant, self.served)
        )
        return {"cpu": cpu, "served": self.served, "stored": found}

    def _turn(self, requests: int) -> dict[str, Any]:
        walls = []
        for _ in range(requests):
            start = time.perf_counter_ns()
            self._serve()
            walls.append((time.perf_counter_ns() - start) / 1000)
        return {"cpu": self._cpu(), "walls": walls[LEAD_IN:]}

    def _cpu(self) -> float:
        """CPU µs of all threads since the last answer, so that work left to a thread counts."""
        before, self._counted = self._counted, time.process_time_ns()
        return (self._counted - before) / 1000

    def _serve(self) -> None:
        self.served += 1
        statuses: list[str] = []
        response = self.application(
            _environ(), lambda status, headers, exc=None: statuses.append(status)
        )
        b"".join(response)
        response.close()
        assert statuses[0].startswith("200"), statuses


def _environ() -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/shops/7/orders/",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(BODY)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_USER_AGENT": "bench/1.0",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(BODY),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
