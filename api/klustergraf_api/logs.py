"""Structured logs: one JSON object per line. No line tells what was asked, or by whom."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

request_id: ContextVar[str] = ContextVar("request_id", default="")

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """Writes a record as JSON: time, level, message, request id, and what else it carries.

    >>> record = logging.makeLogRecord({"msg": "slow query", "levelname": "WARNING", "seconds": 7})
    >>> print(JsonLines().format(record).partition(", ")[2])
    "level": "warning", "message": "slow query", "logger": "None", "seconds": 7}
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "logger": str(record.name),
        }
        if asked := request_id.get():
            line["request_id"] = asked
        line.update({name: value for name, value in vars(record).items() if name not in _OWN})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def write_json_lines(level: int = logging.INFO) -> None:
    """Let everything that is logged in this process come out as JSON, on the error stream."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("klustergraf", "klustergraf_api"):
        logging.getLogger(name).setLevel(level)
