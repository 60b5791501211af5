"""Reports of every kind of run and group: what they say, how large they are, that they load nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from report_html_page import Page, parsed
from report_samples import DIGITS, curves, labels, values, write_folds, write_group, write_run

from gdrun.errors import ConfigError, WeightsError
from gdrun.report.html import write_report
from gdrun.report.html.page import data_block
from gdrun.report.html.words import PARTS

DIGIT = [str(digit) for digit in range(10)]
REGRESSION = {"rows": 442, "features": 10, "classes": None}


def diverged(directory: Path) -> Path:
    metrics = curves(6)
    for name in ("train_loss", "val_loss", "gradient_norm"):
        metrics[name] = [1, 30, 4e4, 7e9, 3e20, math.inf, math.nan]
    result = {"best_epoch": 0, "train": {"loss": 1.0}, "validation": {"loss": None}}
    reason = "train_loss is infinite at epoch 5"
    return write_run(directory, metrics=metrics, status="diverged", reason=reason, result=result)


def unvalidated(directory: Path) -> Path:
    metrics = {name: column for name, column in curves(5).items() if not name.startswith("val_")}
    return write_run(directory, metrics=metrics, result={"best_epoch": 5, "train": {"loss": 0.5}})


def begun(directory: Path) -> Path:
    return write_run(directory, metrics={}, status="interrupted", timing={}, result={})


def regression(directory: Path) -> Path:
    return write_run(directory, metric="rmse", predictions=values(442), data=REGRESSION)


SAMPLES: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "classification": (lambda path: write_run(path, predictions=labels(DIGIT, 270)), ["Confusion matrix"]),
    "regression": (regression, ["Predicted against true", "Residuals", "RMSE"]),
    "diverged": (
        diverged,
        [
            "Diverged",
            "train_loss is infinite at epoch 5",
            "not drawn: 2 values of training, 2 values of validation",
        ],
    ),
    "interrupted": (begun, ["Interrupted", "gdrun resume", "There is no evaluation", "There is no result"]),
    "no validation": (unvalidated, ["training", "5 epochs"]),
    "0 epochs": (
        lambda path: write_run(path, epochs=0),
        ["There is one evaluation", "Completed after 0 epochs"],
    ),
    "1 epoch": (lambda path: write_run(path, epochs=1), ["Completed after 1 epoch,"]),
    "10,000 epochs": (lambda path: write_run(path, epochs=10_000), ["10\u202f001 evaluations drawn"]),
    "1,000 classes": (
        lambda path: write_run(path, predictions=labels([f"class {i}" for i in range(1000)], 2000)),
        ["The 20 of 1\u202f000 classes with the most errors"],
    ),
    "seeds": (lambda path: write_group(path, 10, 30, diverged=[7]), ["9 of 10", "seed-7", "95 % t interval"]),
    "one seed": (lambda path: write_group(path, 1, 5), ["1 seed trained", "test accuracy"]),
    "100 seeds": (lambda path: write_group(path, 100, 60), ["40 of 100 seeds drawn thin"]),
    "folds": (
        write_folds,
        [
            "5 folds trained",
            "corrected resampled t",
            "Out-of-fold predictions",
            "150 of 200 out-of-fold predictions (75.0 %)",
            "0.7500",
            "How the folds were made",
            "of a class differ by at most one",
            "100 training rows, 20 validation rows, 30 to 31 test rows",
            "1/5 + 1/4 times",
            "gdrun kfold config.yaml --folds 5 --strategy stratified",
        ],
    ),
    "folds of a regression": (
        lambda path: write_folds(path, 4, regression=True),
        ["Predicted against true", "over all out-of-fold predictions", "--folds 4 --strategy plain"],
    ),
    "seeds of 0 epochs": (lambda path: write_group(path, 2, 0), ["No seed has more than one evaluation"]),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_says_what_there_is_and_stays_small(sample: str, tmp_path: Path) -> None:
    make, sentences = SAMPLES[sample]
    path = write_report(make(tmp_path / "run"))
    assert path == tmp_path / "run" / "report.html"
    assert path.stat().st_size < 800_000
    page = parsed(path)
    for sentence in sentences:
        assert sentence in page.text
    assert "None" not in page.text
    assert page.loads == []
    assert [json.loads(block) for block in page.data]


def test_the_samples_cover_both_kinds() -> None:
    assert len(SAMPLES) >= 12
    assert PARTS


def test_the_page_holds_the_whole_story_without_scripts(tmp_path: Path) -> None:
    page = parsed(write_report(write_run(tmp_path / "run", predictions=labels(DIGIT, 270))))
    for words in (
        "learning_rate: 0.001",
        "gdrun train config.yaml",
        "OpenBLAS",
        "4\u202f810",
        "Loss by epoch: training from",
    ):
        assert words in page.text
    assert (
        page.tags.count("table") >= 6
    )  # result, evaluations, confusion matrix, run, data, timing, environment
    assert "noscript" in page.tags


def test_confusion_counts_and_shares(tmp_path: Path) -> None:
    predictions = {
        "row": [3, 5, 8, 9],
        "target": ["a", "a", "b", "b"],
        "prediction": ["a", "b", "b", "b"],
        "probability_a": [1, 0, 0, 0],
        "probability_b": [0, 1, 1, 1],
        "probability_c": [0, 0, 0, 0],
    }
    page = parsed(write_report(write_run(tmp_path / "run", predictions=predictions)))
    drawing = next(chart for chart in json.loads(page.data[0]) if chart["kind"] == "confusion")
    assert drawing["classes"] == ["a", "b", "c"]
    assert drawing["cells"] == [[0, 0, 1], [0, 1, 1], [1, 1, 2]]
    assert drawing["totals"] == [2, 2, 0]
    assert "3 of 4 test rows (75.0 %)" in page.text
    assert "50.0 %" in page.text


def test_regression_keeps_every_row_in_the_histogram(tmp_path: Path) -> None:
    predictions = values(5000)
    predictions["prediction"][7] = "nan"
    run = write_run(tmp_path / "run", metric="rmse", predictions=predictions, data=REGRESSION)
    page = parsed(write_report(run))
    scatter, histogram = json.loads(page.data[0])[-2:]
    assert len(scatter["true"]) <= 1500 < 5000
    assert scatter["row"][1] == "4"
    assert sum(rows for _, _, rows in histogram["bins"]) == 4999
    assert "Every 4th of 4\u202f999 test rows drawn" in page.text
    assert "1 row without a finite prediction left out" in page.text


@pytest.mark.parametrize("predicted", [[2.0, 2.0], [1e308, -1e308], ["nan", "nan"]])
def test_degenerate_predictions_still_give_a_report(predicted: list[object], tmp_path: Path) -> None:
    predictions = {"row": [0, 1], "target": [2.0, 2.0], "prediction": predicted}
    run = write_run(tmp_path / "run", metric="rmse", predictions=predictions, data=REGRESSION)
    assert "Predictions on the test rows" in parsed(write_report(run)).text


def test_thinning_keeps_spikes_the_best_epoch_and_the_ends(tmp_path: Path) -> None:
    metrics = curves(10_000)
    metrics["train_loss"][4321] = 1e6
    result = {"best_epoch": 777, "test": {"loss": 0.5}}
    page = parsed(write_report(write_run(tmp_path / "run", metrics=metrics, result=result)))
    loss = json.loads(page.data[0])[0]
    assert {0, 777, 4321, 10_000} <= set(loss["x"])
    assert len(loss["x"]) < 600
    assert loss["lines"][0]["values"][loss["x"].index(4321)] == 1e6
    rows = np.array(loss["x"])
    assert np.array_equal(loss["lines"][1]["values"], np.array(metrics["val_loss"])[rows])


def test_median_and_quartiles_over_the_seeds(tmp_path: Path) -> None:
    page = parsed(write_report(write_group(tmp_path / "group", 10, 30, diverged=[7])))
    charts = json.loads(page.data[0])
    loss = next(chart for chart in charts if chart["kind"] == "seeds" and chart["label"] == "Loss")
    training = loss["sets"][0]
    epoch = training["x"].index(6)
    at_six = [curves(30, seed)["train_loss"][6] for seed in range(10) if seed != 7]
    expected = np.percentile(at_six, [25, 50, 75])
    assert [training[name][epoch] for name in ("low", "median", "high")] == pytest.approx(expected, rel=1e-6)
    assert training["seeds"][epoch] == 9
    assert training["seeds"][0] == 10
    assert len(training["curves"]) == 10


def test_seeds_are_linked_to_their_own_reports(tmp_path: Path) -> None:
    group = write_group(tmp_path / "group", 3, 5)
    assert links(parsed(write_report(group, members=False))) == []
    found = links(parsed(write_report(group)))
    assert found == [f"members/seed-{seed}/report.html" for seed in range(3)]
    assert "Stopped early" in parsed(group / found[0]).text


def links(page: Page) -> list[str]:
    return [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]


def test_missing_and_damaged_files_are_notes(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / "config.yaml").unlink()
    (run / "metrics.csv").write_bytes(b"epoch,step,train_loss\n0,0,1.5\n1,40,0.5\n2,80,0.")  # torn
    (run / "predictions.csv").write_bytes(b"\xff\xfe\x00")
    page = parsed(write_report(run))
    assert "config.yaml cannot be read" in page.text
    loss = json.loads(page.data[0])[0]
    assert loss["lines"][0]["values"] == [1.5, 0.5]


def test_cells_with_quotes_and_line_ends_are_read(tmp_path: Path) -> None:
    predictions = {"row": [0, 1], "target": ['a "b"', "x\ny"], "prediction": ["x\ny", "x\ny"]}
    page = parsed(write_report(write_run(tmp_path / "run", predictions=predictions)))
    assert json.loads(page.data[0])[-1]["classes"] == ['a "b"', "x\ny"]


def test_a_directory_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path))):
        write_report(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(WeightsError):
        write_report(tmp_path)


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", predictions=labels(DIGIT, 50))
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
    assert sorted(path.name for path in run.iterdir() if path.name.startswith(".")) == []


def test_a_config_of_another_shape_is_shown_as_it_is(tmp_path: Path) -> None:
    config = DIGITS.format(seed=0, epochs=5) + "unknown: {deep: [1, 2]}\n"
    run = write_run(
        tmp_path / "run", config=config, data={"rows": 5, "odd": [1, {"a": 2}]}, parameters="many"
    )
    assert "unknown: {deep: [1, 2]}" in parsed(write_report(run)).text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_the_data_block_is_strict(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        data_block([{"x": number}])


def test_the_page_helper_sees_what_would_be_loaded() -> None:
    page = Page()
    page.feed('<img src="https://example.org/a.png"><link href="data:,"><a href="members/x">x</a>')
    assert page.loads == ["https://example.org/a.png"]


def test_folds_are_not_called_seeds_and_the_other_way_round(tmp_path: Path) -> None:
    folds, seeds = (
        re.sub(r"<(style|script)\b.*?</\1>", "", write_report(path).read_text(), flags=re.DOTALL)
        for path in (write_folds(tmp_path / "folds"), write_group(tmp_path / "seeds", 3, 4))
    )
    assert "Results over the folds" in folds
    assert "t interval" not in folds.replace("resampled t interval", "")
    assert "seeds" not in folds.replace("--seeds", "")
    assert "Results over the seeds" in seeds
    assert "fold" not in seeds


def test_a_damaged_confusion_is_left_out(tmp_path: Path) -> None:
    path = write_folds(tmp_path / "folds")
    summary = json.loads((path / "summary.json").read_text())
    for damage in (
        {"classes": ["a"]},
        {"classes": ["a"], "counts": [[1, 2]]},
        {"classes": 3, "counts": 4},
        [],
    ):
        (path / "summary.json").write_text(json.dumps(summary | {"confusion": damage}))
        assert "Results over the folds" in write_report(path).read_text()
