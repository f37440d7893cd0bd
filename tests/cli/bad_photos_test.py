# SPDX-License-Identifier: Apache-2.0
"""Photos that cannot be used, or are odd: each is named with its reason, and the run goes on."""

import os
import stat
import subprocess
import unittest

from program import PROGRAM, QUICK, SAMPLES, ProgramTest, main, records, sample_index


class Formats(ProgramTest):
    def check_bad_samples(self, verb, record):
        self.create(SAMPLES / "good/baseline.jpg")
        expected = {str(SAMPLES / "bad" / item["file"]): item for item in sample_index()["bad"]}
        result = self.check(3, verb, self.catalogue, SAMPLES / "bad", SAMPLES / "good/rgb.png",
                            "--jsonl")
        found = [item for item in records(result.stdout) if item["type"] == record]
        failed = {item["file"]: item for item in found if item["status"] == "failed"}
        self.assertEqual(sorted(failed), sorted(expected))
        lines = self.issue_lines(result)
        self.assertEqual(len(lines), len(expected))
        for file, item in expected.items():
            with self.subTest(file):
                self.assertEqual(failed[file]["code"], item["code"])
                self.assertIn(item["reason"], failed[file]["reason"])
                # Exactly one line: the name, then the reason.
                self.assertEqual([line for line in lines if f" {file}: " in line],
                                 [f"pressmark: {file}: {failed[file]['reason']}"])
        self.assertEqual([item["file"] for item in found if item["status"] != "failed"],
                         [str(SAMPLES / "good/rgb.png")])

    def test_add_names_each_bad_sample_and_goes_on(self):
        self.check_bad_samples("add", "add")
        self.assertEqual(len(self.listed()), 2)

    def test_match_names_each_bad_sample_and_goes_on(self):
        self.check_bad_samples("match", "query")

    def test_all_good_and_odd_samples_are_added_upright(self):
        self.create()
        result = self.check(0, "add", self.catalogue, SAMPLES / "good", "--jsonl")
        found = {item["file"]: item for item in records(result.stdout)}
        expected = sample_index()["good"]
        self.assertEqual(len(found), len(expected))
        for item in expected:
            with self.subTest(item["file"]):
                record = found[str(SAMPLES / "good" / item["file"])]
                self.assertEqual((record["status"], record["width_px"], record["height_px"]),
                                 ("added", item["width"], item["height"]))
        for orientation in range(1, 9):
            file = str(SAMPLES / f"good/orientation_{orientation}.jpg")
            self.assertEqual(found[file]["orientation"], orientation)
        # Nothing to see is no failure; what is wrong is said, and nothing else.
        for name in ("flat.png", "one_pixel.png", "one_pixel.jpg"):
            self.assertIn("without contrast", found[str(SAMPLES / "good" / name)]["quality"])
        self.assertIsNone(found[str(SAMPLES / "good/rgb.png")]["quality"])
        self.assertEqual(self.issue_lines(result), self.quality_lines(records(result.stdout)))

    def test_photos_without_keypoints_match_nothing(self):
        self.create(SAMPLES / "good")
        odd = [SAMPLES / "good" / name for name in ("flat.png", "one_pixel.png", "one_pixel.jpg")]
        result = self.check(0, "match", self.catalogue, *odd, "--jsonl")
        queries = [item for item in records(result.stdout) if item["type"] == "query"]
        self.assertEqual([item["status"] for item in queries], ["unusable"] * 3)
        self.assertIn(b"3 queries: 0 with hits, 0 without, 3 unusable, 0 failed", result.stderr)
        self.assertEqual(self.issue_lines(result), self.quality_lines(queries))
        result = self.check(0, "match", self.catalogue, *odd, "--no-quality-gate", "--jsonl")
        self.assertEqual([item["hit_count"] for item in records(result.stdout)
                          if item["type"] == "query"], [0] * 3)

    def test_the_cap_on_pixels_can_be_lowered(self):
        self.create(SAMPLES / "good/baseline.jpg")
        for verb, record in (("add", "add"), ("match", "query")):
            arguments = (verb, self.catalogue, SAMPLES / "good/rgb.png",
                         SAMPLES / "good/one_pixel.png", "--max-pixels", "6000")
            self.check_one_issue(arguments, "rgb.png",
                                 "96 x 64 pixels is over the limit of 6000 pixels", "unsupported",
                                 record=record)

    def test_the_cap_on_pixels_can_be_raised(self):
        self.create()
        result = self.check(3, "add", self.catalogue, SAMPLES / "bad/bomb.png",
                            "--max-pixels", "1000000000")
        self.assertIn("PNG is damaged or cut off", self.issue_lines(result)[0])

    def test_the_cap_on_bytes_can_be_lowered(self):
        self.create()
        arguments = ("add", self.catalogue, SAMPLES / "good/rgb.bmp",
                     SAMPLES / "good/one_pixel.png", "--max-file-bytes", "10000")
        self.check_one_issue(arguments, "rgb.bmp", "limit", "unsupported")


class Files(ProgramTest):
    """Each test runs both verbs: an issue of `add` is one of `match` too."""

    def check_both(self, inputs, name, reason, code, record=None):
        self.create(SAMPLES / "good/grey.png")
        for verb, kind in (("add", "add"), ("match", "query")):
            self.check_one_issue((verb, self.catalogue, *inputs), name, reason, code,
                                 record=record or kind)

    def test_missing_file(self):
        self.check_both([self.folder / "gone.jpg", SAMPLES / "good/rgb.png"], "gone.jpg",
                        "no such file", "not_found", "input")

    def test_broken_link_in_a_folder(self):
        self.copy("good/rgb.png", "photos/a.png")
        (self.folder / "photos/broken.jpg").symlink_to("gone.jpg")
        self.check_both([self.folder / "photos"], "broken.jpg",
                        "broken symbolic link to 'gone.jpg'", "not_found", "input")

    def test_broken_link_named(self):
        (self.folder / "broken.jpg").symlink_to("gone.jpg")
        self.check_both([self.folder / "broken.jpg", SAMPLES / "good/rgb.png"], "broken.jpg",
                        "broken symbolic link", "not_found", "input")

    def test_directory_loop(self):
        self.copy("good/rgb.png", "photos/inner/a.png")
        (self.folder / "photos/inner/back").symlink_to("..")
        self.check_both([self.folder / "photos"], "inner/back", "directory loop",
                        "invalid_argument", "input")

    def test_empty_folder(self):
        (self.folder / "empty").mkdir()
        self.check_both([self.folder / "empty", SAMPLES / "good/rgb.png"], "empty",
                        "no photos in this folder", "not_found", "input")

    def test_named_pipe_does_not_block(self):
        os.mkfifo(self.folder / "pipe.jpg")
        self.check_both([self.folder / "pipe.jpg", SAMPLES / "good/rgb.png"], "pipe.jpg",
                        "neither a regular file nor a folder", "invalid_argument", "input")

    def test_files_not_named_like_photos_are_counted(self):
        self.create()
        self.copy("good/rgb.png", "photos/a.png")
        self.write("photos/notes.txt", "notes")
        result = self.check(0, "add", self.catalogue, self.folder / "photos")
        self.assertIn(b"skipped 1 file that is not named like a photo\n", result.stderr)


class Names(ProgramTest):
    NAMES = ["grün 照片 \U0001f48a.jpg".encode(), b"two\nlines.jpg", b"not\xff\xfeutf8.jpg",
             b"esc\x1b[31mape.jpg", b"c1\xc2\x9b31m.jpg", b"-dash.jpg", b" blank .jpg"]

    def test_any_name_is_added_listed_and_matched(self):
        self.create()
        good = (SAMPLES / "good/baseline.jpg").read_bytes()
        for number, name in enumerate(self.NAMES):
            path = self.copy("good/baseline.jpg", b"photos/" + name)
            with open(path, "wb") as file:
                file.write(good + b"%d" % number)
        folder = self.folder / "photos"
        result = self.check(0, "add", self.catalogue, folder)
        self.assertEqual(len(result.stdout.splitlines()), len(self.NAMES))
        for verb in (("list", self.catalogue), ("match", self.catalogue, folder)):
            output = self.check(0, *verb).stdout
            self.assertNotIn(b"\x1b", output)
            self.assertNotIn(b"\xc2\x9b", output)
            self.assertIn(b"two\\nlines.jpg", output)
            self.assertIn("照片".encode(), output)
        names = [item["file"].rsplit("/", 1)[1] for item in self.listed()]
        self.assertIn("two\nlines.jpg", names)
        self.assertIn("not��utf8.jpg", names)
        for item in self.listed():
            self.check(0, "show", self.catalogue, str(item["id"]), "--json")

    def test_a_problem_is_one_line_whatever_the_name(self):
        self.create()
        for name in self.NAMES:
            self.copy("bad/text.jpg", b"photos/" + name)
        result = self.check(3, "add", self.catalogue, self.folder / "photos", "--jsonl")
        # Each of these lines is a problem, and after them comes the summary alone.
        self.assertEqual(len(result.stderr.splitlines()), len(self.NAMES) + 1)
        self.assertEqual(len(self.issue_lines(result)), len(self.NAMES))
        self.assertNotIn(b"\x1b", result.stderr)
        self.assertNotIn(b"\xc2\x9b", result.stderr)


class Duplicates(ProgramTest):
    def test_a_photo_that_is_there_already_is_no_failure(self):
        self.create(SAMPLES / "good/rgb.png")
        copy = os.fsdecode(self.copy("good/rgb.png", "copy.png"))
        result = self.check(0, "add", self.catalogue, copy, "--jsonl")
        self.assertEqual(self.issue_lines(result),
                         [f"pressmark: {copy}: already in the catalogue as image 1"])
        [record] = records(result.stdout)
        self.assertEqual((record["status"], record["id"], record["code"]), ("duplicate", 1, None))
        self.assertIn(b"0 added, 1 already there, 0 failed", result.stderr)

    def test_copies_in_one_run_are_added_once(self):
        self.create()
        for name in ("a.png", "b.png", "c.png"):
            self.copy("good/rgb.png", f"photos/{name}")
        result = self.check(0, "add", self.catalogue, self.folder / "photos", "--jsonl")
        self.assertEqual([(item["status"], item["id"]) for item in records(result.stdout)],
                         [("added", 1), ("duplicate", 1), ("duplicate", 1)])
        self.assertEqual(len(self.listed()), 1)


class Permissions(ProgramTest):
    NOBODY = 65534

    def drop_privileges(self):
        """Options of a child process to which permissions apply."""
        if os.geteuid() != 0:
            return {}
        options = {"user": self.NOBODY, "group": self.NOBODY, "extra_groups": []}
        try:
            probe = subprocess.run([PROGRAM, "--version"], capture_output=True, check=False,
                                   **options)
        except OSError:
            probe = None
        if probe is None or probe.returncode != 0 or not os.stat(SAMPLES).st_mode & stat.S_IROTH:
            raise unittest.SkipTest("root, and no other user may run the program from here")
        os.chmod(self.folder, 0o777)
        return options

    def test_unreadable_file_and_folder(self):
        options = self.drop_privileges()
        self.check(0, "init", self.catalogue, *QUICK, **options)
        secret = os.fsdecode(self.copy("good/grey.png", "photos/secret.png"))
        self.copy("good/rgb.png", "photos/open.png")
        self.copy("good/grey.jpg", "photos/closed/hidden.jpg")
        os.chmod(secret, 0)
        closed = self.folder / "photos/closed"
        closed.chmod(0)
        self.addCleanup(closed.chmod, 0o755)
        result = self.check(3, "add", self.catalogue, self.folder / "photos", "--jsonl", **options)
        lines = self.issue_lines(result)
        self.assertEqual(len(lines), 2, lines)
        for line in lines:
            self.assertIn("Permission denied", line)
        failed = {item["file"]: item for item in records(result.stdout)
                  if item["status"] == "failed"}
        self.assertEqual({file: (item["type"], item["code"]) for file, item in failed.items()},
                         {str(closed): ("input", "io"), secret: ("add", "io")})
        result = self.check(3, "match", self.catalogue, self.folder / "photos", "--jsonl",
                            **options)
        self.assertEqual(len(self.issue_lines(result)), 2)

    def test_a_catalogue_that_cannot_be_written_is_still_read(self):
        options = self.drop_privileges()
        self.create(SAMPLES / "good/rgb.png")
        for path in [self.catalogue, *self.catalogue.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
            self.addCleanup(path.chmod, 0o755)
        self.check(0, "list", self.catalogue, **options)
        result = self.check(1, "add", self.catalogue, SAMPLES / "good/grey.png", **options)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)


if __name__ == "__main__":
    main()
