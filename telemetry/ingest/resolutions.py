"""How long the intervals are that observations are added up in, in seconds."""

# Each a multiple of the one before.
RESOLUTIONS = (10, 60, 3600, 21_600, 86_400, 2_592_000)
# From here on counters and histograms also have buckets of all their series together, and of those
# that have one value of a label (`ingest.slices`): what charts of a whole site read.
WHOLE = 3600
MERGED = tuple(one for one in RESOLUTIONS if one >= WHOLE)
