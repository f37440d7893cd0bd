# SPDX-License-Identifier: Apache-2.0
"""Evaluation on photos of known truth: figures, files, and truth that cannot be used."""

import json
import signal
import time

from program import SAMPLES, ProgramTest, environment, main, start


class Evaluate(ProgramTest):
    def setUp(self):
        super().setUp()
        self.photos = self.folder / "photos"
        rows = ["file,identity,design,light_azimuth_deg"]
        for number in range(1, 7):
            for kind, ending, azimuth in (("scene", "jpg", 0), ("view", "png", 40)):
                name = f"{kind}_{number}.{ending}"
                self.copy(f"{kind}s/{name}", f"photos/{name}")
                rows.append(f"{name},m{number},d{(number + 1) // 2},{azimuth}")
        self.truth = self.write("truth.csv", "\n".join(rows) + "\n")

    def evaluate(self, *arguments, code=0, truth=None):
        return self.check(code, "evaluate", self.photos, "--truth", truth or self.truth,
                          *arguments)

    def evaluated(self, *arguments, code=0, truth=None):
        """The records of stdout."""
        return json.loads(self.evaluate("--json", "-", *arguments, code=code, truth=truth).stdout)

    def test_views_are_told_from_other_scenes(self):
        run, record = self.evaluated()
        self.assertEqual((run["type"], record["type"]), ("run", "evaluation"))
        self.assertEqual((record["images"], record["queries"], record["failed"]), (12, 12, 0))
        self.assertEqual(record["compared_pairs"], 12 * 11 // 2)
        self.assertEqual(list(record["questions"]),
                         ["same_design", "same_mould", "same_mould_within_design"])
        mould = record["questions"]["same_mould"]
        self.assertEqual((mould["mate_pairs"], mould["non_mate_pairs"]), (12, 120))
        self.assertEqual((mould["verified_tpr"], mould["verified_fpr"]), (1, 0))
        self.assertEqual(list(mould["channels"]), ["local_raw", "local_relit", "dense", "fused"])
        self.assertEqual(mould["channels"]["fused"]["mAP"], 1)
        self.assertEqual(mould["channels"]["fused"]["auc"], 1)
        # Two scenes that share nothing were called one design.
        design = record["questions"]["same_design"]
        self.assertEqual(design["mate_pairs"], 36)
        self.assertLess(design["channels"]["fused"]["mAP"], 1)
        self.assertEqual([gap["pairs"] for gap in record["light_gaps"]], [0, 12, 0, 0, 0])
        self.assertEqual(len(run["inputs"]), 12)
        self.assertEqual(run["options"]["evaluate"]["candidates"], 1000)

    def test_threads_change_nothing_but_the_times(self):
        texts = []
        for threads in ("1", "2", "3"):
            run, record = self.evaluated("--threads", threads, "--candidates", "4")
            del run["command"], run["threads"], record["timings"]
            texts.append(json.dumps([run, record]))
        self.assertEqual(texts[1:], texts[:1] * 2)

    def test_table_file_and_report(self):
        out, report = self.folder / "out.json", self.folder / "report.html"
        result = self.evaluate("--json", out, "--report", report)
        text = result.stdout.decode()
        for part in ("same design", "same mould", "within the design", "local_raw", "local_relit",
                     "fused",
                     "verified", "lights"):
            self.assertIn(part, text)
        self.assertIn(b"12 images, 12 queries, 0 failed; 66 pairs compared", result.stderr)
        self.assertEqual([item["type"] for item in json.loads(out.read_text("utf-8"))],
                         ["run", "evaluation"])
        page = report.read_text("utf-8")
        for part in ("Same mould", "view_3.png", "<polyline", "data:image/jpeg;base64"):
            self.assertIn(part, page)
        self.assertNotIn("http", page.replace("http-equiv", ""))

    def test_only_named_queries_are_asked(self):
        queries = self.write("q.csv", "file\nview_2.png\n")
        _, record = self.evaluated("--queries", queries)
        self.assertEqual((record["queries"], record["compared_pairs"]), (1, 11))

    def test_an_undecodable_photo_is_named_and_takes_no_part(self):
        self.copy("bad/text.jpg", "photos/text.jpg")
        with open(self.truth, "a", encoding="utf-8") as file:
            file.write("text.jpg,m1,d1,\n")
        result = self.evaluate("--json", self.folder / "out.json", code=3)
        [line] = self.issue_lines(result)
        self.assertIn("photos/text.jpg: not an image", line)
        run, issue, record = json.loads((self.folder / "out.json").read_text("utf-8"))
        self.assertEqual((run["type"], issue["type"], record["failed"]), ("run", "input", 1))
        self.assertEqual(record["images"], 12)

    def test_photos_without_keypoints_do_no_harm(self):
        self.copy("good/flat.png", "photos/flat.png")
        self.copy("good/one_pixel.png", "photos/pixel.png")
        with open(self.truth, "a", encoding="utf-8") as file:
            file.write("flat.png,plain,p,\npixel.png,plain,p,\n")
        _, record = self.evaluated("--candidates", "5")
        self.assertEqual(record["queries"], 14)

    def test_bad_truth_stops_with_one_line(self):
        cases = {
            "": "truth.csv: empty file",
            "file,identity\n": "truth.csv: no rows",
            "file\nscene_1.jpg\n": "truth.csv: no column 'identity'",
            "file,identity\nscene_1.jpg,\n": "truth.csv:2: identity is not stated",
            "file,identity\ngone.jpg,m\n": "truth.csv:2: no such file: 'gone.jpg'",
            "file,identity\n../truth.csv,m\n": "truth.csv:2: file lies outside",
            "file,identity\nscene_1.jpg,m\nscene_1.jpg,m\n": "truth.csv:3: file 'scene_1.jpg' is",
            "file,identity\nscene_1.jpg,m\nview_1.png,n\n": "truth.csv: no identity occurs twice",
        }
        for content, message in cases.items():
            with self.subTest(message):
                result = self.evaluate(code=1, truth=self.write("bad/truth.csv", content))
                self.assertEqual(result.stdout, b"")
                [line] = result.stderr.decode().splitlines()
                self.assertIn(message, line)

    def test_what_cannot_be_written_is_known_before_the_work(self):
        for option in ("--json", "--report"):
            for place in (self.folder, self.folder / "gone/file"):
                with self.subTest((option, place)):
                    result = self.evaluate(option, place, code=1)
                    self.assertIn(b"cannot write", result.stderr)
                    self.assertEqual(result.stdout, b"")

    def test_an_interrupted_run_writes_nothing(self):
        out = self.folder / "out.json"
        process = start("evaluate", self.photos, "--truth", self.truth, "--json", out,
                        "--keypoints", "4096", "--query-keypoints", "4096", "--long-side", "1000",
                        "--threads", "1", env=environment())
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["photos", "truth.csv"])


if __name__ == "__main__":
    main()
