"""Structured logs: one JSON object a line, with opaque ids and without personal data."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request", "server_time", "status_code"}
PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"  # e-mail
    r"|(?<!\w)1[3-9]\d{9}(?!\w)"  # mobile number
    r"|(?<!\w)\d{17}[\dXx](?!\w)"  # citizen number
    r"|(?<!\w)[0-9A-HJ-NPQRTUWXY]{18}(?!\w)"  # unified social credit code
)


def without_personal_data(text: str) -> str:
    """`text` with e-mail addresses, mobile numbers and codes of persons and firms struck out.

    >>> without_personal_data("mail to lin@example.com, 13812345678")
    'mail to ***, ***'
    """
    return PERSONAL.sub("***", text)


class JsonLines(logging.Formatter):
    """One JSON object a line; `traces` (for developers only) adds the whole trace of an exception below it."""

    def __init__(self, *, traces: bool = False) -> None:
        super().__init__()
        self.traces = traces

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; of an exception only its kind and place, for its text may hold somebody's data."""
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_personal_data(record.getMessage()),
        }
        if request := REQUEST_ID.get():
            line["request"] = request
        extra = {name: value for name, value in vars(record).items() if name not in KNOWN}
        line.update({name: without_personal_data(str(value)) for name, value in extra.items()})
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = self._exception(record.exc_info[1])
        shown = json.dumps(line, ensure_ascii=False)
        return f"{shown}\n{self.formatException(record.exc_info)}" if self.traces and record.exc_info else shown

    def _exception(self, error: BaseException) -> str:
        places, trace = [], error.__traceback__
        while trace is not None:
            places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
            trace = trace.tb_next
        return f"{type(error).__module__}.{type(error).__qualname__} at {' > '.join(places[-8:])}"
