"""The metrics that ingest makes by itself: what each is called, counts and means.

Names are OpenTelemetry's where it has one, turned to Prometheus' rules. docs/metrics-builtin.md is
compared with this table by a test.
"""

from typing import NamedTuple

COUNTER, GAUGE, HISTOGRAM = "c", "g", "h"
# In place of a status of HTTP: the request's process died; there was no answer.
STATUS_DIED, STATUS_NONE = "died", "none"


class Declared(NamedTuple):
    """A metric's type ("c", "g" or "h"), unit as its name ends in, and help."""

    type: str
    unit: str
    help: str


HTTP_COUNT = "http_server_requests_total"
HTTP_DURATION = "http_server_request_duration_seconds"
HTTP_QUEUE = "http_server_request_queue_duration_seconds"
DB_COUNT = "db_client_operations_total"
DB_TIME = "db_client_operation_time_seconds_total"
DB_UNIT_TIME = "db_client_unit_duration_seconds"
TASK_COUNT = "messaging_client_consumed_messages_total"
TASK_DURATION = "messaging_process_duration_seconds"
OVERHEAD = "telemetry_overhead_seconds"

# From each unit's record.
FROM_RECORDS = {
    HTTP_COUNT: Declared(
        COUNTER, "", "Requests that have ended; status died: their process did, none: no answer."
    ),
    HTTP_DURATION: Declared(
        HISTOGRAM, "seconds", "Time from a request's arrival to its last byte."
    ),
    HTTP_QUEUE: Declared(
        HISTOGRAM, "seconds", "Time from the proxy's X-Request-Start to the request's arrival here."
    ),
    DB_COUNT: Declared(COUNTER, "", "SQL statements that requests, tasks and commands have run."),
    DB_TIME: Declared(
        COUNTER, "seconds", "Time that requests, tasks and commands have spent in SQL statements."
    ),
    DB_UNIT_TIME: Declared(
        HISTOGRAM,
        "seconds",
        "Time that one request, task or command spent in all its SQL statements.",
    ),
    TASK_COUNT: Declared(COUNTER, "", "django-q2 tasks that have ended, by outcome."),
    TASK_DURATION: Declared(HISTOGRAM, "seconds", "Time that a django-q2 task ran."),
    OVERHEAD: Declared(
        HISTOGRAM,
        "seconds",
        "Time spent in telemetry's own code by one unit of work, in one of sixteen.",
    ),
}

ACTIVE = "http_server_active_requests"
ACTIVE_BY_PROCESS = "http_server_process_active_requests"
THREADS = "http_server_worker_threads"
BUSY_THREADS = "http_server_worker_threads_busy"
BUSY_SHARE = "http_server_worker_utilization_ratio"
CPU_TIME = "process_cpu_time_seconds_total"
MEMORY = "process_memory_usage_bytes"
OPEN_FILES = "process_open_file_descriptors"
PROCESS_THREADS = "process_threads"
FILE_SIZE = "sqlite_file_size_bytes"
BUSY_WAIT = "sqlite_busy_wait_seconds"
COMMIT = "sqlite_commit_duration_seconds"
CHECKPOINT = "sqlite_checkpoint_duration_seconds"
HELD_PAGES = "sqlite_wal_pages_not_checkpointed"
LAG = "telemetry_ingest_lag_seconds"
WAITING = "telemetry_ingest_waiting_records"
BATCH = "telemetry_ingest_batch_duration_seconds"
INGESTED = "telemetry_ingest_records_total"
QUEUE_DEPTH = "messaging_queue_depth"

# Looked at by ingest, whether anything happens or not.
SAMPLED = {
    ACTIVE: Declared(GAUGE, "", "Requests that are being answered, in all processes."),
    ACTIVE_BY_PROCESS: Declared(GAUGE, "", "Requests that are being answered, by process."),
    THREADS: Declared(
        GAUGE, "", "Requests that the web processes can answer at one time, as far as told."
    ),
    BUSY_THREADS: Declared(
        GAUGE, "", "Requests that run in the processes that say how many they can answer."
    ),
    BUSY_SHARE: Declared(
        GAUGE, "ratio", "Share of the web processes' threads that are busy, 0 to 1."
    ),
    CPU_TIME: Declared(COUNTER, "seconds", "Processor time of a process, by mode: user or system."),
    MEMORY: Declared(GAUGE, "bytes", "Resident memory of a process."),
    OPEN_FILES: Declared(GAUGE, "", "Open files and sockets of a process."),
    PROCESS_THREADS: Declared(GAUGE, "", "Threads of a process."),
    FILE_SIZE: Declared(GAUGE, "bytes", "Size of an SQLite database: its main file, its WAL."),
    BUSY_WAIT: Declared(
        HISTOGRAM, "seconds", "Waits of ingest for the store's write lock; outcome failed: in vain."
    ),
    COMMIT: Declared(HISTOGRAM, "seconds", "Commits of ingest, SQLite's own checkpoints included."),
    CHECKPOINT: Declared(
        HISTOGRAM, "seconds", "Checkpoints of the store's WAL that ingest asked for."
    ),
    HELD_PAGES: Declared(
        GAUGE, "", "Pages of the store's WAL that a reader kept from the last checkpoint."
    ),
    LAG: Declared(
        GAUGE, "seconds", "Age of the oldest record that is not read yet; 0 when none waits."
    ),
    WAITING: Declared(GAUGE, "", "Records in the journal that are not read yet."),
    BATCH: Declared(
        HISTOGRAM, "seconds", "Time that ingest took for one batch, its commit included."
    ),
    INGESTED: Declared(COUNTER, "", "Records that ingest has read into batches."),
    QUEUE_DEPTH: Declared(GAUGE, "", "Tasks that wait in django-q2's queue."),
}

METRICS = {**FROM_RECORDS, **SAMPLED}
