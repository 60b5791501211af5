"""Pictures of learning in a report: what is drawn, without scripts too, and what a damaged file does."""

from __future__ import annotations

import base64
import json
import re
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from learning_samples import (
    EPOCHS,
    curve_arrays,
    histogram_arrays,
    region_arrays,
    value_arrays,
    write_learned,
)
from report_html_page import parsed
from report_samples import write_group

from gdrun.errors import WeightsError
from gdrun.report.html import write_report
from gdrun.report.html.axes import Axis
from gdrun.report.html.contours import borders, path
from gdrun.report.html.png import picture
from gdrun.run_directory.store import load

AB, KL = ["a", "b"], ["k", "l"]
HOSTILE = ["</svg><script>alert(1)</script>", '" onload="alert(1)']


def pixels_of(address: str) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """Pixels and palette of a PNG, read by the rules of its specification."""
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        (check,) = struct.unpack(">I", content[place + 8 + length : place + 12 + length])
        assert zlib.crc32(kind + body) == check
        chunks[kind] = body
        place += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
    width, height, depth, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colours) == (8, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    assert (rows[:, 0] == 0).all()
    palette = zip(*[iter(chunks[b"PLTE"])] * 3, strict=True)
    return rows[:, 1:], [(*rgb, opacity) for rgb, opacity in zip(palette, chunks[b"tRNS"], strict=True)]


def drawing(path: Path) -> str:
    found = re.search(r'<svg class="drawing".*?</svg>', path.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[0]


def frames_of(svg: str) -> list[str]:
    return re.findall(r'<g class="frame".*?</g>', svg, re.DOTALL)


class TestPieces:
    def test_a_picture_has_its_pixels_and_colours(self) -> None:
        pixels = np.arange(12, dtype=np.uint8).reshape(3, 4) % 5
        palette = [(10 * i, 20 * i, 30 * i, 255 - i) for i in range(5)]
        found, colours = pixels_of(picture(pixels, palette))
        np.testing.assert_array_equal(found, pixels)
        assert colours == palette

    def test_the_border_of_a_circle_is_a_circle(self) -> None:
        grid = np.arange(41.0)
        distance = np.hypot(grid - 20, grid[:, None] - 20)
        segments = borders(distance < 13, np.abs(distance - 13))
        np.testing.assert_allclose(np.hypot(*(segments - 20).reshape(-1, 2).T), 13, atol=0.02)
        assert np.hypot(*(segments[:, 0] - segments[:, 1]).T).sum() == pytest.approx(2 * np.pi * 13, rel=0.01)

    def test_three_regions_meet_in_a_point(self) -> None:
        labels = np.array([[0, 1], [2, 2]])
        segments = borders(labels, np.ones((2, 2)))
        assert len(segments) == 3
        assert {tuple(start) for start in segments[:, 0].tolist()} == {(0.5, 0), (0, 0.5), (1, 0.5)}
        assert (segments[:, 1] == segments[0, 1]).all()

    def test_one_region_has_no_border(self) -> None:
        assert path(borders(np.zeros((5, 5)), np.zeros((5, 5)))) == ""

    @pytest.mark.parametrize("high", [1e-7, 0.3, 17, 2e9])
    def test_ticks_are_round_and_inside(self, high: float) -> None:
        axis = Axis(-high / 3, high, 0, 100)
        ticks = axis.ticks(6)
        assert 3 <= len(ticks) <= 7
        assert all(-1e-6 <= place <= 100 for place, _ in ticks)
        assert any(text == "0" for _, text in ticks)


class TestRegions:
    def test_are_drawn_at_every_epoch_and_shown_where_the_weights_were_kept(self, tmp_path: Path) -> None:
        report = write_report(write_learned(tmp_path / "run", region_arrays(), AB, classes=KL))
        svg = drawing(report)
        frames = frames_of(svg)
        assert len(frames) == len(EPOCHS)
        hidden = [' display="none"' in frame for frame in frames]
        assert hidden == [True, True, True, False, True]  # by epoch 10, without a script
        text = parsed(report).text
        assert "epoch 10: the weights that were kept" in text
        for words in ("Decision boundary", "k", "l", "300 training rows", "a →", "↑ b", "100", "0.001"):
            assert words in text

    def test_shading_and_line_are_where_the_classes_are(self, tmp_path: Path) -> None:
        arrays = region_arrays()
        report = write_report(write_learned(tmp_path / "run", arrays, AB, classes=KL))
        for number, frame in enumerate(frames_of(drawing(report))):
            (address,) = re.findall(r'href="(data:image[^"]*)"', frame)
            pixels, palette = pixels_of(address)
            inside = np.array([palette[pixel][:3] == (213, 94, 0) for pixel in pixels.ravel()])
            np.testing.assert_array_equal(
                inside.reshape(48, 48)[::-1], arrays["surface.class"][number] == 1
            )  # the first row is the top one
            starts = re.findall(r"M([\d.]+) ([\d.]+)l", frame)
            x = [100 + 4 * (float(start[0]) - 52) / 376 - 2 for start in starts]
            y = [4 * (354 - float(start[1])) / 328 - 2 for start in starts]
            sizes = np.linspace(0.2, 1.2, len(EPOCHS))
            np.testing.assert_allclose(np.hypot(np.array(x) - 100, y), sizes[number], atol=0.09)

    def test_of_many_classes_are_small(self, tmp_path: Path) -> None:
        names = [f"class {i}" for i in range(9)]
        report = write_report(write_learned(tmp_path / "run", region_arrays(9), ["a", "b"], classes=names))
        assert report.stat().st_size < 800_000
        assert "class 8" in parsed(report).text

    def test_names_are_escaped(self, tmp_path: Path) -> None:
        report = write_report(write_learned(tmp_path / "run", region_arrays(), HOSTILE, classes=HOSTILE))
        harmless = write_report(write_learned(tmp_path / "other", region_arrays(), AB, classes=KL))
        assert parsed(report).tree == parsed(harmless).tree
        assert HOSTILE[0][:40] in parsed(report).text
        assert parsed(report).loads == []


class TestValues:
    def test_of_two_features_have_lines_of_equal_value(self, tmp_path: Path) -> None:
        report = write_report(write_learned(tmp_path / "run", value_arrays(), ["a", "b"]))
        svg = drawing(report)
        assert len(frames_of(svg)[-1].split("<path")) == 1 + 5
        assert "Prediction of class" in parsed(report).text
        assert report.stat().st_size < 800_000

    @pytest.mark.parametrize("outputs", [1, 3])
    def test_of_one_feature_are_curves(self, outputs: int, tmp_path: Path) -> None:
        run = write_learned(tmp_path / "run", curve_arrays(outputs), ["a"])
        document = json.loads((run / "run.json").read_text())
        document["data"]["preprocessing"]["target_names"] = ["u", "v", "w"][:outputs]
        (run / "run.json").write_text(json.dumps(document))
        report = write_report(run)
        for frame in frames_of(drawing(report)):
            assert len(re.findall(r"<path d=\"M[^\"]*L", frame)) == outputs
        assert "Fitted curve" in parsed(report).text


class TestLayers:
    @pytest.mark.parametrize("layers", [1, 3, 24])
    def test_have_histograms_lines_and_a_table(self, layers: int, tmp_path: Path) -> None:
        names = [f"dense {number}" for number in range(layers)]
        report = write_report(
            write_learned(tmp_path / "run", histogram_arrays(layers), ["a"] * 9, layers=names, best=30)
        )
        page = parsed(report)
        for words in ("Activations", "Gradients", "Weights", "Size of the gradients", "0 dense 0"):
            assert words in page.text
        assert "The layers as a table, epoch 30: the weights that were kept" in page.text
        drawings = [chart for block in page.data for chart in json.loads(block)]
        ridges = [chart for chart in drawings if chart["kind"] == "ridges"]
        assert len(ridges) == 3
        for chart in ridges:
            heights = np.array(chart["frames"])
            assert heights.shape == (len(EPOCHS), layers, 60)
            assert (heights.max(axis=2) == 99).all()
            assert chart["start"] == 4
        assert report.stat().st_size < 900_000

    def test_without_any_gradient_are_drawn_too(self, tmp_path: Path) -> None:
        arrays = histogram_arrays()
        for kind in ("counts", "range", "moments"):
            arrays[f"gradients.{kind}"][...] = 0
        page = parsed(write_report(write_learned(tmp_path / "run", arrays, ["a"] * 9)))
        assert "Size of the gradients" in page.text


class TestImages:
    def test_are_the_weights_of_each_unit(self, tmp_path: Path) -> None:
        weight = np.zeros((6, 3), np.float32)
        weight[:, 0] = [1, -1, 0, 0, 0.5, 0]
        weights = {
            "layers.1.weight": weight,
            "layers.1.bias": np.zeros(3),
            "layers.2.weight": np.ones((3, 2)),
        }
        run = write_learned(tmp_path / "run", {}, ["p"] * 6, weights=weights, row_shape=[2, 3, 1], classes=KL)
        report = write_report(run)
        images = re.findall(r'<img src="(data:image[^"]*)" alt="([^"]*)"', report.read_text())
        assert [words for _, words in images] == [
            "weights of unit 0",
            "weights of unit 1",
            "weights of unit 2",
        ]
        pixels, palette = pixels_of(images[0][0])
        colours = [[palette[pixel] for pixel in row] for row in pixels]
        assert colours[0][0] == (213, 94, 0, 255)
        assert colours[0][1] == (0, 114, 178, 255)
        assert colours[0][2][3] <= 1  # nothing
        assert colours[1][1][:3] == (213, 94, 0)
        assert 120 < colours[1][1][3] < 136

    def test_of_one_layer_are_called_after_the_classes(self, tmp_path: Path) -> None:
        weights = {"layers.0.weight": np.ones((6, 2))}
        run = write_learned(
            tmp_path / "run", {}, ["p"] * 6, weights=weights, row_shape=[2, 3, 1], classes=HOSTILE
        )
        page = parsed(write_report(run))
        assert HOSTILE[0] in page.text
        assert ("img", "alt", f"weights of {HOSTILE[1]}") in page.attributes
        assert page.loads == []

    @pytest.mark.parametrize("channels", [1, 3])
    def test_of_filters_and_colours(self, channels: int, tmp_path: Path) -> None:
        random = np.random.default_rng(0)
        weights = {"layers.0.weight": random.normal(size=(5, 5, channels, 8))}
        names = ["p"] * 64 * channels
        run = write_learned(tmp_path / "run", {}, names, weights=weights, row_shape=[8, 8, channels])
        report = write_report(run)
        assert report.read_text().count('alt="weights of filter') == 8

    def test_are_not_there_where_inputs_are_no_images(self, tmp_path: Path) -> None:
        weights = {"layers.0.weight": np.ones((6, 2))}
        run = write_learned(tmp_path / "run", {}, ["p"] * 6, weights=weights, classes=KL)
        assert "Weights of the first layer" not in parsed(write_report(run)).text

    def test_of_pixels_in_a_row_are_images_where_the_dataset_is_one_of_images(self, tmp_path: Path) -> None:
        weights = {"layers.0.weight": np.random.default_rng(0).normal(size=(64, 70))}
        run = write_learned(tmp_path / "run", {}, ["p"] * 64, weights=weights)  # of digits, by its config
        report = write_report(run)
        images = re.findall(r'<img src="(data:image[^"]*)"', report.read_text())
        assert len(images) == 64
        assert pixels_of(images[0])[0].shape == (8, 8)
        assert "The first 64 of 70 units" in parsed(report).text


class TestGroups:
    def test_show_what_some_of_their_runs_learned(self, tmp_path: Path) -> None:
        group = write_group(tmp_path / "group", 8, 10)
        for number in range(8):
            run = write_learned(tmp_path / f"run-{number}", region_arrays(), AB, classes=HOSTILE)
            for name in ("learning.npz", "run.json"):
                shutil.copy(run / name, group / "members" / f"seed-{number}" / name)
        report = write_report(group, members=False)
        page = parsed(report)
        assert "What some seeds learned" in page.text
        text = report.read_text(encoding="utf-8")
        assert len(frames_of(text)) == text.count('<svg class="drawing"') == 6
        assert ' display="none"' not in text
        assert page.text.count("epoch 10: the weights that were kept") == 6
        assert len(set(re.findall(r'clipPath id="([^"]*)"', text))) == 6
        assert page.loads == []
        assert report.stat().st_size < 900_000

    def test_say_nothing_of_it_where_there_are_no_pictures(self, tmp_path: Path) -> None:
        assert "learned" not in parsed(write_report(write_group(tmp_path / "group", 3, 10))).text


class TestFiles:
    def test_that_are_damaged_are_said_to_be(self, tmp_path: Path) -> None:
        run = write_learned(tmp_path / "run", region_arrays(), AB, classes=KL)
        content = bytearray((run / "learning.npz").read_bytes())
        content[len(content) // 2] ^= 4
        (run / "learning.npz").write_bytes(content)
        with pytest.raises(WeightsError, match="damaged"):
            load(run).learning()
        page = parsed(write_report(run))
        assert "learning.npz is damaged" in page.text
        assert "Decision boundary" not in page.text

    @pytest.mark.parametrize("name", ["epochs", "surface.y", "surface.class", "points.target"])
    def test_that_are_not_as_gdrun_writes_them_are_left_out(self, name: str, tmp_path: Path) -> None:
        arrays = region_arrays()
        arrays[name] = arrays[name][:-1]
        page = parsed(write_report(write_learned(tmp_path / "run", arrays, AB, classes=KL)))
        assert "learning.npz isn't as gdrun writes it" in page.text
        assert "Decision boundary" not in page.text

    @pytest.mark.parametrize(
        ("name", "other"),
        [
            ("surface.x", np.zeros(48)),
            ("surface.y", np.linspace(0, 1, 48)[::-1]),
            ("points.features", np.full((300, 2), np.nan)),
            ("surface.margin", np.zeros((5, 48, 48), complex)),
        ],
    )
    def test_with_other_numbers_are_left_out(self, name: str, other: np.ndarray, tmp_path: Path) -> None:
        arrays = region_arrays() | {name: other}
        page = parsed(write_report(write_learned(tmp_path / "run", arrays, AB, classes=KL)))
        assert "learning.npz isn't as gdrun writes it" in page.text

    def test_with_the_names_of_other_features_are_left_out(self, tmp_path: Path) -> None:
        page = parsed(write_report(write_learned(tmp_path / "run", region_arrays(), ["a"], classes=KL)))
        assert "learning.npz isn't as gdrun writes it" in page.text
