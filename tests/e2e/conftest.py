"""A real browser on a real server: `house` opens pages as any of the demo's people, checks and pictures them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.template import engines
from django.test.utils import override_settings

from tulou.demo import run_demo
from tulou.platform import clock
from tulou.portal.demo import make_demo_people
from tulou.portal.demonstration import furnish, time_shift
from tulou.simulate import Wish

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the test's own thread.
ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
SIZES = {"phone": (390, 844), "small": (360, 780), "desk": (1440, 900)}
AXE = ROOT / "build" / "axe.min.js"
WISH = Wish(100, 2, seed=11, departments=("market", "tax", "power"))
TURN = """async (theme) => {
  document.documentElement.dataset.bsTheme = theme;
  const moves = document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity);
  await Promise.allSettled(moves.map((one) => one.finished));
}"""
"""Give the page its theme; done when every colour has arrived."""
PROVINCE = os.environ.get("TULOU_TEST_PROVINCE", "")
PICTURES = os.environ.get("TULOU_PICTURES", "")


class House:
    """A browser in front of the portal."""

    def __init__(self, browser: Any, address: str) -> None:
        self.browser = browser
        self.address = address
        self.page: Any = None
        self.complaints: list[str] = []

    def open(self, *, size: str = "desk", language: str = "zh", theme: str = "light") -> House:
        """A fresh window: no cookies, of this size, language and theme."""
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN" if language == "zh" else "en-US",
            color_scheme=theme,
            service_workers="block",
        )
        self.page = context.new_page()
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)
        return self

    def _listen(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def enter(self, account: str) -> House:
        """Sign in as one of the demo's people (tulou.portal.demo.ACCOUNTS)."""
        self.go("/account/login/")
        self.page.click(f'form[action="/demo/enter/{account}/"] button')
        self.page.wait_for_url("**/workspace/")
        return self

    def go(self, path: str) -> House:
        """Open a page and wait until it is still."""
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")
        return self

    def visit(self, path: str) -> bool:
        """Open an address that a link gave; False where it is a file to keep, or no page."""
        from playwright.sync_api import Error

        self.complaints.clear()
        try:
            answer = self.page.goto(self.address + path)
        except Error as error:
            if "Download is starting" in error.message or "ERR_ABORTED" in error.message:
                return False
            raise
        if not answer.headers.get("content-type", "").startswith("text/html"):
            return False
        if answer.status != 200:
            self.complaints.append(f"answer {answer.status}")
        return True

    def turn(self, *, size: str, theme: str) -> None:
        """Make the window this wide and the page this light or dark, where it stands."""
        width, height = SIZES[size]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=theme)
        self.page.evaluate(TURN, theme)

    def look(self) -> None:
        """Fail where the page breaks a rule of the house: axe, one h1, sideways scrolling, script errors."""
        assert self.wrongs() == [], self.page.url

    def wrongs(self) -> list[str]:
        """Each rule of the house that the page breaks."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(
            "async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],"
            " resultTypes: ['violations']}))"
            ".violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | '))"
        )
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        headings = self.page.locator("h1").count()
        wrong = [*found, *self.complaints]
        if wide > 0:
            wrong.append(f"{wide} px too wide")
        if headings != 1:
            wrong.append(f"{headings} headings h1")
        return wrong

    def picture(self, name: str) -> None:
        """A picture of the page in the folder TULOU_PICTURES, where that is set; `make screenshots` does."""
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


@pytest.fixture(scope="session")
def browser(assets: Path) -> Iterator[Any]:
    """Chromium, one for all tests; skipped where it is not installed."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM)
        yield started
        started.close()


@contextmanager
def opened(browser: Any, live_server: Any) -> Iterator[House]:
    """A browser in front of the live server."""
    # The browser's idle connections outlive the server; their threads hand the shared in-memory database back late.
    connection.inc_thread_sharing()
    with override_settings(ALLOWED_HOSTS=["*"], CSRF_TRUSTED_ORIGINS=[live_server.url]):
        house = House(browser, live_server.url)
        yield house
        for context in list(browser.contexts):
            context.close()


@pytest.fixture
def house(browser: Any, live_server: Any, transactional_db: None) -> Iterator[House]:
    """The portal with the demo's people, in a browser."""
    make_demo_people()
    with opened(browser, live_server) as house:
        yield house


@pytest.fixture(scope="session")
def province(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's folder that TULOU_TEST_PROVINCE names, else what `tulou demo` makes of a hundred firms."""
    folder = tmp_path_factory.mktemp("province") / "demo"
    if PROVINCE:
        shutil.copytree(PROVINCE, folder, ignore=shutil.ignore_patterns("portal"))
    else:
        run_demo(folder, WISH)
    return folder


@pytest.fixture
def furnished(
    browser: Any, live_server: Any, transactional_db: None, province: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """The portal on that province, every room furnished for the demo, on the day of its profiles."""
    # Some of allauth's own templates name variables that are not always there; the canary crawl is strict with ours.
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")
    clock.shift(time_shift(province))
    try:
        with override_settings(POOL=province / "pool"), opened(browser, live_server) as house:
            furnish()
            yield house
    finally:
        clock.shift(0)
