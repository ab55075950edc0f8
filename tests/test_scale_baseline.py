"""Bad models beside bad baselines: the report stays small and complete, or says what it leaves out."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from full_run import GATES, write_run
from gate_work import gate_set
from test_html import Page
from tiny_run import tiny_provenance

from mnist_report.evaluation.mistakes import choose_galleries
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.evaluation.slices import image_columns
from mnist_report.runs.folder import StoredRun
from mnist_report.runs.images_file import ShownImages

pytestmark = pytest.mark.slow

N = 10_000
# Seconds of work: twice what a common machine needs for ten classes.
MOST_BYTES, MOST_SECONDS, MOST_MEGABYTES = 2_500_000, 40, 800
RENDER = """
import json, re, sys, time
from pathlib import Path
from mnist_report import pipeline
began = time.perf_counter(), time.process_time()
pipeline.render(Path(sys.argv[1]), ("html", "pdf"), None)
times = {"seconds": time.perf_counter() - began[0], "work": time.process_time() - began[1]}
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000
print(json.dumps(times | {"peak": peak}))
"""


def bad_model(classes, mistakes):
    """So many mistakes, spread over all pairs of classes as evenly as can be; some of them sure, some not."""
    random = np.random.default_rng([classes, mistakes])
    labels = np.arange(N) % classes
    said = labels.copy()
    pairs = [(i, j) for i in range(classes) for j in range(classes) if i != j]
    # As many of each class as it has images to be wrong about, in turns of all pairs.
    left = {k: random.permutation(np.flatnonzero(labels == k)).tolist() for k in range(classes)}
    pairs = random.permutation(pairs).tolist()
    for i, j in [pairs[k % len(pairs)] for k in range(mistakes)]:
        said[left[i].pop()] = j
    rows = random.dirichlet(np.full(classes, 0.3), N) * random.uniform(0, 0.5, (N, 1))
    rows[np.arange(N), said] += 1 - rows.sum(axis=1)
    return make_predictions(rows, labels, tuple(f"kind {k}" for k in range(classes)))


def stored_run(classes, mistakes):
    """With noisy pictures, which compress badly, gates and a baseline that is bad in another way."""
    predictions, baseline = bad_model(classes, mistakes), bad_model(classes, mistakes // 2)
    random = np.random.default_rng(1)
    pixels = np.where(random.random((N, 28, 28)) < 0.2, random.integers(0, 256, (N, 28, 28)), 0).astype(np.uint8)
    index = choose_galleries(predictions, baseline, seed=42).index
    columns = image_columns(pixels)
    gates = gate_set(*GATES)
    facts = tiny_provenance(predictions)
    return StoredRun(facts, predictions, ShownImages(index, pixels[index]), columns, gates, baseline, "Bad.")


@pytest.fixture(scope="module", params=[(10, 2_000), (100, 1_000)], ids=["10 classes", "100 classes"])
def drawn(request, tmp_path_factory):
    """Classes, mistakes, the run, its folder and what was measured."""
    classes, mistakes = request.param
    folder = tmp_path_factory.mktemp("scale")
    run = stored_run(classes, mistakes)
    write_run(folder, run)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", RENDER, folder]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    measured = json.loads(answer.stdout)
    sizes = {name: (folder / name).stat().st_size for name in ("report.html", "report.pdf")}
    print(f"\n{classes} classes: {measured}, {sizes}")
    return classes, mistakes, run, folder, measured


@pytest.fixture(scope="module")
def page(drawn):
    return Page((drawn[3] / "report.html").read_text("utf-8"))


def ids_of(page):
    """In their order."""
    return [attributes["id"] for _, attributes in page.elements if "id" in attributes]


def test_the_model_is_as_bad_as_it_should_be(drawn):
    """Every pair of ten classes is confused; of a hundred, a thousand of them."""
    classes, mistakes, run, _, _ = drawn
    wrong = ~run.predictions.right
    pairs = set(zip(run.predictions.labels[wrong], run.predictions.predicted[wrong], strict=True))
    assert (int(wrong.sum()), len(pairs)) == (mistakes, min(mistakes, classes * (classes - 1)))


def test_the_page_fits_into_a_mail(drawn):
    """2.5 MB."""
    assert (drawn[3] / "report.html").stat().st_size <= MOST_BYTES


def test_both_reports_take_seconds(drawn):
    """Of work: what else the machine does is not theirs. A picture of each of a thousand pairs takes longer."""
    classes, *_, measured = drawn
    assert measured["work"] <= MOST_SECONDS * (1 if classes == 10 else 3)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_the_reports_fit_into_a_small_machine(drawn):
    """800 MB at most."""
    *_, measured = drawn
    assert measured["peak"] <= MOST_MEGABYTES


def test_what_is_left_out_is_said(drawn, page):
    """Of the mistakes, of the pairs and of the flips: how many of how many."""
    classes, mistakes, run, folder, _ = drawn
    words = page.text()
    count = len([id_ for id_ in ids_of(page) if re.fullmatch(r"image-\d+", id_)])
    assert 300 <= count <= mistakes
    assert count == mistakes or f"{count:,} of {mistakes:,} are shown" in words
    assert f"(10 of {min(mistakes, classes * (classes - 1))}; frames/confused_pairs.csv has all)" in words
    for right, wrong in ((run.baseline, run.predictions), (run.predictions, run.baseline)):
        flips = int((right.right & ~wrong.right).sum())
        assert f"60 of {flips:,} are shown" in words
    assert len((folder / "frames" / "mistakes.csv").read_text("utf-8").splitlines()) == mistakes + 1


def test_every_cell_of_the_matrix_leads_to_an_image(drawn, page):
    """All pairs of ten classes; a hundred are too many for a matrix."""
    classes = drawn[0]
    html = (drawn[3] / "report.html").read_text("utf-8")
    found = re.search(r'<table id="matrix".*?</table>', html, re.DOTALL)
    if classes > 25:
        assert found is None
        return
    links = [link["href"][1:] for link in Page(found[0]).all("a")]
    assert len(set(links)) == len(links) == classes * (classes - 1)
    assert set(links) <= set(ids_of(page))


def test_every_link_leads_somewhere(page):
    """And every id is there once."""
    ids = ids_of(page)
    assert len(set(ids)) == len(ids)
    assert {link["href"] for link in page.all("a") if link["href"].startswith("#")} <= {f"#{id_}" for id_ in ids}
