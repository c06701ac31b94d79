"""Twenty times the usual registrations, for a while: do pages stay quick, is nobody refused late, is no account lost?

The portal runs as in production (granian, two processes, SQLite) on the loopback. Pages are read all the time; first
one person a second signs up, then twenty. Asked: p95 of pages in the surge <= 2x their p95 before it, no answer 500,
each 503 within 100 ms with Retry-After, no account lost or doubled. The peer is the portal itself before the surge.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks._measuring import options, show

PAGES = ("/", "/account/login/", "/search/", "/design/")
READS_A_SECOND = 10
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Log:
    """What the people of one phase met."""

    pages: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: list[float] = field(default_factory=list)
    without_retry: int = 0
    accepted: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def p95(self) -> float:
        """The 95th percentile of the pages' times, in milliseconds."""
        return float(np.percentile(self.pages, 95) * 1000)


def ask(
    port: int, method: str, path: str, number: int, body: str = "", cookies: str = ""
) -> tuple[int, str, dict[str, str], float]:
    """One request from one of many addresses of the loopback: status, text, headers, seconds."""
    source = (f"127.0.{1 + number // 250 % 250}.{1 + number % 250}", 0)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=source)
    headers = {"Cookie": cookies, "Accept-Language": "en", "Host": f"127.0.0.1:{port}"}
    if body:
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://127.0.0.1:{port}{path}"}
    begun = time.perf_counter()
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    seconds = time.perf_counter() - begun
    found = dict(answer.getheaders())
    found["cookies"] = "; ".join(
        value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"
    )
    connection.close()
    return answer.status, text, found, seconds


def read_page(port: int, number: int, log: Log) -> None:
    """Somebody reads a page."""
    status, _, _, seconds = ask(port, "GET", PAGES[number % len(PAGES)], number)
    with log.lock:
        log.statuses[status] += 1
        log.pages.append(seconds)


def sign_up(port: int, number: int, log: Log, phase: str) -> None:
    """Somebody signs up with her e-mail address: the form, then its answer."""
    email = f"{phase}{number}@surge.invalid"
    status, text, headers, seconds = ask(port, "GET", "/account/signup/", number)
    token = TOKEN.search(text)
    if status == 200 and token:
        body = urlencode({"email": email, "name": "Surge", "csrfmiddlewaretoken": token.group(1)})
        status, text, headers, seconds = ask(port, "POST", "/account/signup/", number, body, headers["cookies"])
    with log.lock:
        log.statuses[status] += 1
        if status in (302, 303):
            log.accepted.append(email)
        elif status == 503:
            log.refusals.append(seconds)
            log.without_retry += "Retry-After" not in headers


def phase(port: int, name: str, sign_ups_a_second: int, seconds: int) -> Log:
    """People come at a steady rate, whether or not the answers do."""
    log, threads, begun = Log(), [], time.perf_counter()
    rates = (
        (READS_A_SECOND, lambda n: read_page(port, n, log)),
        (sign_ups_a_second, lambda n: sign_up(port, n, log, name)),
    )
    moments = sorted(
        ((n / rate, work, n) for rate, work in rates for n in range(rate * seconds)), key=lambda due: due[0]
    )
    for moment, work, number in moments:
        time.sleep(max(0.0, begun + moment - time.perf_counter()))
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return log


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def people_in(home: str) -> list[str]:
    """The addresses of everybody who is in the portal's database."""
    import sqlite3

    with sqlite3.connect(Path(home) / "tulou.sqlite3") as connection:
        return [row[0] for row in connection.execute("SELECT email FROM registry_person")]


def main() -> None:
    given = options(__doc__ or "", seconds=60, usual=1, surge=20)
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        surroundings = {
            **os.environ,
            "TULOU_MODE": "demo",
            "TULOU_HOME": home,
            "TULOU_BASE_URL": f"http://127.0.0.1:{port}",
        }
        tulou = [sys.executable, "-m", "tulou"]
        subprocess.run([*tulou, "migrate"], env=surroundings, check=True, capture_output=True)
        server = subprocess.Popen([*tulou, "serve", "--port", str(port)], env=surroundings, stdout=subprocess.DEVNULL)
        try:
            wait_until_up(port)
            phase(port, "warm", 1, 5)
            before = phase(port, "before", given.usual, given.seconds)
            during = phase(port, "during", given.surge, given.seconds)
        finally:
            server.terminate()
            server.wait(timeout=30)
        there = Counter(people_in(home))
    accepted = [*before.accepted, *during.accepted]
    rows = [
        {
            "phase": name,
            "pages p50 ms": float(np.percentile(log.pages, 50) * 1000),
            "pages p95 ms": log.p95(),
            "signed up": len(log.accepted),
            "statuses": dict(sorted(log.statuses.items())),
        }
        for name, log in (("usual", before), ("surge", during))
    ]
    figures = {
        "p95 in the surge / p95 before (asked: <= 2)": during.p95() / before.p95(),
        "answers 500 (asked: 0)": sum(
            n for log in (before, during) for status, n in log.statuses.items() if status == 500
        ),
        "slowest 503, ms (asked: <= 100)": max(during.refusals, default=0.0) * 1000,
        "503 without Retry-After (asked: 0)": before.without_retry + during.without_retry,
        "accepted but not there (asked: 0)": sum(email not in there for email in accepted),
        "there twice (asked: 0)": sum(n > 1 for n in there.values()),
    }
    show("surge", rows, figures, as_json=given.json)


def wait_until_up(port: int) -> None:
    """Wait until the portal answers, a minute at the most."""
    for _ in range(600):
        try:
            if ask(port, "GET", "/healthz", 0)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the portal does not answer")


if __name__ == "__main__":
    main()
