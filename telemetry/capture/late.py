"""Samples that a thread makes while another ends the unit that both are in."""

from telemetry.capture import clock, context, sink
from telemetry.journal import events


class LateSamples(list[events.Sample]):
    """Stands in a unit's place for samples once its record is written: each is its own record."""

    def append(self, sample: events.Sample) -> None:
        """Write the sample, as one of the unit that this thread is in."""
        try:
            unit = context.current.get()
            uid = None if unit is None else unit.uid
            sink.current().emit(events.SamplesMade(uid, clock.now(), [sample]))
        except Exception:
            sink.lost("recording a late metric sample")


LATE = LateSamples()
