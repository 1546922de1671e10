"""Takes pictures of the page at one moment: nothing moves but what the camera lets move.

The browser draws in software and its clock is the camera's: timers and frames run when it says so, by as much as it
says. Requests are answered by the product at its moment; nothing leaves the process.
"""

from __future__ import annotations

import contextlib
import mimetypes
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route, WebSocketRoute

from tests.e2e.moment import Moment, Story

FLAGS = (
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--force-color-profile=srgb"),
    # a tile is painted whole, by one thread, the same way each time
    *("--disable-partial-raster", "--disable-skia-runtime-opts", "--num-raster-threads=1", "--disable-lcd-text"),
    *("--run-all-compositor-stages-before-draw", "--disable-checker-imaging", "--disable-threaded-animation"),
)
ORIGIN = "http://twin.example"
LEVELS = range(1, 15)
STEP_MS = 120  # the longest that the stage takes for one frame
STEPS = 5  # between two looks at whether the page came to rest
WITHIN_S = 120.0  # of ours
DESK = {"width": 1024, "height": 680}
PHONE = {"width": 390, "height": 680}

# counts answers that are on their way to the page or through its decoder
WATCH = """
window.__coming = 0;
for (const [on, name] of [[window, 'fetch'], [Response.prototype, 'arrayBuffer'], [Response.prototype, 'json']]) {
  const own = on[name];
  on[name] = async function (...of) {
    window.__coming++;
    try { return await own.apply(this, of); } finally { window.__coming--; }
  };
}
// frames of a flight that nobody looks at are not painted: in software each takes a tenth of a second
window.__blind = false;
for (const name of ['drawArrays', 'drawElements', 'drawArraysInstanced', 'drawElementsInstanced']) {
  const own = WebGL2RenderingContext.prototype[name];
  WebGL2RenderingContext.prototype[name] = function (...of) {
    if (!window.__blind) own.apply(this, of);
  };
}
"""
QUIET = """() => new Promise((done) => {
  const port = new MessageChannel();
  port.port1.onmessage = () => done(window.__coming);
  port.port2.postMessage(0);
})"""
SETTLED = "() => document.querySelector('.scene')?.dataset.level === String(%d) && window.__scene?.ready === true"


@dataclass(frozen=True, slots=True)
class State:
    """What a set of pictures has in common; `place` is where it stands on a sheet, in words."""

    name: str
    place: str
    sentence: str
    story: Story
    size: dict[str, int]
    light: bool = False
    still: bool = False


CALM = Story()
STATES = (
    State("normal", "top left", "feeding in on a summer evening", CALM, DESK),
    State("reduced", "top right", "the same with reduced motion", CALM, DESK, still=True),
    State("alarm", "middle left", "a fire alarm", Story("smoke-then-heat", trouble_s=300.0), DESK),
    State("stale", "middle right", "nothing read for seven seconds", Story(asleep_s=7.0), DESK),
    State("light", "bottom left", "the light theme", CALM, DESK, light=True),
    State("phone", "bottom right", "a phone", CALM, PHONE),
)


class Camera:
    """One page of the product at a moment."""

    def __init__(self, browser: Browser, moment: Moment, state: State) -> None:
        self.moment = moment
        self._requests = 0
        self._sockets: list[WebSocketRoute] = []
        self.context = browser.new_context(
            viewport=state.size,  # type: ignore[arg-type]
            device_scale_factor=1,
            locale="en-GB",
            timezone_id="Europe/Berlin",
            color_scheme="light" if state.light else "dark",
            reduced_motion="reduce" if state.still else "no-preference",
        )
        self.context.set_default_timeout(1e3 * WITHIN_S)
        self.page: Page = self.context.new_page()
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type in ("error", "warning") else None)
        self.page.add_init_script(WATCH)
        begin = datetime.fromtimestamp(moment.time_ms / 1e3, UTC)
        self.page.clock.install(time=begin - timedelta(minutes=1))
        self.page.clock.pause_at(begin)
        self.page.route("**/*", self._answer)
        self.page.route_web_socket("**/api/live", self._connect)

    def _answer(self, route: Route) -> None:
        self._requests += 1
        address = urlsplit(route.request.url)
        status, body = self.moment.get(address.path, address.query)
        kind = mimetypes.guess_type(address.path if "." in address.path else "index.html")[0]
        if address.path.startswith("/api/"):
            kind = "application/json"
        route.fulfill(status=status, body=body, content_type=kind or "application/octet-stream")

    def _connect(self, socket: WebSocketRoute) -> None:
        self._sockets.append(socket)
        socket.send(self.moment.schema)

    def open(self) -> None:
        """Loads the page up to its first frame."""
        self.page.goto(f"{ORIGIN}/#/level/1")
        # what is fetched takes as long as it takes; the plant's time begins with the frame
        self._until(lambda: bool(self._sockets and self.page.evaluate("!!window.__scene")))
        self._run()
        self._feed()

    def shoot(self, level: int) -> bytes:
        """The page on a level as PNG."""
        self._turn(f"#/level/{level}")
        self._until(lambda: bool(self.page.evaluate(SETTLED % level)))
        self._show()
        return self.again()

    def shoot_at(self, where: str) -> bytes:
        """The page at any other address as PNG, with what it fetches there."""
        self._turn(where)
        self._run(5 * STEPS)
        self._show()
        return self.again()

    def again(self) -> bytes:
        """The page as it is now."""
        return self.page.screenshot(animations="disabled", caret="hide", scale="css", timeout=1e3 * WITHIN_S)

    def repainted(self) -> bytes:
        """The same moment painted anew, with not a millisecond gone by."""
        self.page.evaluate("document.body.style.visibility = 'hidden'")
        self.page.screenshot(clip={"x": 0, "y": 0, "width": 8, "height": 8}, timeout=1e3 * WITHIN_S)
        self.page.evaluate("document.body.style.visibility = ''")
        return self.again()

    def close(self) -> None:
        """Closes the page. Raises AssertionError for what the page complained about."""
        self.context.close()
        assert not self.wrong, self.wrong[:5]

    def _turn(self, where: str) -> None:
        """Goes to an address; nothing is painted until `_show`."""
        self.page.evaluate("hash => { window.__blind = true; location.hash = hash; scrollTo(0, 0); }", where)
        self._run()

    def _show(self) -> None:
        """Paints again, from the newest frame."""
        self._feed()
        self.page.evaluate("window.__blind = false; document.dispatchEvent(new Event('visibilitychange'))")
        self._run(1)

    def _run(self, steps: int = STEPS) -> None:
        """Lets the page's time run, when nothing is on its way to it."""
        self._quiet()
        for _ in range(steps):
            self.page.clock.fast_forward(STEP_MS)
        self._quiet()

    def _feed(self) -> None:
        """Sends the frame, again and again the same."""
        self._sockets[-1].send(self.moment.frame)
        self._quiet()

    def _quiet(self) -> None:
        """Waits until twice in a row nothing is on its way."""
        ends = time.monotonic() + WITHIN_S
        calm = 0
        while calm < 2:
            before = self._requests
            calm = 0 if self.page.evaluate(QUIET) or before != self._requests else calm + 1
            assert time.monotonic() < ends, "the page never comes to rest"

    def _until(self, holds: Callable[[], bool]) -> None:
        ends = time.monotonic() + WITHIN_S
        while not holds():
            assert time.monotonic() < ends, self.wrong
            self._run()


@contextlib.contextmanager
def camera(browser: Browser, moment: Moment, state: State) -> Iterator[Camera]:
    """A camera on a page that stands."""
    opened = Camera(browser, moment, state)
    opened.open()
    yield opened
    opened.close()
