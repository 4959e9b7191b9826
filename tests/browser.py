"""A headless Chromium for tests of pages: the one of the system, never one that is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing() -> str:
    """Return why no page can be opened; empty where one can."""
    if next(filter(None, map(shutil.which, NAMES)), None) is None:
        return "no Chromium on this machine: apt-get install chromium"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install playwright"
    return ""


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser. Where there is none the tests are skipped, and fail where one is required."""
    reason = missing()
    required = os.environ.get("SHAPECALC_BROWSER") == "required" or os.environ.get("CI") == "true"
    if reason and required:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as api:
        browser = api.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page with all that it says to the console, and every request that it makes."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.route("**/*", self._request)
        self.page.goto(file.as_uri())

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _request(self, route: Any) -> None:
        self.requests.append(route.request.url)
        route.continue_()

    def painted(self) -> float:
        """Return after how many milliseconds something was seen first, the best of three times."""
        return min(self._painted() for _ in range(3))

    def _painted(self) -> float:
        self.page.reload()
        entries = """() => [...performance.getEntriesByName("first-contentful-paint"),
            ...performance.getEntriesByType("navigation")]
            .map(entry => entry.domContentLoadedEventEnd ?? entry.startTime)"""
        found: list[float] = []
        while len(found) < 2:  # the policy of the page forbids to wait in it
            self.page.wait_for_timeout(20)
            found = self.page.evaluate(entries)
        return max(found)

    def type(self, **sizes: int) -> None:
        """Type sizes into the boxes."""
        for name, size in sizes.items():
            self.page.fill(f"#boxes input[name={name}]", str(size))

    def select(self, name: str) -> None:
        """Select a layer as the diagram does."""
        script = (
            "n => document.dispatchEvent(new CustomEvent('shapecalc:select', {detail: {name: n}}))"
        )
        self.page.evaluate(script, name)

    @property
    def verdict(self) -> str:
        """What the page says of the sizes."""
        return self.page.get_attribute("#verdict", "class").removeprefix("verdict ")

    def rows(self) -> list[tuple[str, list[str], str]]:
        """Return the names, values and parameters of all rows, unfolded."""
        self.page.click("#unfold")
        script = """() => [...document.querySelectorAll("#rows tr")].map((row) => [
            row.querySelector(".name").textContent,
            [...row.querySelectorAll(".values div")].map((shape) => shape.textContent),
            row.lastElementChild.textContent])"""
        return [(name, shapes, count) for name, shapes, count in self.page.evaluate(script)]
