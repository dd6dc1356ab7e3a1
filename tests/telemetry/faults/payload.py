"""Records whose whole content follows from an id: `stream.number`."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

LOGGER = "oracle"
TEMPLATE = "%s %s"
_LEVELS = (logging.INFO, logging.WARNING, logging.ERROR)
# Letters alone: digits may look like a card's number, which redaction would replace.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
log = logging.getLogger(LOGGER)


@dataclass(frozen=True)
class Payload:
    """What a record of this id says."""

    id: str
    level: int
    text: str

    @property
    def message(self) -> str:
        return TEMPLATE % (self.id, self.text)

    @property
    def attributes(self) -> dict[str, Any]:
        return {"oracle.id": self.id, "oracle.check": self.text[-8:], "oracle.level": self.level}


def derive(key: str) -> Payload:
    """The payload of an id: a level and a text of 16 to 272 letters."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
    number = int(digest, 16)
    return Payload(key, _LEVELS[number % 3], digest.translate(_LETTERS) * (1 + number // 3 % 17))


def emit(stream: str, number: int) -> None:
    """Log the record `stream.number`."""
    made = derive(f"{stream}.{number}")
    log.log(made.level, TEMPLATE, made.id, made.text, extra=made.attributes)
