"""Pictures: what is in them, that nothing collides, and what is refused."""

from __future__ import annotations

import itertools
import math
import random
import sys
import xml.etree.ElementTree as ET

import pytest
import sympy
from graph.graphs import Recorder, lecture_h, network
from hypothesis import given
from hypothesis import strategies as st

from pathgrad.draw import dot_source, draw
from pathgrad.draw.layout import Place, arrange
from pathgrad.draw.order import crossings, improve
from pathgrad.draw.scene import SIZE, SMALL, Scene, build_scene, text_width
from pathgrad.draw.text import written
from pathgrad.errors import GraphError, MissingPackageError, PathgradError
from pathgrad.graph import MAX_TIMES, Bounds, Graph


def sixty(seed: int = 4) -> Graph:
    """A random program of sixty operations and inputs."""
    record, rng = Recorder(), random.Random(seed)
    known = [record.input(f"x[{i}]", rng.uniform(0.5, 2.0)) for i in range(5)]
    unused = set(known)
    while len(known) < 60:
        name = rng.choice(["add", "multiply", "sin", "exp", "sqrt", "subtract", "tanh", "log1p", "sigmoid"])
        operands = [rng.choice(sorted(unused)), rng.choice(known[-10:])][
            : 2 if name in ("add", "multiply", "subtract") else 1
        ]
        if name == "exp" and record.values[operands[0]] > 3:
            continue
        if name in ("sqrt", "log1p") and record.values[operands[0]] < 0:
            continue
        known.append(record(name, *operands))
        unused = (unused - set(operands)) | {known[-1]}
    return record.builder.finish(sorted(unused))


def boxes(scene: Scene) -> list[tuple[float, float, float, float, str]]:
    """The rectangle of every text."""
    width, found = text_width(), []
    for text in scene.texts:
        size = SMALL if text.role.endswith("label") or text.role == "value" else SIZE
        wide = width(text.text, size)
        left = {"center": text.x - wide / 2, "left": text.x, "right": text.x - wide}[text.align]
        found.append((left, text.y - size / 2, left + wide, text.y + size / 2, text.text))
    return found


def overlapping(scene: Scene) -> list[tuple[str, str]]:
    """Pairs of texts that collide, and texts that collide with the outline of a vertex that is not theirs."""
    texts = boxes(scene)
    outlines = [
        (n.x - n.half_width, n.y - n.half_height, n.x + n.half_width, n.y + n.half_height, "outline")
        for n in scene.nodes
        if "constant" not in n.role
    ]

    def collide(a, b):
        return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]

    def inside(a, b):
        return b[0] <= a[0] and a[2] <= b[2] and b[1] <= a[1] and a[3] <= b[3]

    pairs = [(a, b) for a, b in itertools.combinations(texts, 2) if collide(a, b)]
    pairs += [(a, b) for a in texts for b in outlines if collide(a, b) and not inside(a, b)]
    return [(a[4], b[4]) for a, b in pairs]


def scenes() -> dict[str, Scene]:
    h, (net, names), large = lecture_h(), network(), sixty()
    return {
        "2a": build_scene(h.symbolic()),
        "2b": build_scene(h),
        **{
            f"3 {s} {d}": build_scene(h, h.paths(s, direction=d).sweeps[0])
            for s in "xy"
            for d in ("forward", "backward")
        },
        "3 symbolic": build_scene(h.symbolic(), h.symbolic().paths("x").sweeps[0]),
        "9": build_scene(net.symbolic(names=names)),
        "9 with values": build_scene(net, net.paths(net.inputs, 0 + net.outputs[0], "backward").sweeps[0], values=True),
        "60": build_scene(large),
        "60 with paths": build_scene(large, large.paths("x[0]", large.outputs[0]).sweeps[0], values=True),
        "60 symbolic": build_scene(large.symbolic("auto")),
    }


@pytest.mark.parametrize("name", list(scenes()))
def test_no_text_collides(name):
    assert overlapping(scenes()[name]) == []


def test_the_collision_check_objects():
    scene = build_scene(lecture_h())
    scene.texts.append(scene.texts[0])
    assert overlapping(scene)


@pytest.mark.parametrize("name", ["2b", "9", "60 with paths"])
def test_curves_rise_and_stay_inside(name):
    scene = scenes()[name]
    left, bottom, right, top = scene.bounds
    for curve in scene.curves:
        heights = [y for _, y in curve.points]
        assert heights == sorted(heights)
        assert all(left - 20 <= x <= right + 20 and bottom <= y <= top for x, y in curve.points)


def test_figure_2b_and_3a_say_what_the_lecture_says():
    h = lecture_h()
    by_role: dict[str, list[str]] = {}
    for text in build_scene(h, h.paths("x").sweeps[0]).texts:
        by_role.setdefault(text.role, []).append(text.text)
    assert sorted(by_role["path value"]) == ["1", "1", "1", "155", "5"]
    assert sorted(by_role["label"]) == ["1", "1", "23", "40", "5"]
    assert sorted(by_role["faded label"]) == ["1", "1", "4", "5", "8"]
    assert by_role["output"] == ["h = 920"] and by_role["input text"] == ["x = 3"]
    assert by_role["faded input text"] == ["y = 5"] and by_role["faded constant text"] == ["4"]
    assert sorted(by_role["operator text"]) == ["+", "+", "×", "×"]


def test_the_root_is_on_top_and_the_leaves_below():
    scene = build_scene(lecture_h())
    height = {node.role: node.y for node in scene.nodes}
    operators = [node.y for node in scene.nodes if node.role == "operator"]
    assert height["input"] < min(operators) and next(t.y for t in scene.texts if t.role == "output") > max(operators)


def test_a_constant_is_drawn_at_each_use_and_names_beside_their_vertices():
    record = Recorder()
    two, x = record.constant(2.0), record.input("x", 3.0)
    graph = record.builder.finish([record("add", record("multiply", two, x), two)])
    texts = [text.text for text in build_scene(graph).texts]
    assert texts.count("2") == 3  # two leaves, and the label of x in 2x
    assert "v0" in [text.text for text in build_scene(graph.symbolic("auto")).texts if text.role == "value"]


def test_flat_edges_are_dashed_and_unlabelled():
    record = Recorder()
    c, x = record.input("c", 1.0), record.input("x", 3.0)
    scene = build_scene(record.builder.finish([record("where", c, x, x)]))
    assert [curve.role for curve in scene.curves].count("flat edge") == 1
    assert [text.text for text in scene.texts if text.role == "label"] == ["1", "0"]


def test_outputs_that_others_use_are_tagged_beside():
    graph = Graph.from_edges(3, 1, [(0, 1, 2.0), (1, 2, 3.0)], [1, 2, 2], values=[1.0, 2.0, 6.0])
    tags = [text.text for text in build_scene(graph).texts if text.role == "output"]
    assert tags == ["out[0] = 2", "out[1] = 6, out[2] = 6"]
    assert overlapping(build_scene(graph, values=True)) == []


def test_a_graph_of_one_vertex_has_a_picture(tmp_path):
    record = Recorder()
    for graph in (record.builder.finish([record.input("x", 1.0)]), record.builder.finish([record.constant(2.0)])):
        assert draw(graph, tmp_path / "one.svg").stat().st_size > 0


@pytest.mark.parametrize("suffix", [".svg", ".png", ".dot", ".SVG"])
def test_files_are_written_and_always_the_same(tmp_path, suffix):
    h = lecture_h()
    first = h.draw(tmp_path / f"first{suffix}", paths=h.paths("x"), title="forward")
    second = lecture_h().draw(str(tmp_path / f"second{suffix}"), paths=h.paths("x").sweeps[0], title="forward")
    assert first.read_bytes() == second.read_bytes() and first.name == f"first{suffix}"
    assert first.read_bytes() != h.draw(tmp_path / f"third{suffix}").read_bytes()


def test_svg_is_xml_with_green_path_values(tmp_path):
    h = lecture_h()
    path = h.draw(tmp_path / "h.svg", h.paths("x"))
    assert ET.parse(path).getroot().tag.endswith("svg")
    assert "#15803d" in path.read_text() and "#15803d" not in h.draw(tmp_path / "h.svg").read_text()


def test_a_picture_is_as_wide_as_its_title(tmp_path):
    def width(path):
        return float(ET.parse(path).getroot().attrib["width"].removesuffix("pt"))

    narrow = width(lecture_h().draw(tmp_path / "a.svg", title="h"))
    assert width(lecture_h().draw(tmp_path / "b.svg", title="h" * 60)) > narrow


def test_png_is_png(tmp_path):
    small, large = (lecture_h().draw(tmp_path / f"{dpi}.png", dpi=dpi).read_bytes() for dpi in (50, 150))
    assert small.startswith(b"\x89PNG") and len(large) > len(small)


def test_dot_holds_labels_values_and_paths():
    h = lecture_h()
    text = dot_source(h, h.paths("x").sweeps[0], values=True, title='of "h"')
    assert 'label="of \\"h\\""' in text and '0 [label="x = 3", shape=box' in text and '4 -> 7 [label="40"];' in text
    assert '<font color="#15803d"><b>155</b></font>' in text and 'label="×\\n920"' in text
    assert text.count("->") == len(list(h.edges())) + 1
    record = Recorder()
    c = record.input("c", 1.0)
    assert "style=dashed" in dot_source(record.builder.finish([record("where", c, c, c)]))


def test_wrong_requests_are_refused(tmp_path):
    h = lecture_h()
    with pytest.raises(GraphError, match=r"'h\.pdf' ends in \.pdf; a picture is \.svg, \.png or \.dot"):
        h.draw(tmp_path / "h.pdf")
    with pytest.raises(GraphError, match="'h' ends in nothing"):
        h.draw(tmp_path / "h")
    with pytest.raises(GraphError, match=r"this result has 2; pass one of its \.sweeps"):
        h.draw(tmp_path / "h.svg", h.paths(["x", "y"]))
    with pytest.raises(GraphError, match=r"result of graph\.paths\(\.\.\.\), got 155\.0"):
        h.draw(tmp_path / "h.svg", 155.0)


@pytest.mark.parametrize(("package", "blocked"), [("igraph", "igraph"), ("matplotlib", "matplotlib.textpath")])
def test_missing_packages_are_named_with_the_remedy(tmp_path, monkeypatch, package, blocked):
    monkeypatch.setitem(sys.modules, blocked, None)
    with pytest.raises(MissingPackageError, match=rf"need {package}.* pip install pathgrad\[draw\]"):
        lecture_h().draw(tmp_path / "h.svg")
    assert issubclass(MissingPackageError, PathgradError) and issubclass(MissingPackageError, ImportError)
    assert lecture_h().draw(tmp_path / "h.dot").exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (40.0, "40"), (-7, "−7"), (0.12346, "0.1235"), (1e6, "1×10⁶"), (-2.5e-9, "−2.5×10⁻⁹"), (True, "1"),
        (math.inf, "∞"), (-math.inf, "−∞"), (math.nan, "nan"), (Bounds(1.0, 2.5), "[1, 2.5]"),
        (MAX_TIMES.one, "1"), (sympy.sympify("sqrt(x) - x**10"), "√(x) − x¹⁰"), (sympy.sympify("-x - y"), "−x − y"),
        (sympy.sympify("v*(y - v)"), "v·(y − v)"), (sympy.sympify("x**0.5"), "x^0.5"), ("a" * 60, "a" * 47 + "…"),
    ],
)  # fmt: skip
def test_how_things_are_written(value, text):
    assert written(value) == text


LAYERS = st.integers(2, 5).flatmap(
    lambda n: st.lists(st.tuples(st.integers(0, n - 1), st.integers(n, 2 * n - 1)), max_size=12).map(lambda e: (n, e))
)


@given(LAYERS)
def test_crossings_are_counted_and_never_increase(case):
    n, edges = case
    below, above = [[] for _ in range(2 * n)], [[] for _ in range(2 * n)]
    for a, b in edges:
        below[a].append(b)
        above[b].append(a)
    layers = [list(range(n)), list(range(n, 2 * n))]
    by_pairs = sum((a - c) * (b - d) < 0 for (a, b), (c, d) in itertools.combinations(edges, 2))
    assert crossings(layers, below) == by_pairs
    improved = improve(layers, above, below)
    assert crossings(improved, below) <= by_pairs and [sorted(layer) for layer in improved] == layers


def test_a_picture_too_large_to_read_keeps_its_order():
    layers = [list(range(2000)), list(range(2000, 4000))]
    empty: list[list[int]] = [[] for _ in range(4000)]
    assert improve(layers, empty, empty) == layers


def test_operands_stand_in_their_order_where_possible():
    def picture(sides):
        places = [Place(0, below=[1, 2]), Place(1, above=[0]), Place(1, above=[0])]
        arrange(places, sides)
        return places[1].x < places[2].x

    assert picture([(1, 2)]) and not picture([(2, 1)])
