"""A batch as it comes from the service: a binary frame with the market's records, and facts as JSON in it.

Records are of one size, so that a replay's millions of them are decoded by one `iter_unpack`.
"""

import json
import struct
from typing import Any

QUOTE = 0
TRADE = 1
FACT = 2
"""Its index is a place in the batch's facts."""
SEE = 3
"""A quote that is made visible and has no callback. All other kinds say nothing, and count all the same."""

RECORD = struct.Struct("<BxxxIqdddd")
"""Kind, index, time in nanoseconds and four numbers; flags and the reserved bytes have no meaning yet."""

_HEADER = struct.Struct("<BQI")
_MARK = ord("B")


def is_batch(frame: bytes) -> bool:
    """Tells whether a frame is a batch; all others are JSON."""
    return frame[:1] == b"B"


def read_batch(frame: bytes) -> dict[str, Any]:
    """Returns the batch in a frame as a message: its number, its facts, and its records undecoded."""
    mark, batch, json_length = _HEADER.unpack_from(frame)
    end = _HEADER.size + json_length
    records = memoryview(frame)[end:]
    if mark != _MARK or end > len(frame) or len(records) % RECORD.size:
        raise ValueError(f"batch {batch} is damaged: {len(frame):,} bytes, of which {json_length:,} are JSON")
    facts = json.loads(frame[_HEADER.size : end])
    return {"type": "batch", "batch": batch, "facts": facts, "records": records}
