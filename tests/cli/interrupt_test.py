# SPDX-License-Identifier: Apache-2.0
"""A run that is stopped or killed leaves a usable catalogue with all that was acknowledged."""

import os
import pty
import signal

from program import SAMPLES, TIMEOUT_S, ProgramTest, main, records, start

TINY = ("--long-side", "64", "--keypoints", "16")
PHOTOS = 700  # more than two segments of 256


class Interrupted(ProgramTest):
    def start_adding(self, photos):
        """An `add` whose progress and acknowledgements can be followed as they come: on a
        terminal both are written at once."""
        self.master, terminal = pty.openpty()
        self.addCleanup(os.close, self.master)
        process = start("add", self.catalogue, photos, "--threads", "1", "--jsonl",
                        stdout=terminal, stderr=terminal)
        os.close(terminal)
        return process

    def read_until(self, mark):
        """Output up to the first that contains `mark`; the end without it is a failure."""
        output = b""
        while mark not in output:
            output += self.read()
        return output

    def read(self):
        try:
            return os.read(self.master, 65536)
        except OSError as error:  # the terminal's other end is closed
            raise AssertionError("ended too early") from error

    def read_to_end(self):
        output = b""
        try:
            while block := os.read(self.master, 65536):
                output += block
        except OSError:
            pass
        return output

    def acknowledged(self, output):
        """Hashes of the records that came whole."""
        lines = output.replace(b"\r\n", b"\n").split(b"\n")
        whole = [line[line.index(b"{"):] for line in lines[:-1] if line.endswith(b"}")]
        return [item["sha256"] for item in records(b"\n".join(whole)) if item["status"] == "added"]

    def check_usable(self, acknowledged):
        hashes = [item["sha256"] for item in self.listed()]
        self.assertEqual(hashes[:len(acknowledged)], acknowledged)
        self.check(0, "info", self.catalogue)
        self.check(0, "match", self.catalogue, SAMPLES / "good/rgb.png")
        return hashes

    def check_completed(self, present):
        result = self.check(0, "add", self.catalogue, self.folder / "many", "--jsonl")
        statuses = [item["status"] for item in records(result.stdout)]
        self.assertEqual(statuses, ["duplicate"] * present + ["added"] * (PHOTOS - present))
        self.assertEqual(len(self.listed()), PHOTOS)

    def test_interrupt(self):
        photos = self.many_photos(PHOTOS)
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                self.catalogue = self.folder / number.name
                self.create(options=TINY)
                process = self.start_adding(photos)
                output = self.read_until(b"/700")
                process.send_signal(number)
                output += self.read_to_end()
                self.assertEqual(process.wait(TIMEOUT_S), 130)
                self.assertIn(b"stopping; finished photos are kept", output)
                self.assertIn(b"interrupted, the rest was not read", output)
                acknowledged = self.acknowledged(output)
                present = self.check_usable(acknowledged)
                self.assertEqual(present, acknowledged)
                self.assertLess(len(present), PHOTOS)
        self.check_completed(len(present))

    def test_kill(self):
        photos = self.many_photos(PHOTOS)
        self.create(options=TINY)
        process = self.start_adding(photos)
        output = self.read_until(b'"status":"added"')
        process.kill()
        output += self.read_to_end()
        self.assertEqual(process.wait(TIMEOUT_S), -signal.SIGKILL)
        acknowledged = self.acknowledged(output)
        self.assertGreater(len(acknowledged), 0)
        present = self.check_usable(acknowledged)
        self.assertLess(len(present), PHOTOS)
        self.check_completed(len(present))

    def test_match_is_interrupted(self):
        photos = self.many_photos(PHOTOS)
        self.create(SAMPLES / "good/rgb.png", options=TINY)
        self.master, terminal = pty.openpty()
        self.addCleanup(os.close, self.master)
        # Its output is not read until the signal was sent: it cannot come to its end before.
        process = start("match", self.catalogue, photos, "--threads", "1", "--jsonl", "--out",
                        self.folder / "out", stdout=terminal, stderr=terminal)
        os.close(terminal)
        self.read_until(b"/700")
        process.send_signal(signal.SIGINT)
        output = self.read_to_end()
        self.assertEqual(process.wait(TIMEOUT_S), 130)
        self.assertIn(b"interrupted", output)
        # What was found until then is complete.
        found = records((self.folder / "out/hits.jsonl").read_bytes())
        self.assertGreater(len([item for item in found if item["type"] == "query"]), 0)
        self.assertIn("</html>", (self.folder / "out/report.html").read_text("utf-8"))

    def test_two_writers(self):
        photos = self.many_photos(PHOTOS)
        self.create(options=TINY)
        process = self.start_adding(photos)
        self.read_until(b"/700")
        result = self.check(1, "add", self.catalogue, SAMPLES / "good/rgb.png")
        self.assertIn(f"is being written by process {process.pid}\n".encode(), result.stderr)
        self.check(0, "list", self.catalogue)
        process.kill()
        self.read_to_end()
        process.wait(TIMEOUT_S)


if __name__ == "__main__":
    main()
