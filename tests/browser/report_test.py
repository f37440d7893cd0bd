# SPDX-License-Identifier: Apache-2.0
"""The reports in a real browser, opened as files: nothing is missing, nothing is complained about, all of it works.

CTest sets PRESSMARK_SEIZURE_RUN (what write_seizure_run wrote) and, for the report of `match`, PRESSMARK_PROGRAM and
PRESSMARK_SAMPLES.
"""

import json
import os
import subprocess
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

from browser import Browser, main

RUN = Path(os.environ["PRESSMARK_SEIZURE_RUN"])
REPORT = RUN / "run/report"
TRUTH = json.loads((RUN / "truth.json").read_text(encoding="utf-8"))
# Pages of marks that are opened: one of so many, or all with PRESSMARK_ALL_PAGES=1, which takes a minute.
EVERY = 20
ALL_PAGES = "PRESSMARK_ALL_PAGES" in os.environ
# A machine that does other things besides is allowed for; a report of this size takes some 0.5 s.
OPENED_MS = 5000

# Pictures that are only loaded when they are near are asked for; then all must have come.
LOAD_PICTURES = """
const pictures = [...document.images];
for (const picture of pictures) picture.loading = 'eager';
const drawn = [...document.querySelectorAll('svg image')].map((image) => {
  const picture = new Image();
  picture.src = image.href.baseVal;
  return picture;
});
const all = [...pictures, ...drawn];
const arrived = (picture) => picture.complete ? null : new Promise((done) => {
  picture.onload = picture.onerror = done;
});
return Promise.all(all.map(arrived)).then(() => ({
  count: all.length,
  broken: all.filter((picture) => picture.naturalWidth === 0).map((picture) => picture.src),
}));
"""

# The texts, or stated values, of a column.
COLUMN = """
const [table, column] = arguments;
return [...document.querySelector(table).tBodies[0].rows]
    .map((row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim());
"""

HEADINGS = "return [...document.querySelector(arguments[0]).tHead.rows[0].cells].map((cell) => cell.textContent);"

FLICKERS = """
const over = document.querySelector('figure.overlay .over');
const seen = new Set();
const end = performance.now() + 1500;
return new Promise((done) => {
  const look = () => {
    seen.add(getComputedStyle(over).visibility + getComputedStyle(over).opacity);
    if (performance.now() < end) requestAnimationFrame(look); else done(seen.size);
  };
  look();
});
"""

OVERLAY_STYLE = """
const style = getComputedStyle(document.querySelector('figure.overlay .over'));
return {view: document.querySelector('figure.overlay').dataset.view, opacity: style.opacity, clip: style.clipPath,
        mix: style.mixBlendMode, animation: style.animationName};
"""


class References(HTMLParser):
    """What the elements of a page refer to."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found += [(tag, value) for name, value in attributes if name in ("href", "src")]


BROWSER = Browser()


def setUpModule():
    unittest.enterModuleContext(BROWSER)


class ReportTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.browser = BROWSER
        self.browser.resize(1280, 900)

    def open(self, file):
        self.browser.open(file)
        self.assertEqual(self.browser.complaints(), [], file)

    def check_pictures(self, file):
        found = self.browser.run(LOAD_PICTURES)
        self.assertEqual(found["broken"], [], file)
        return found

    def check_overlay(self):
        """The ways to look at the first pair of the page."""
        style = self.browser.run(OVERLAY_STYLE)
        self.assertEqual((style["view"], style["opacity"]), ("blend", "0.5"))
        button = "figure.overlay button[data-view={}]".format
        self.browser.click(button("flicker"))
        self.assertEqual(self.browser.run(OVERLAY_STYLE)["animation"], "flicker")
        self.assertEqual(self.browser.run(FLICKERS), 2)
        self.browser.click(button("difference"))
        self.assertEqual(self.browser.run(OVERLAY_STYLE)["mix"], "difference")
        self.browser.click(button("swipe"))
        before = self.browser.run(OVERLAY_STYLE)["clip"]
        self.browser.type("figure.overlay label[data-for=swipe] input", "\ue014")  # the right arrow key
        self.assertNotEqual(self.browser.run(OVERLAY_STYLE)["clip"], before)
        self.browser.click(button("swipe"))
        self.assertEqual(self.browser.run(OVERLAY_STYLE)["view"], "blend")
        self.browser.click("figure.pair .show-marks")
        self.assertEqual(self.browser.run(
            "return getComputedStyle(document.querySelector('figure.pair .marks')).display"), "none")

    def check_width(self, file):
        """No page is wider than the window: tables that are scroll by themselves."""
        for width in (1280, 420):
            self.browser.resize(width, 900)
            inner, whole = self.browser.run(
                "return [document.documentElement.clientWidth, document.documentElement.scrollWidth]")
            self.assertLessEqual(whole, inner, f"{file} at {width}")


class SeizureReport(ReportTest):
    def column(self, name):
        names = self.browser.run(HEADINGS, "#marks ~ table")
        return names.index(name)

    def sorted_by(self, name):
        return self.browser.run(COLUMN, "#marks ~ table", self.column(name))

    def heading(self, name):
        return f"#marks ~ table thead th:nth-child({self.column(name) + 1})"

    def test_the_overview_says_what_was_found(self):
        self.open(REPORT / "index.html")
        self.assertEqual(self.browser.title(), 'Seizure 2026-"7" <script>alert(1)</script>')
        took = self.browser.run(
            "return performance.getEntriesByType('navigation')[0].domComplete")
        self.assertLess(took, OPENED_MS)
        counts = self.browser.run("return [...document.querySelectorAll('.counts dd')]"
                                  ".map((cell) => Number(cell.textContent.replace(/\\D/g, '')))")
        self.assertEqual(counts, [TRUTH[name] for name in
                                  ("photos", "marks", "linked_marks", "not_compared")])
        rows = {place: len(self.browser.run(COLUMN, f"#{place} ~ table", 0))
                for place in ("linked", "marks", "left-out")}
        self.assertEqual(rows, {"linked": TRUTH["linked_seizures"], "marks": TRUTH["marks"],
                                "left-out": TRUTH["not_compared"]})
        # The answer is on the first screen.
        lead = self.browser.run("const box = document.querySelector('.lead').getBoundingClientRect();"
                                "return box.bottom < innerHeight && document.querySelector('.lead').textContent;")
        self.assertIn(f"{TRUTH['linked_marks']} of {TRUTH['marks']} marks", lead)
        self.assertEqual(self.browser.run("return document.querySelectorAll('.chart svg').length"), 3)
        self.check_width("index.html")

    def test_tables_are_sorted_by_click_and_by_key(self):
        self.open(REPORT / "index.html")
        marks = self.sorted_by("Mark")
        self.browser.click(self.heading("Best score"))
        scores = [float(text) for text in self.sorted_by("Best score") if text]
        self.assertEqual(len(scores), TRUTH["linked_marks"])
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertNotEqual(marks, self.sorted_by("Mark"))
        self.browser.click(self.heading("Best score"))
        texts = self.sorted_by("Best score")
        scores = [float(text) for text in texts if text]
        self.assertEqual(scores, sorted(scores))
        self.assertEqual(texts[len(scores):], [""] * (len(texts) - len(scores)))  # empty ones last
        self.browser.type(self.heading("Photos"), "\ue007")  # the enter key
        photos = [int(text) for text in self.sorted_by("Photos")]
        self.assertEqual(photos, sorted(photos, reverse=True))
        self.assertEqual(photos[0], TRUTH["most_photos"])
        # Sorted as numbers, not as texts.
        self.browser.click(self.heading("False hits expected"))
        self.browser.click(self.heading("False hits expected"))
        expected = [float(text) for text in self.sorted_by("False hits expected") if text]
        self.assertEqual(expected, sorted(expected))
        self.browser.click(self.heading("Mark"))
        self.assertEqual(self.sorted_by("Mark"), marks)

    def test_pairs_can_be_looked_at(self):
        self.open(REPORT / "marks/M001.html")
        self.check_overlay()
        self.assertEqual(self.browser.complaints(), [])
        self.check_width("M001.html")
        self.assertTrue(self.browser.pages_when_printed().startswith(b"%PDF"))

    def test_pages_load_all_their_pictures(self):
        marks = sorted((REPORT / "marks").iterdir())
        self.assertEqual(len(marks), TRUTH["marks"])
        for page in [REPORT / "index.html", *marks[::1 if ALL_PAGES else EVERY], marks[-1]]:
            self.browser.open(page)
            self.check_pictures(page)
        self.assertEqual(self.browser.complaints(), [])
        # Nothing is asked of the network; the way through the marks ends with the last one.
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource')"
                                          ".filter((entry) => !/^(file|data):/.test(entry.name)).length"), 0)
        self.assertEqual(self.browser.run("return document.querySelectorAll('[rel=next]').length"), 0)

    def test_every_picture_that_a_page_names_can_be_shown(self):
        album, named = 0, set()
        for page in (REPORT / "marks").iterdir():
            references = References(page.read_text(encoding="utf-8")).found
            for tag, reference in references:
                if not reference.startswith(("#", "data:")):
                    self.assertTrue((page.parent / reference.split("#")[0]).is_file(), f"{page}: {reference}")
            pictures = [reference for tag, reference in references if tag in ("img", "image")]
            album += sum(reference.endswith("-s.jpg") for reference in pictures)
            named.update((page.parent / reference).resolve() for reference in pictures)
        self.assertEqual(album, TRUTH["photos"])
        self.assertEqual(named, set((REPORT / "pictures").iterdir()))
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.html"
            page.write_text('<!DOCTYPE html><link rel="icon" href="data:,">' +
                            "".join(f'<img width="8" height="6" src="{file.as_uri()}">' for file in sorted(named)))
            self.open(page)
            self.assertEqual(self.check_pictures(page)["count"], len(named))

    def test_a_picture_that_is_missing_is_noticed(self):
        """What the tests above rely on."""
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.html"
            page.write_text('<!DOCTYPE html><link rel="icon" href="data:,"><img src="gone.jpg">')
            self.browser.open(page)
            self.assertEqual(len(self.browser.run(LOAD_PICTURES)["broken"]), 1)
            self.assertRegex("\n".join(self.browser.complaints()), "gone.jpg")


class MatchReport(ReportTest):
    def test_the_report_of_match(self):
        program, samples = os.environ["PRESSMARK_PROGRAM"], Path(os.environ["PRESSMARK_SAMPLES"])
        with tempfile.TemporaryDirectory() as folder:
            catalogue, report = Path(folder) / "catalogue", Path(folder) / "report.html"
            for arguments in (["init", catalogue], ["add", catalogue, samples / "scenes/scene_1.jpg"],
                              ["match", catalogue, samples / "views/view_1.png", "--report", report]):
                subprocess.run([program, *arguments], check=True, capture_output=True, timeout=60)
            self.open(report)
            self.assertGreaterEqual(self.check_pictures(report)["count"], 2)
            self.check_overlay()
            self.check_width(report)
            self.assertEqual(self.browser.complaints(), [])


if __name__ == "__main__":
    main()
