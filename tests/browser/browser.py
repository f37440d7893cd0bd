# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven through chromedriver's WebDriver protocol (W3C), from Python's standard library alone.

PRESSMARK_CHROMEDRIVER names the driver where it is not in PATH. Without driver or browser the tests are skipped:
the program then ends with SKIPPED, which CTest shows as such.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

SKIPPED = 77
TIMEOUT_S = 60
# What one is called in WebDriver's answers.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

# Nothing but files can be reached; the sandbox does not work as root, as which containers run.
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run"]


class BrowserError(Exception):
    pass


def driver_path():
    return os.environ.get("PRESSMARK_CHROMEDRIVER") or shutil.which("chromedriver")


class Browser:
    """One window. Use as a context manager."""

    def __init__(self, width=1280, height=900):
        self.size = (width, height)

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="pressmark-browser-")
        # Port 0: any free one, which the driver names.
        self.driver = subprocess.Popen([driver_path(), "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True)
        try:
            self.address = f"http://127.0.0.1:{self._port()}"
            options = {"args": [*ARGUMENTS, f"--window-size={self.size[0]},{self.size[1]}",
                                f"--user-data-dir={self.profile}"]}
            capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            self.session = ""
            answer = self._send("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self.session = "/session/" + answer["sessionId"]
            self.version = answer["capabilities"]["browserVersion"]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._send("DELETE", "")
        finally:
            self._end()

    def _port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found[1]
        raise BrowserError("chromedriver does not start")

    def _end(self):
        self.driver.terminate()
        self.driver.wait(TIMEOUT_S)
        self.driver.stdout.close()
        shutil.rmtree(self.profile, ignore_errors=True)

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + self.session + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(json.load(error)["value"]["message"]) from None

    def open(self, file, fragment=""):
        """Returns when everything is loaded that the page loads by itself."""
        self._send("POST", "/url", {"url": Path(file).resolve().as_uri() + fragment})

    def run(self, script, *arguments):
        """The value of a function's body in the page; a promise is waited for."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def title(self):
        return self._send("GET", "/title")

    def click(self, selector):
        """As a person does: scrolls there; fails where something else lies above."""
        found = self._send("POST", "/element", {"using": "css selector", "value": selector})
        self._send("POST", f"/element/{found[ELEMENT]}/click", {})

    def type(self, selector, text):
        found = self._send("POST", "/element", {"using": "css selector", "value": selector})
        self._send("POST", f"/element/{found[ELEMENT]}/value", {"text": text})

    def resize(self, width, height):
        self._send("POST", "/window/rect", {"width": width, "height": height})

    def complaints(self):
        """What the console has said since the last call, warnings and errors: scripts, policies, missing files."""
        entries = self._send("POST", "/se/log", {"type": "browser"})
        return [f"{entry['level']}: {entry['message']}" for entry in entries
                if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, file):
        Path(file).write_bytes(base64.b64decode(self._send("GET", "/screenshot")))

    def pages_when_printed(self):
        """The bytes of a PDF."""
        return base64.b64decode(self._send("POST", "/print", {}))


def main():
    """Runs the tests of the calling program, or says why not."""
    if driver_path() is None:
        print("Skipped: no chromedriver in PATH (tools/install-deps browser)")
        sys.exit(SKIPPED)
    unittest.main()
