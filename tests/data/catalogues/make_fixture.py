#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a small catalogue of this build's format, with its photos and the answers it gives, to be kept for ever.

usage: make_fixture.py BUILD_DIRECTORY TARGET

Run once, when a format is new and before it is released: `make_fixture.py build/dev format-N` in this folder.
What is kept is never made anew: later builds must open what this build wrote.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MANIFEST = """file,seizure,package,place,date,agency,scale_mm_per_px,note
tiny_1.jpg,Porto-1,Brick 1,Porto,2024-05-01,PJ,0.25,crown
tiny_2.jpg,Porto-1,Brick 2,,,,,
tiny_3.jpg,Vigo-7,,Vigo,2023,,,"to be removed"
"""
KEPT_OF_HITS = ("query_file", "rank", "score")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    build, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        subprocess.run([build / "tests/support/write_test_model", work / "model"], check=True)
        subprocess.run([build / "tests/support/write_sample_images", work / "samples"], check=True)
        target.mkdir()
        (target / "photos").mkdir()
        for photo in sorted((work / "samples/tiny").iterdir()):
            shutil.copyfile(photo, target / "photos" / photo.name)
        (target / "photos/manifest.csv").write_text(MANIFEST, encoding="utf-8")

        def pressmark(*arguments):
            output = subprocess.run([build / "pressmark", *arguments], check=True, cwd=target,
                                    stdout=subprocess.PIPE).stdout.decode("utf-8")
            return [json.loads(line) for line in output.splitlines()] if "--jsonl" in arguments else output

        # Under a path that says nothing about the machine.
        neutral = Path(tempfile.gettempdir()) / "pressmark-fixture"
        shutil.copytree(target / "photos", neutral / "photos")
        pressmark("init", "catalogue", "--model", work / "model", "--long-side", "128", "--keypoints", "48")
        pressmark("add", "catalogue", neutral / "photos/manifest.csv")
        pressmark("remove", "catalogue", "3")
        shutil.rmtree(neutral)
        hits = [item for item in pressmark("match", "catalogue", "photos/view_of_1.jpg", "photos/tiny_2.jpg",
                                           "photos/tiny_3.jpg", "--jsonl") if item["type"] == "hit"]
        info = json.loads(pressmark("info", "catalogue", "--json"))[0]
        for derived in ("directory", "bytes", "index", "local_index"):
            del info[derived]
        expected = {
            "info": info,
            "images": pressmark("list", "catalogue", "--jsonl"),
            "seizures": pressmark("list", "catalogue", "--seizures", "--jsonl"),
            "hits": [dict({key: hit[key] for key in KEPT_OF_HITS}, image=hit["image"]["id"]) for hit in hits],
        }
    (target / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    # Records of runs and what the program works with are no part of the format.
    shutil.rmtree(target / "catalogue/runs")
    os.truncate(target / "catalogue/writer.lock", 0)
    assert sorted(path.name for path in (target / "catalogue").iterdir()) == [
        "catalogue.sqlite", "index", "model", "segments", "writer.lock"]


if __name__ == "__main__":
    main()
