"""Speed beside what a user would run instead, measured in one process, as medians and ratios.

    python -m tests.benchmark            # a minute or two
    python -m tests.benchmark --export   # torch.export of swin_t, too: another minute or more

Absolute times depend on the machine; the ratios within one run are what counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn

from shapecalc import Analysis, analyze
from shapecalc.sizes import AcceptedSizes
from tests import torchvision_models
from tests.models import Chain
from tests.size_models import Around, UNet, branching

DYNAMIC = dict.fromkeys((0, 2, 3), torch.export.Dim.AUTO)  # N, H and W of an image
EXAMPLES = Path(__file__).parent.parent / "examples"


@dataclass(frozen=True)
class Row:
    """One line of the table. `target` is what the issue asks for, in words."""

    what: str
    seconds: float
    ratio: str = ""
    target: str = ""
    reached: str = ""


def median(function: Callable[[], object], *, repeat: int = 7, warm: int = 2) -> float:
    """Return the median time of a call after a warm-up, in seconds."""
    for _ in range(warm):
        function()
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def on_meta(name: str) -> nn.Module:
    """Return a model of torchvision without weights."""
    with torch.device("meta"):
        return getattr(torchvision_models, name)().eval()


def real(name: str) -> nn.Module:
    """Return a model of torchvision with random weights."""
    return getattr(torchvision_models, name)().eval()


def resnet50() -> list[Row]:
    """ResNet-50 beside a forward pass, torchinfo, FakeTensor and torch.export."""
    import torchinfo
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    model, image = real("resnet50"), torch.rand(1, 3, 224, 224)
    empty = on_meta("resnet50")

    def forward() -> object:
        with torch.no_grad():
            return model(image)

    def fake() -> object:
        mode = FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)
        return empty(mode.from_tensor(torch.empty(2, 3, 224, 256, device="meta")))

    def export() -> object:
        return torch.export.export(model, (torch.rand(2, 3, 224, 256),), dynamic_shapes=(DYNAMIC,))

    began = time.perf_counter()
    analyze(empty, "N,3,H,W")
    first = time.perf_counter() - began
    ours = median(lambda: analyze(empty, "N,3,H,W"))
    at = analyze(empty, "N,3,H,W")
    one_forward = median(forward)
    exported = median(export, repeat=1, warm=0)
    return [
        Row("one real forward pass of ResNet-50 at 224x224", one_forward),
        Row("analyze(resnet50), the first in a process", first, ratio(first, one_forward)),
        row("analyze(resnet50)", ours, one_forward, 1, "forward pass"),
        Row("a.at(...) with every shape", median(lambda: at.at(N=2, H=225, W=231).layers)),
        Row(
            "torchinfo.summary",
            (
                seconds := median(
                    lambda: torchinfo.summary(model, (1, 3, 224, 224), verbose=0), repeat=3
                )
            ),
            ratio(seconds, ours) + " analyze",
        ),
        Row(
            "FakeTensor with a ShapeEnv",
            (seconds := median(fake, repeat=3, warm=1)),
            ratio(seconds, ours) + " analyze",
        ),
        row("torch.export with dynamic sizes", exported, ours, 50, "analyze", at_least=True),
    ]


def ratio(seconds: float, other: float) -> str:
    """Return how many times `other` a time is."""
    times = seconds / other
    return f"{times:,.0f}x" if times >= 10 else f"{times:.2g}x"


def row(
    what: str, seconds: float, other: float, target: float, name: str, *, at_least: bool = False
) -> Row:
    """Return a line with a target for the ratio of two times."""
    met = seconds / other >= target if at_least else seconds / other <= target
    sign = ">=" if at_least else "<="
    return Row(
        what,
        seconds,
        f"{ratio(seconds, other)} {name}",
        f"{sign} {target:g}x",
        "yes" if met else "NO",
    )


def receptive_fields() -> list[Row]:
    """The fields of all ops after the trace."""
    from shapecalc.receptive_field import receptive_fields

    rows = []
    for name, target in (("resnet50", 0.010), ("densenet201", 0.100)):
        analysis = analyze(on_meta(name), "N,3,H,W")

        def windows(analysis: Analysis = analysis) -> object:
            analysis.graph.home.fields.clear()
            found = (receptive_fields(layer) for layer in analysis.layers)
            return [(f.size, f.stride, f.padding) for each in found for f in each.values()]

        seconds = _relations(analysis)
        rows.append(
            Row(
                f"the fields of all {len(analysis.layers)} ops of {name}, after the trace",
                seconds, "", f"< {target * 1e3:g} ms", "yes" if seconds < target else "NO",
            )
        )  # fmt: skip
        rows.append(Row(f"{name}: size, stride and padding of each, too", median(windows)))
    return rows + _depths()


def _relations(analysis: Analysis) -> float:
    from shapecalc.receptive_field import fields

    return median(lambda: fields(analysis.graph), repeat=15)


def beside_torchlens() -> list[Row]:
    """The same fields by torchlens, where that is installed.

    Last of all: it stays between torch and every call, and what it keeps fills the memory.
    """
    names = ("resnet50", "densenet201")
    ours = [_relations(analyze(on_meta(name), "N,3,H,W")) for name in names]
    try:
        import pandas  # noqa: F401  # without which torchlens makes no table
        import torchlens
    except ImportError:
        return []
    rows = []
    for name, seconds in zip(names, ours, strict=True):
        model, image = real(name), torch.rand(1, 3, 224, 224)
        traces, tables = [], []
        for _ in range(3):
            began = time.perf_counter()
            trace = torchlens.trace(model, image)
            traces.append(time.perf_counter() - began)
            trace.receptive_fields()
            tables.append(time.perf_counter() - began - traces[-1])
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            trace.draw(vis_outpath=f"{folder}/x", vis_fileformat="svg", vis_save_only=True,
                       vis_call_depth=2)  # fmt: skip
            drawn = time.perf_counter() - began
        table = statistics.median(tables)
        rows += [
            Row(
                f"torchlens {torchlens.__version__}: the trace of {name}", statistics.median(traces)
            ),
            Row(f"torchlens: the SVG of {name}, after its trace", drawn),
            Row(
                f"torchlens: its table of fields of {name}", table, ratio(table, seconds) + " ours"
            ),
        ]
    return rows


def pictures() -> list[Row]:
    """The SVG of two models beside that of torchview, where it is installed, after one analysis."""
    from shapecalc.render.diagram.picture import Options, Picture

    rows = []
    for name in ("resnet50", "densenet201"):
        analysis = analyze(on_meta(name), "N,3,H,W")

        def svg(analysis: Analysis = analysis) -> str:
            return Picture.of(analysis, Options()).svg()

        began = time.perf_counter()
        svg()
        first = time.perf_counter() - began
        ours = median(svg, repeat=5)
        rows += [
            Row(f"the SVG of {name}, drawn for the first time", first),
            Row(f"the SVG of {name}", ours),
        ]
        rows += _torchview(name, ours)
    return rows


def _torchview(name: str, ours: float) -> list[Row]:
    try:
        from torchview import draw_graph
    except ImportError:
        return []
    model = real(name)

    def svg() -> object:
        drawn = draw_graph(model, input_size=(1, 3, 224, 224), depth=2, device="meta")
        return drawn.visual_graph.pipe(format="svg")

    seconds = median(svg, repeat=3, warm=0)
    return [Row(f"torchview: the SVG of {name}", seconds, f"{ratio(seconds, ours)} ours")]


def _depths() -> list[Row]:
    """Twice as many layers take twice the time."""
    from shapecalc.receptive_field import fields

    times = {}
    for depth in (500, 2_000):
        with torch.device("meta"):
            graph = analyze(Chain(depth), "N,4,L").graph
        times[depth] = median(lambda graph=graph: fields(graph), repeat=5)
    growth = times[2_000] / times[500]
    met = "yes" if growth < 6 else "NO"
    return [
        Row("the fields of a chain of 500 layers", times[500]),
        Row("of 2,000 layers", times[2_000], f"{growth:.2g}x 500 layers", "about 4x", met),
    ]


def accepted_sizes() -> list[Row]:
    """The accepted sizes after the trace, with their words and causes."""
    with torch.device("meta"):
        models = {
            "ResNet-50": on_meta("resnet50"),
            "Inception v3": on_meta("inception_v3"),
            "a U-Net with 5 levels": UNet("transposed 2", 5),
            "a model that branches on H mod 32": Around(branching, {"unet": UNet("nearest", 5)}),
            "Swin-T": on_meta("swin_t"),
        }
    targets = dict(zip(models, (0.05, None, 0.05, 2.0, None), strict=True))
    rows = []
    for name, model in models.items():
        analysis = analyze(model, "N,3,H,W")

        def explored(analysis: Analysis = analysis) -> AcceptedSizes:
            found = replace(analysis).sizes  # a copy knows one path, the traced one
            assert found.complete
            assert found.because is not None
            return found

        seconds = median(explored, repeat=3, warm=1)
        target = targets[name]
        rows.append(
            Row(
                f"accepted sizes of {name} after the first trace (paths: {len(explored().pieces)})",
                seconds,
                "",
                f"< {target * 1e3:g} ms" if target else "",
                "" if target is None else "yes" if seconds < target else "NO",
            )
        )
    return rows


def swin(*, export: bool) -> list[Row]:
    """Swin-T, whose shifted windows make long formulas."""
    empty = on_meta("swin_t")
    seconds = median(lambda: analyze(empty, "N,3,H,W"), repeat=5)
    rows = [Row("analyze(swin_t)", seconds, "", "<= 0.15 s", "yes" if seconds <= 0.15 else "NO")]
    if export:
        began = time.perf_counter()
        try:
            torch.export.export(
                real("swin_t"), (torch.rand(2, 3, 224, 256),), dynamic_shapes=(DYNAMIC,)
            )
            how = "ran"
        except Exception as error:
            how = f"failed with {type(error).__name__}"
        took = time.perf_counter() - began
        rows.append(Row(f"torch.export of swin_t ({how})", took, ratio(took, seconds) + " analyze"))
    return rows


def diagnosis() -> list[Row]:
    """A ResNet-50 with three mistakes: found, explained and repaired, beside one analysis."""
    from shapecalc.diagnose import check

    clean, broken = on_meta("resnet50"), on_meta("resnet50")
    with torch.device("meta"):
        broken.layer2[1].bn2 = nn.BatchNorm2d(64)  # 128 come
        broken.layer3[0].conv3 = nn.Conv2d(128, 1024, 1, bias=False)  # 256 come
        broken.fc = nn.Linear(512, 1000)  # 2048 come
    found = check(broken, "N,3,224,224").findings
    assert [finding.layer for finding in found] == ["layer2.1.bn2", "layer3.0.conv3", "fc"]
    assert all(finding.repairs for finding in found)
    analysed = median(lambda: analyze(clean, "N,3,H,W"))
    checked = median(lambda: check(broken, "N,3,224,224"))
    return [
        row("check(resnet50) with three mistakes", checked, analysed, 3, "analyze"),
        Row(
            "check(resnet50) without one",
            (seconds := median(lambda: check(clean, "N,3,224,224"))),
            ratio(seconds, analysed) + " analyze",
        ),
    ]


def chains() -> list[Row]:
    """Chains of convolutions: twice the depth takes twice the time."""
    times = {}
    for depth in (2_500, 5_000, 10_000):
        with torch.device("meta"):
            model = Chain(depth)
        times[depth] = median(lambda model=model: analyze(model, "N,4,L"), repeat=3, warm=1)
    growth = times[10_000] / times[2_500]
    return [
        Row("a chain of 2,500 layers", times[2_500]),
        Row(
            "a chain of 10,000 layers", times[10_000], f"{growth:.2g}x 2,500 layers", "about 4x",
            "yes" if growth < 6 else "NO",
        ),
    ]  # fmt: skip


def cold_start() -> list[Row]:
    """A spec in a new process, beside the import of torch alone."""

    def process(*command: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *command], check=True, capture_output=True)

    torch_alone = median(process("-c", "import torch"), repeat=5, warm=1)
    spec = median(
        process("-m", "shapecalc", "show", str(EXAMPLES / "lenet.yaml")), repeat=5, warm=1
    )
    return [
        Row("python -c 'import torch'", torch_alone),
        row("shapecalc show lenet.yaml, cold", spec, torch_alone, 0.5, "import torch"),
    ]


_MEMORY = """
import json, resource, time
import torch
from shapecalc import Analysis, analyze
from shapecalc.sizes import AcceptedSizes
from tests.models import LanguageModel
began = time.perf_counter()
with torch.device("meta"):
    model = LanguageModel()
a = analyze(model, "N,T:int64")
seconds = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([a.parameters, seconds, peak / 2**20, str(a.output)]))
"""


def memory() -> list[Row]:
    """A transformer of 70 billion parameters: how much memory it takes to analyse."""
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY], check=True, capture_output=True, text=True
    )
    parameters, seconds, gigabytes, _ = json.loads(done.stdout)
    return [
        Row(
            f"a transformer of {parameters / 1e9:.1f} billion parameters, built and analysed",
            seconds, f"{gigabytes:.2f} GB at the peak", "< 2 GB", "yes" if gigabytes < 2 else "NO",
        )
    ]  # fmt: skip


def markdown(rows: list[Row]) -> str:
    """Return the table as it stands in the README."""
    lines = ["| | time | ratio | target | reached |", "| --- | ---: | ---: | ---: | --- |"]
    for entry in rows:
        seconds = entry.seconds
        shown = f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
        lines.append(
            f"| {entry.what} | {shown} | {entry.ratio} | {entry.target} | {entry.reached} |"
        )
    return "\n".join(lines)


def measure(*, export: bool) -> list[Row]:
    """Measure everything; with `export`, torch.export of swin_t too."""
    warnings.filterwarnings("ignore")
    return [
        *resnet50(),
        *swin(export=export),
        *receptive_fields(),
        *pictures(),
        *accepted_sizes(),
        *diagnosis(),
        *chains(),
        *cold_start(),
        *memory(),
        *beside_torchlens(),
    ]


def main() -> None:
    """Measure all, and print the table."""
    rows = measure(export="--export" in sys.argv)
    if "--json" in sys.argv:
        print(json.dumps([asdict(entry) for entry in rows], indent=2))
    else:
        print(markdown(rows))


if __name__ == "__main__":
    main()
