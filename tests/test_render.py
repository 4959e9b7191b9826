"""The table and its other formats: what they say, that they fit, and that nothing escapes."""

from __future__ import annotations

import csv as stdlib_csv
import io
import json as stdlib_json
import re
from typing import Any

import jsonschema
import pytest
import torch
import torch.nn.functional as F
from rich.cells import cell_len
from torch import nn

from shapecalc import dims
from shapecalc.analysis import Analysis, analyze
from shapecalc.dims import Shape, symbol
from shapecalc.graph import Finding, Input, Label, Layer, LayerGraph, Location
from shapecalc.inputs import Patterns
from shapecalc.ops.convolution import conv
from shapecalc.render import csv, json, latex, markdown, schema, text
from shapecalc.render.equation import axis_equations, equation
from shapecalc.render.rows import rows
from shapecalc.render.summary import totals

N, H, W = symbol("N"), symbol("H"), symbol("W")


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, (3, 5), stride=(2, 1), padding=(1, 2))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.conv(x)) + 1


class Net(nn.Module):
    """A stem, two blocks, one layer that is called twice, and a dict as output."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, stride=2, padding=3)
        self.blocks = nn.Sequential(Block(), Block())
        self.twice = nn.Conv2d(8, 8, 1)
        self.unused = nn.Linear(4, 4)

    def forward(self, x):
        x = self.blocks(F.relu(self.stem(x)))
        x = self.twice(self.twice(x))
        return {"out": x, "halves": x.split(4, dim=1)}


class Strange(nn.Module):
    """Module names that mean something to a terminal, to LaTeX, to Markdown and to a sheet."""

    NAMES = ("a|b\x1b[31m`<b>_$\\x", "[x] *y* & #1 %2 ~3 ^4 {5}", "=1+1")

    def __init__(self):
        super().__init__()
        for name in self.NAMES:
            self.add_module(name, nn.Conv2d(3, 3, 1))

    def forward(self, x):
        for module in self.children():
            x = module(x)
        return x


class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.rest = nn.Sequential(nn.Conv2d(8, 8, 3), nn.Conv2d(16, 8, 3))

    def forward(self, x):
        return self.rest(self.first(x))


@pytest.fixture(scope="module")
def net() -> Analysis:
    return analyze(Net().to("meta"), "N,3,H,W")


@pytest.fixture(scope="module")
def strange() -> Analysis:
    return analyze(Strange().to("meta"), "N,3,H,W")


@pytest.fixture(scope="module")
def wrong() -> Analysis:
    return analyze(Wrong().to("meta"), "N,3,H,W")


def layer(name: str, label: Label, note: str = "") -> Layer:
    shapes = (Shape((N, 3, H, W)),)
    op = conv(3, 3, (1, 1))
    return Layer(
        index=0, name=name, op=op, function=name, in_shapes=shapes, out_shapes=shapes,
        label=label, note=note,
    )  # fmt: skip


def by_hand(*layers: Layer, **rest: Any) -> Analysis:
    """Return an analysis of a graph without module calls."""
    inputs = (Input(name="x", shape=Shape((N, 3, H, W))),)
    graph = LayerGraph(name="Net", inputs=inputs, layers=layers, calls=(), **rest)
    return Analysis(graph, Patterns())


def plain_widths(printed: str) -> list[int]:
    return [cell_len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in printed.splitlines()]


# ---------------------------------------------------------------------------- the table


def test_the_table_as_wide_as_it_needs(net: Analysis) -> None:
    expected = """\
Net
layer   op                                          output shape                                              field  stride  padding  centre  parameters
--------------------------------------------------------------------------------------------------------------------------------------------------------
x       float32                                     (N, 3, H, W)
stem    Conv2d(kernel_size=7, stride=2, padding=3)  (N, 8, floor((H + 1)/2), floor((W + 1)/2))                    7       2        3       0       1,184
relu    relu                                        (N, 8, floor((H + 1)/2), floor((W + 1)/2))                    7       2        3       0
blocks  Sequential                                  (N, 8, floor((H + 7)/8), floor((W + 1)/2))              19 x 23   8 x 2   9 x 11       0       1,936
twice   Conv2d(kernel_size=1)                       (N, 8, floor((H + 7)/8), floor((W + 1)/2))              19 x 23   8 x 2   9 x 11       0          72
twice   Conv2d(kernel_size=1)                       (N, 8, floor((H + 7)/8), floor((W + 1)/2))              19 x 23   8 x 2   9 x 11       0      shared
split   Split(split_size=4, dim=1)                  2 x (N, 4, floor((H + 7)/8), floor((W + 1)/2))          19 x 23   8 x 2   9 x 11       0
output                                              out: (N, 8, floor((H + 7)/8), floor((W + 1)/2))
                                                    halves: 2 x (N, 4, floor((H + 7)/8), floor((W + 1)/2))

11 op calls, all proved
3,212 parameters (12.8 kB as float32), 20 of them in none of the rows
holds for every N, H, W
  field, stride, padding, centre: the receptive field, in elements of x; `shapecalc field` says more
  19 x 23: H x W
"""
    assert text.table(net, depth=1) == expected


def test_a_narrow_table_names_its_formulas(net: Analysis) -> None:
    expected = """\
Net
layer     op                        output shape              at H=65, W=96     parameters
------------------------------------------------------------------------------------------
x         float32                   (N, 3, H, W)              (N, 3, 65, 96)
stem      Conv2d(kernel_size=7,     (N, 8, H1, W1)            (N, 8, 33, 48)         1,184
          stride=2, padding=3)
relu      relu                      (N, 8, H1, W1)            (N, 8, 33, 48)
blocks    Sequential                (N, 8, H3, W1)            (N, 8, 9, 48)
  0       Block                     (N, 8, H2, W1)            (N, 8, 17, 48)
    conv  Conv2d(kernel_size=(3,    (N, 8, H2, W1)            (N, 8, 17, 48)           968
          5), stride=(2, 1),
          padding=(1, 2))
    relu  ReLU                      (N, 8, H2, W1)            (N, 8, 17, 48)
    add   add                       (N, 8, H2, W1)            (N, 8, 17, 48)
  1       Block                     (N, 8, H3, W1)            (N, 8, 9, 48)
    conv  Conv2d(kernel_size=(3,    (N, 8, H3, W1)            (N, 8, 9, 48)            968
          5), stride=(2, 1),
          padding=(1, 2))
    relu  ReLU                      (N, 8, H3, W1)            (N, 8, 9, 48)
    add   add                       (N, 8, H3, W1)            (N, 8, 9, 48)
twice     Conv2d(kernel_size=1)     (N, 8, H3, W1)            (N, 8, 9, 48)             72
twice     Conv2d(kernel_size=1)     (N, 8, H3, W1)            (N, 8, 9, 48)         shared
split     Split(split_size=4,       2 x (N, 4, H3, W1)        2 x (N, 4, 9,
          dim=1)                                              48)
output                              out: (N, 8, H3, W1)       out: (N, 8, 9,
                                    halves: 2 x (N, 4, H3,    48)
                                    W1)                       halves: 2 x (N,
                                                              4, 9, 48)

H1 = floor((H + 1)/2) = 33   W1 = floor((W + 1)/2) = 48
H2 = floor((H + 3)/4) = 17
H3 = floor((H + 7)/8) = 9

11 op calls, all proved
3,212 parameters (12.8 kB as float32), 20 of them in none of the rows
holds for every N, H, W
"""
    assert text.table(net, width=90, sizes={"H": 65, "W": 96}) == expected


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("color", [False, True])
def test_the_table_fits(net: Analysis, width: int, color: bool) -> None:
    printed = text.table(net, width=width, color=color, sizes={"H": 65})
    assert max(plain_widths(printed)) <= width
    assert ("\x1b[" in printed) is color


def test_a_table_for_a_pipe_is_plain_ascii(net: Analysis) -> None:
    assert text.table(net, width=80).isascii()


def test_print_of_an_analysis_is_the_table(net: Analysis) -> None:
    assert str(net) == text.table(net)


def test_what_is_not_proved_says_so() -> None:
    probed = by_hand(
        layer("f", Label.PROBED, "no rule; measured at 6 sizes"), layer("g", Label.UNKNOWN),
        layer("h", Label.PROVED), output=Shape((N, 3, H, W)),
    )  # fmt: skip
    expected = """\
Net
layer   op                     output shape  parameters  known
----------------------------------------------------------------
x       float32                (N, 3, H, W)
f       Conv2d(kernel_size=1)  (N, 3, H, W)              probed
g       Conv2d(kernel_size=1)  (N, 3, H, W)              unknown
h       Conv2d(kernel_size=1)  (N, 3, H, W)
output                         (N, 3, H, W)              unknown

3 op calls, 1 proved, 1 probed, 1 unknown
0 parameters (0 bytes as float32)
holds for every N, H, W
  proved: follows from the rules of the ops
  probed: measured at some sizes since an op has no rule, or derived from such a size
  unknown: nothing is claimed; the size is a symbol of its own
  note: f: no rule; measured at 6 sizes
"""
    assert text.table(probed) == expected


def test_findings_stand_at_the_end(wrong: Analysis) -> None:
    expected = f"""\
Wrong
layer  op                     output shape          field  stride  padding  centre  parameters
----------------------------------------------------------------------------------------------
x      float32                (N, 3, H, W)
first  Conv2d(kernel_size=3)  (N, 8, H - 2, W - 2)      3       1        0       1         224
rest   Sequential             failed
  0    Conv2d(kernel_size=3)  (N, 8, H - 4, W - 4)      5       1        0       2         584
  1    Conv2d                 failed                                                     1,160

2 op calls, all proved
1,968 parameters (7.9 kB as float32)
up to where it fails, it holds for H >= 5, W >= 5
  field, stride, padding, centre: the receptive field, in elements of x; `shapecalc field` says more

1 finding
  layer 'rest.1': expected input channels 16, got 8
    at {wrong.graph.findings[0].location}
    fix: build the layer with in_channels=8
"""
    assert text.table(wrong) == expected
    assert __file__ in str(wrong.graph.findings[0].location)


def test_what_a_finding_needs_is_said() -> None:
    from shapecalc.conditions import Condition

    finding = Finding(
        message="cannot halve", layer="f", condition=Condition(dims.mod(H, 2), "==", 0),
        location=Location("net.py", 7), fix="pad the input",
    )  # fmt: skip
    assert text.table(by_hand(findings=(finding,))).endswith("""\
1 finding
  layer 'f': cannot halve
    needs: H mod 2 = 0
    at net.py:7
    fix: pad the input
""")


def test_a_name_does_not_steer_the_terminal(strange: Analysis) -> None:
    assert "\x1b" not in text.table(strange)
    assert "a|b\\x1b[31m`<b>_$\\x " in text.table(strange)


# ---------------------------------------------------------------------------- the rows


@pytest.mark.parametrize(
    ("depth", "names"),
    [
        (1, ["x", "stem", "relu", "blocks", "twice", "twice", "split", "output"]),
        (2, ["x", "stem", "relu", "blocks", "0", "1", "twice", "twice", "split", "output"]),
    ],
)
def test_depth_folds_modules(net: Analysis, depth: int, names: list[str]) -> None:
    assert [row.name for row in rows(net, depth=depth)] == names


@pytest.mark.parametrize("depth", [1, 2, 3, 9])
def test_every_parameter_of_a_called_module_is_counted_once(net: Analysis, depth: int) -> None:
    counted = sum(row.parameters for row in rows(net, depth=depth))
    assert counted == totals(net).in_rows == 3192
    assert totals(net).parameters == 3212


# ---------------------------------------------------------------------------- one layer


def test_the_shape_equation_record() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1)).to("meta")
    found = equation(analyze(model, "N,1,H,W").layers[0])
    printed = text.record(found, sizes={"N": 1, "H": 6, "W": 6})
    printed = re.sub(r"  at .*:\d+\n", "", printed)
    expected = """\
0
  Conv2d(in_channels=1, out_channels=2, kernel_size=3, stride=2, padding=1)

  input   [N, C_in, H, W]               (N, 1, H, W)                                (1, 1, 6, 6)
  kernel  [C_out, C_in/groups, kH, kW]  (2, 1, 3, 3)                                (2, 1, 3, 3)
  output  [N, C_out, H_out, W_out]      (N, 2, floor((H + 1)/2), floor((W + 1)/2))  (1, 2, 3, 3)

  H_out  = floor((H + 2*p - k)/s) + 1      in general
         = floor((H + 2*1 - 3)/2) + 1      with this layer's numbers
         = floor((H + 1)/2)                simplified
         = floor((6 + 2*1 - 3)/2) + 1 = 3  at N=1, H=6, W=6

  W_out  = floor((W + 2*p - k)/s) + 1      in general
         = floor((W + 2*1 - 3)/2) + 1      with this layer's numbers
         = floor((W + 1)/2)                simplified
         = floor((6 + 2*1 - 3)/2) + 1 = 3  at N=1, H=6, W=6

  receptive field on input: 3, stride 2, padding 1, centre 0
  H, W: from input, which has r = 1, j = 1, by a window of kernel_size 3, stride 2, padding 1
    r = 1 + (3 - 1)*1 = 3   size: r + (k - 1)*j
    j = 1*2 = 2             stride: j*s
    P = 0 + 1*1 = 1         padding: P + p*j; output 0 sees inputs from -P on
    c = -1 + (3 - 1)/2 = 0  centre of output 0: -P + (r - 1)/2

  source: https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
"""
    assert printed == expected


LAYERS = [
    nn.Conv1d(4, 6, 5, stride=3, padding=2),
    nn.Conv2d(4, 6, (3, 5), stride=(2, 3), padding=(1, 0), dilation=(1, 2), groups=2),
    nn.Conv2d(4, 6, 4, padding="same"),
    nn.Conv3d(4, 6, (1, 2, 3), stride=(3, 2, 1)),
    nn.ConvTranspose2d(4, 6, (3, 4), stride=(2, 3), padding=(1, 0), output_padding=(1, 2)),
    nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0)),
    nn.MaxPool2d((4, 3), stride=(2, 3), padding=(2, 1), ceil_mode=True),
    nn.AvgPool1d(4, stride=2, padding=1),
    nn.MaxPool3d((1, 2, 3)),
]


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("module", LAYERS, ids=str)
def test_the_general_formula_gives_what_torch_gives(module: nn.Module) -> None:
    axes = int(re.search(r"(\d)d\(", str(module)).group(1))
    names = ["L", "H", "W"] if axes == 1 else ["D", "H", "W"]
    names = names[:1] if axes == 1 else names[-axes:]
    analysis = analyze(nn.Sequential(module), f"N,4,{','.join(names)}")
    found = list(axis_equations(analysis.layers[-1]))
    for sizes in ((9, 10, 11), (16, 13, 12), (21, 18, 25)):
        at = {"N": 2, **dict(zip(names, sizes, strict=False))}
        with torch.no_grad():
            real = module(torch.zeros(2, 4, *(at[name] for name in names))).shape[2:]
        for axis, size in zip(found, real, strict=True):
            values = {n: dims.evaluate(v, at) for n, v in axis.values.items()}
            values[axis.axis] = dims.evaluate(axis.size_in, at)
            assert dims.evaluate(axis.formula, values) == size, (axis.general, at)
            assert axis.arithmetic(at).endswith(f" = {size}")


def test_an_equation_is_not_repeated() -> None:
    op = conv(3, 8, (symbol("k"),), stride=symbol("s"), padding=symbol("p"))
    shapes = Shape((N, 3, symbol("L")))
    found = Layer(
        index=0, name="f", op=op, function="conv1d", in_shapes=(shapes,),
        out_shapes=(Shape(op.out_shape(shapes)),),
    )  # fmt: skip
    assert text.record(equation(found)).count("floor((L + 2*p - k)/s) + 1  in general") == 1
    assert "simplified" not in text.record(equation(found))


def test_a_symbol_as_parameter_is_not_mixed_up_with_that_of_the_formula() -> None:
    # the stride is a size named k, which is also what the formula calls the kernel size
    op = conv(3, 8, (3,), stride=symbol("k"))
    shapes = Shape((N, 3, symbol("L")))
    found = Layer(
        index=0, name="f", op=op, function="conv1d", in_shapes=(shapes,),
        out_shapes=(Shape(op.out_shape(shapes)),),
    )  # fmt: skip
    (axis,) = axis_equations(found)
    assert axis.general == "floor((L + 2*p - k)/s) + 1"
    assert axis.here == "floor((L - 3)/k) + 1"
    assert axis.arithmetic({"L": 9, "k": 2, "N": 1}) == "floor((9 + 2*0 - 3)/2) + 1 = 4"


# ---------------------------------------------------------------------------- other formats


@pytest.mark.parametrize("sizes", [{}, {"H": 65}, {"N": 2, "H": 65, "W": 96}])
@pytest.mark.parametrize("name", ["net", "strange", "wrong"])
def test_json_meets_its_schema(name: str, sizes: dict[str, int], request: Any) -> None:
    analysis = request.getfixturevalue(name)
    document = stdlib_json.loads(json.document(analysis, sizes=sizes))
    jsonschema.validate(document, schema.ANALYSIS)
    assert document["version"] == json.VERSION
    assert [found["name"] for found in document["layers"]] == [f.name for f in analysis.layers]
    for found in analysis.layers:
        record = stdlib_json.loads(json.record(equation(found), sizes=sizes))
        jsonschema.validate(record, schema.LAYER)


@pytest.mark.parametrize("each", [schema.ANALYSIS, schema.LAYER, schema.VERIFICATION])
def test_the_schemas_are_schemas(each: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(each)


def test_json_says_everything_of_a_layer(net: Analysis) -> None:
    document = stdlib_json.loads(json.document(net, sizes={"N": 1, "H": 9, "W": 10}))
    found = document["layers"][0]
    assert {**found, "location": found["location"]["line"] > 0} == {
        "index": 0,
        "name": "stem",
        "op": "Conv2d",
        "function": "conv2d",
        "parameters": {
            **found["parameters"],
            "in_channels": 3,
            "out_channels": 8,
            "kernel_size": [7, 7],
            "stride": [2, 2],
            "padding": [[3, 3], [3, 3]],
        },
        "inputs": [{"text": "(N, 3, H, W)", "sizes": ["N", 3, "H", "W"], "at": [1, 3, 9, 10]}],
        "outputs": [
            {
                "text": "(N, 8, floor((H + 1)/2), floor((W + 1)/2))",
                "sizes": ["N", 8, "floor((H + 1)/2)", "floor((W + 1)/2)"],
                "at": [1, 8, 5, 5],
            }
        ],
        "sources": [{"input": "x"}],
        "equation": [
            {
                "axis": axis,
                "general": f"floor(({axis} + 2*p - k)/s) + 1",
                "parameters": {"p": 3, "k": 7, "s": 2},
                "with_numbers": f"floor(({axis} + 2*3 - 7)/2) + 1",
                "size_in": axis,
                "size_out": f"floor(({axis} + 1)/2)",
                "arithmetic": f"floor(({size} + 2*3 - 7)/2) + 1 = 5",
            }
            for axis, size in (("H", 9), ("W", 10))
        ],
        "receptive_fields": [
            {
                "input": "x",
                "exact": True,
                "bound": None,
                "unknown": None,
                "batch": None,
                "axes": [
                    {
                        "axis": axis,
                        "size": 7,
                        "smallest": 7,
                        "stride": 2,
                        "padding": 3,
                        "centre": 0,
                        "density": 1,
                        "whole": False,
                        "widened": None,
                        "outputs": [output],
                        "relation": "{ [i] -> [j] : -3 + 2i <= j <= 3 + 2i }",
                    }
                    for axis, output in (("H", 2), ("W", 3))
                ],
            }
        ],
        "label": "proved",
        "note": "",
        "location": True,
        "module": 1,
    }
    assert [call["name"] for call in document["modules"]][:3] == ["", "stem", "blocks"]
    assert set(document["output"]["dict"]) == {"out", "halves"}


def test_markdown(net: Analysis) -> None:
    assert markdown.document(net, depth=1, sizes={"H": 65}).splitlines()[:6] == [
        "## Net",
        "",
        "| layer | op | output shape | at H=65 | field | stride | padding | centre | parameters |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
        "| **x** | float32 | `(N, 3, H, W)` | `(N, 3, 65, W)` |  |  |  |  |  |",
        "| stem | Conv2d(kernel\\_size=7, stride=2, padding=3) "
        "| `(N, 8, floor((H + 1)/2), floor((W + 1)/2))` | `(N, 8, 33, floor((W + 1)/2))` "
        "| 7 | 2 | 3 | 0 | 1,184 |",
    ]


def test_markdown_escapes_names(strange: Analysis) -> None:
    printed = markdown.document(strange)
    lines = [line for line in printed.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {9}
    assert "<b>" not in printed
    assert "a\\|b\\\\x1b\\[31m\\`&lt;b&gt;\\_\\$\\\\x" in printed


def test_latex(net: Analysis) -> None:
    printed = latex.document(net, depth=1)
    assert printed.splitlines()[0] == r"% needs \usepackage{amsmath, booktabs, longtable}"
    assert (
        r"stem & Conv2d(kernel\_size=7, stride=2, padding=3) & $(N, 8, "
        r"\left\lfloor \frac{H + 1}{2} \right\rfloor, "
        r"\left\lfloor \frac{W + 1}{2} \right\rfloor)$ & $7$ & $2$ & $3$ & $0$ & 1,184 \\"
    ) in printed.splitlines()


def test_latex_escapes_names(strange: Analysis) -> None:
    printed = latex.document(strange)
    assert r"a\textbar{}b\textbackslash{}x1b{[}31m`\textless{}b\textgreater{}\_\$" in printed
    assert r"{[}x{]} {*}y{*} \& \#1 \%2 \textasciitilde{}3 \textasciicircum{}4 \{5\}" in printed


@pytest.mark.parametrize("name", ["net", "strange", "wrong"])
def test_latex_is_balanced(name: str, request: Any) -> None:
    """What LaTeX would refuse: braces, environments, brackets and math left open."""
    analysis = request.getfixturevalue(name)
    records = [latex.record(equation(found), sizes={"N": 1, "H": 9, "W": 9}) for found in analysis]
    for printed in (latex.document(analysis), *records):
        printed = printed.split("\n", 1)[1]
        bare = re.sub(r"\\[\\{}$&#%_]", "", printed)
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        assert printed.count(r"\left") == printed.count(r"\right")
        begun, ended = (re.findall(rf"\\{word}{{(\w+)", printed) for word in ("begin", "end"))
        assert sorted(begun) == sorted(ended)
        assert printed.isascii()


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("H", "H"),
        ("2*H + 1", "2H + 1"),
        ("H - (W - 1)", r"H - \left(W - 1\right)"),
        ("d*(k - 1)", r"d \, \left(k - 1\right)"),
        ("(2*1 - 3)/2", r"\frac{2 \cdot 1 - 3}{2}"),
        ("-floor(H/2)", r"-\left\lfloor \frac{H}{2} \right\rfloor"),
        ("max(1, H - 3)", r"\max\left(1, H - 3\right)"),
        ("H**2*C_in", r"H^{2} \, C_{\mathrm{in}}"),
        ("(H + 1)**2", r"\left(H + 1\right)^{2}"),
        ("u0", "u_{0}"),
        ("no formula $", r"\text{no formula \$}"),
    ],
)
def test_formulas_are_typeset(formula: str, expected: str) -> None:
    assert latex.formula(formula) == expected


def test_csv(net: Analysis) -> None:
    table = list(stdlib_csv.DictReader(io.StringIO(csv.document(net, depth=1, sizes={"H": 65}))))
    assert [row["name"] for row in table] == [row.path for row in rows(net, depth=1)]
    assert table[1]["output shapes"] == "(N, 8, floor((H + 1)/2), floor((W + 1)/2))"
    assert table[1]["output shapes at"] == "(N, 8, 33, floor((W + 1)/2))"
    assert table[-1]["output shapes"].startswith("out: (N, 8, ")


def test_csv_starts_no_formula_in_a_spreadsheet(strange: Analysis) -> None:
    cells = [cell for row in stdlib_csv.reader(io.StringIO(csv.document(strange))) for cell in row]
    assert "'=1+1" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


class Chooses(nn.Module):
    def forward(self, x):
        for size in x.shape[2:]:
            if size > 9:
                x = x * 2
        return x


@pytest.mark.parametrize("render", [text.table, markdown.document, latex.document])
def test_choices_of_the_code_are_said_once_per_place(render: Any) -> None:
    printed = render(analyze(Chooses(), "N,3,H,W"))
    assert printed.count("a condition in the model's code") == 1
    assert len(re.findall(r"render\.py:\d+", printed.replace("\\", ""))) == 1


def test_the_domain_and_where_it_comes_from() -> None:
    analysis = analyze(Chooses(), "N,3,H,W")
    where = next(premise.location for premise in analysis.premises)
    assert text.table(analysis).endswith(f"""\
holds for H >= 10, W >= 10
  H > 9, W > 9: a condition in the model's code
    at {where}
  field, stride, padding, centre: the receptive field, in elements of x; `shapecalc field` says more
""")
