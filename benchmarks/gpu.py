"""Speed, memory and soundness on one GPU, in one call.

Usage: python benchmarks/gpu.py --json OUT.json [--figure OUT.png] [--seconds 540]
       [--atoms 1536,12288,49152,196608,1000002] [--kernels gpu] [--parts limits,check,…]

Parts (`--parts`; by default all but the last), each of which is written to the JSON as soon as it
is done, or the reason why it is not:

    limits   copy bandwidth and products of matrices of the card
    check    forces against the reference in float64; the same bits again; energies of a step twice
    tiles    shapes of the kernels' work; the fastest is used from there on
    scaling  liquid water: µs/atom/step of NVT with lists, ns/day, memory, energy drift, beside
             plain JAX
    stages   where the time of a force call goes, with rates of arithmetic and of what is read and
             written, and kernel by kernel as JAX's profiler sees it
    replicas many small boxes as one system
    graphs   small systems under XLA's ways of recording commands, each in a process of its own

With `--kernels plain` and few atoms everything but the tiles runs on a CPU too, to try the script.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from gpu_profile import kernel_times
from gpu_report import Report, figure

from sundog.bench import measure as m
from sundog.bench.settings import BenchSettings
from sundog.bench.worker import peak_memory_mb
from sundog.cli.options import set_up_jax
from sundog.forcefield.formulations.choice import unavailable
from sundog.forcefield.formulations.gpu import TILES, on_gpu
from sundog.forcefield.formulations.ordered import OrderedForceField
from sundog.forcefield.formulations.plain import PlainForceField, on_plain
from sundog.forcefield.so3lr import ForceField
from sundog.io.structures import system_from_atoms
from sundog.kernels.base import Attended
from sundog.kernels.gpu.layer import RowAttention
from sundog.kernels.gpu.tiles import Tile
from sundog.kernels.plain.species import ATOMS_WORTH_TABLES
from sundog.longrange.planned import apart
from sundog.neighbors.ordered import Ordered
from sundog.prepare.water import water_box
from sundog.properties import AtomFeatures
from sundog.runs.provenance import collect_provenance
from sundog.single_points.memory import forecast
from sundog.weights.fetch import obtain

FORWARD = [Tile(4, 4, 8), Tile(4, 4, 4), Tile(4, 8, 8), Tile(8, 8, 8), Tile(4, 16, 4)]
BACKWARD = [Tile(4, 4, 8), Tile(4, 4, 4), Tile(1, 16, 2), Tile(4, 16, 8), Tile(8, 8, 8)]
CLUSTERS = [Tile(16, 16, 4), Tile(16, 32, 4), Tile(16, 16, 2), Tile(16, 64, 8)]
FAR = [Tile(1, 128, 4), Tile(1, 256, 4), Tile(2, 64, 4), Tile(1, 64, 2)]
Fast = OrderedForceField | PlainForceField
PARTS = ("limits", "check", "tiles", "stages", "scaling", "replicas", "graphs")
PLAIN = range(1_536, 49_152 + 1)
"""Atoms; plain JAX is measured beside the kernels here."""
SMALL = "192,768"
REPLICAS = (1, 8, 64, 256)
RECORDED = "FUSION,CUBLAS,CUBLASLT,CUSTOM_CALL,CUDNN,CONDITIONAL,WHILE"
GRAPHS = {
    "default": "",
    "none": "--xla_gpu_enable_command_buffer=",
    "loops": f"--xla_gpu_enable_command_buffer={RECORDED} --xla_gpu_graph_min_graph_size=1",
}
"""Flags of XLA: what becomes part of a command buffer, so that the host need not launch it."""
DRIFT_UP_TO = 49_152


def limits() -> dict[str, float]:
    """Return the copy bandwidth in GB/s (read and written) and rates of products in TFLOP/s."""
    on_cpu = jax.default_backend() == "cpu"
    side, count = (512, 1 << 22) if on_cpu else (8192, 1 << 29)
    x = jnp.ones(count, jnp.float32)
    matrix = jax.random.normal(jax.random.key(0), (side, side), jnp.float32)
    found = {"copy_gb_per_s": 8e-9 * count / _fastest(jax.jit(lambda v: v + 1.0), x)}
    for name, precision in (("float32", "highest"), ("tf32", "tensorfloat32")):
        product = jax.jit(lambda a, p=precision: jnp.dot(a, a, precision=p))
        found[f"product_{name}_tflop_per_s"] = 2e-12 * side**3 / _fastest(product, matrix)
    return found


def check(reference: ForceField, fast: Fast) -> dict[str, Any]:
    """Return how far forces are from the reference's, and whether runs repeat."""
    system = system_from_atoms(water_box(64))
    wide = m.load_for(BenchSettings(precision="float64"), [water_box(1)])
    exact, found = (
        m.force_call(one, system, one.allocate_neighbors(system, 0.0).pairs)()
        for one in (wide, fast)
    )
    error = np.asarray(found[1]) - np.asarray(exact[1])
    state = m.state_of(water_box(64), fast)

    def run() -> np.ndarray:
        dynamics = m.Steps(state, fast)
        dynamics.advance(50)
        return np.asarray(dynamics.state.system.positions)

    return {
        "rms_force_error_ev_per_angstrom": float(np.sqrt(np.mean(error**2))),
        "largest_force_error_ev_per_angstrom": float(np.abs(error).max()),
        "energy_error_ev_per_atom": float(abs(found[0] - exact[0]).max() / 192),
        "same_bits_again": bool((run() == run()).all()),
    }


def tiles(reference: ForceField, atoms: int, limit: float) -> dict[str, Any]:
    """Return µs/atom of a force call by shape of the work, and the fastest shapes.

    All but the last are timed on atoms in spatial order, with clusters; `far` on the lists of atoms
    that small systems have, so that it also says what order and clusters are worth.
    """
    system = system_from_atoms(water_box(atoms // 3))
    best, table, end = TILES, [], time.monotonic() + limit
    shapes = {"backward": BACKWARD, "forward": FORWARD, "clusters": CLUSTERS, "far": FAR}
    for name, choices in shapes.items():
        timed = []
        for choice in choices:
            shape = best._replace(**{name: choice})
            row: dict[str, Any] = {"kernel": name, "tile": str(choice)}
            table.append(row)
            if time.monotonic() > end:
                row["skipped"] = "no time was left"
                continue
            fast = on_gpu(reference, shape)
            force_field = fast.inner if name == "far" else fast
            try:
                pairs = force_field.allocate_neighbors(system, m.SKIN_ANGSTROM).pairs
                call = m.force_call(force_field, system, pairs)
                row["compile_s"] = _seconds(call)
                row["us_per_atom"] = 1e6 * _fastest(call) / atoms
                timed.append((row["us_per_atom"], shape))
            except Exception as error:  # a shape may need more registers or memory than there are
                row["failed"] = f"{type(error).__name__}: {str(error)[:300]}"
        if timed:
            best = min(timed, key=lambda one: one[0])[1]
    return {"table": table, "best": {k: list(vars(v).values()) for k, v in best._asdict().items()}}


def scaling(fast: Fast, atoms: int, limit: float, replicas: int = 1) -> dict[str, Any]:
    """Return the figures of liquid water of one size, or of so many boxes of it."""
    deadline = time.monotonic() + limit
    box = water_box(atoms // 3)
    begin = time.monotonic()
    thermal, prepared = m.thermal_start(box, fast, 60, deadline)
    state = m.state_of(thermal, fast, replicas)
    dynamics = m.Steps(state, fast)
    dynamics.advance(2)
    count = len(box) * replicas
    row: dict[str, Any] = {"atoms": count, "replicas": replicas, "prepared_steps": prepared}
    row["preparation_s"] = time.monotonic() - begin
    row["foretold_bytes_per_atom"] = forecast(fast, state.system, state.neighbors).bytes_per_atom
    settings = BenchSettings(steps=400, seconds=2.0)
    seconds = m.time_steps(dynamics, settings, deadline)
    call = m.force_call(fast, state.system, state.neighbors.pairs)
    call()
    row["force_us_per_atom"] = 1e6 * min(m.time_force(call, 1.0, deadline)) / count
    row["step_us_per_atom"] = [1e6 * one / count for one in seconds]
    typical = float(np.median(seconds))
    row |= {f"ns_per_day_{fs:g}fs": fs * 1e-6 / typical * 86400 for fs in (0.5, 1.0)}
    row["peak_bytes_per_atom"] = peak_memory_mb() * 2**20 / count
    if replicas == 1 and count <= DRIFT_UP_TO:
        row["drift_mev_per_atom_ps"] = m.energy_drift(state, fast, typical, deadline)
    return row


def stages(fast: Fast, atoms: int) -> dict[str, Any]:
    """Return µs/atom of the parts of a force call, and the arithmetic rate of the layers."""
    box = system_from_atoms(water_box(atoms // 3))
    neighbors = fast.allocate_neighbors(box, m.SKIN_ANGSTROM)
    lists, _ = apart(neighbors.pairs)
    inner, system = fast.inner if isinstance(fast, OrderedForceField) else fast, box
    if isinstance(lists, Ordered):
        system, lists = lists.order.ordered(box), lists.pairs
    kernels, count = inner.kernels, system.number_of_atoms
    h = inner.reference.network.hyperparameters
    rng = np.random.default_rng(0)

    def drawn(columns: int) -> jax.Array:
        return jnp.asarray(rng.normal(size=(count, columns)), jnp.float32)

    components = sum(2 * degree + 1 for degree in h.degrees)
    q, k, v, q_ev, k_ev = (drawn(h.features) for _ in range(5))
    seen = Attended(q, k, v, q_ev, k_ev, drawn(components))
    cotangent = AtomFeatures(drawn(h.features), drawn(components))
    arranged = jax.jit(lambda p: kernels.arranged(p, count))(lists["short"])
    geometry = eqx.filter_jit(kernels.geometry)(system, arranged)
    layer = kernels.layers[-1]
    _, kept = eqx.filter_jit(layer.forward)(seen, geometry, arranged)
    none = eqx.filter_jit(kernels.no_cotangent)(geometry)
    near = fast.weighted(0.0)
    known = (seen, system, geometry, arranged)
    first: Callable[..., Any] = kernels.first_layer
    first_forward = eqx.filter_jit(lambda *given: first(*given)[0])
    first_backward = eqx.filter_jit(lambda g, total, *given: first(*given)[1](g, total))
    update = jax.jit(lambda n, s: n.update(s))
    parts: dict[str, tuple[Any, ...]] = {
        "whole": (m.force_call(fast, box, neighbors.pairs),),
        "without_far": (m.force_call(near, box, neighbors.pairs),),
        "geometry": (eqx.filter_jit(kernels.geometry), system, arranged),
        "layer_forward": (eqx.filter_jit(layer.forward), seen, geometry, arranged),
        "layer_backward": (
            eqx.filter_jit(layer.backward),
            *(seen, geometry, kept, cotangent, arranged),
        ),
        "forces_of_geometry": (eqx.filter_jit(kernels.forces), system, arranged, none),
        "lists_looked_at": (update, neighbors, box),
        "lists_rebuilt": (update, neighbors, box.at(box.positions + 0.6)),
    }
    if count >= ATOMS_WORTH_TABLES:
        parts["first_layer_forward"] = (first_forward, *known)
        parts["first_layer_backward"] = (first_backward, cotangent, none, *known)
    found: dict[str, Any] = {"atoms": count}
    for name, (function, *given) in parts.items():
        seconds = _fastest(function, *given)
        found[f"{name}_us_per_atom"] = 1e6 * seconds / count
        if given:  # what goes in and comes out, each once
            moved = jax.tree.leaves((given, function(*given)))
            found[f"{name}_gb_per_s"] = 1e-9 * sum(one.nbytes for one in moved) / seconds
    found["kernels"] = kernel_times(parts["whole"][0], count)
    pairs = int(lists["short"].mask.sum())
    # Products of the filters alone: two filters of a basis and a hidden layer, once forward, and
    # twice with the invariants backward.
    layer: Any = kernels.layers[0]
    filter_ = layer.features if isinstance(layer, RowAttention) else layer.filter_features
    basis = 2 * h.features * (filter_.radial.shape[0] + h.angular_features)
    flop = {"layer_forward": 2 * basis, "layer_backward": 4 * basis}
    found["pairs_per_atom"] = pairs / count
    for name, each in flop.items():
        rate = each * pairs / count / found[f"{name}_us_per_atom"] * 1e-6
        found[f"{name}_tflop_per_s"] = rate
    return found


def graphs(kernels: str, seconds: float) -> dict[str, Any]:
    """Return the figures of small systems by what XLA records in command buffers."""
    found: dict[str, Any] = {}
    end = time.monotonic() + seconds
    for left, (name, flags) in zip(range(len(GRAPHS), 0, -1), GRAPHS.items(), strict=True):
        limit = (end - time.monotonic()) / left
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "small.json"
            told = {"json": path, "atoms": SMALL, "kernels": kernels, "seconds": int(limit - 20)}
            command = [sys.executable, __file__, "--parts=scaling"]
            command += [f"--{k}={v}" for k, v in told.items()]
            environment = {**os.environ, "XLA_FLAGS": f"{os.getenv('XLA_FLAGS', '')} {flags}"}
            found[name] = {}
            try:
                subprocess.run(
                    command, env=environment, capture_output=True, timeout=limit, check=True
                )
            except subprocess.SubprocessError as error:
                said = (getattr(error, "stderr", None) or b"").decode(errors="replace")
                found[name]["failed"] = f"{error}: {said[-1000:]}"
            parts = json.loads(path.read_text()) if path.exists() else {}
            found[name] |= {key: row for key, row in parts.items() if key.startswith("water-")}
    return found


def _call(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: jax.block_until_ready(function(*arguments))


def _seconds(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    jax.block_until_ready(call())
    return time.perf_counter() - begin


def _fastest(function: Callable[..., Any], *arguments: Any, loops: int = 5) -> float:
    """Return the seconds of the fastest of a few loops of at least a tenth of a second."""
    call = _call(function, *arguments)
    call()
    count = max(1, math.ceil(0.1 / max(_seconds(call), 1e-6)))
    return min(_seconds(lambda: [call() for _ in range(count)]) for _ in range(loops)) / count


def _provenance(device: str) -> dict[str, Any]:
    card = obtain(None).card
    return collect_provenance(
        command_line=sys.argv,
        weights_name=card["name"],
        weights_sha256=card["safetensors_sha256"],
        device=device,
    )


def measured(report: Report, kernels: str, sizes: list[int], parts: list[str]) -> list[Any]:
    """Measure the parts that are asked for; return the rows of the scaling."""
    report.part("provenance", partial(_provenance, jax.devices()[0].device_kind), 0)
    reference = m.load_for(BenchSettings(), [water_box(1)])
    fast = on_gpu(reference) if kernels == "gpu" else on_plain(reference)
    if "limits" in parts:
        report.part("limits", limits)
    if "check" in parts:
        report.part("check", lambda: check(reference, fast))
    if "tiles" in parts and kernels == "gpu":
        limit = 0.4 * report.left()
        tuned = report.part("tiles", lambda: tiles(reference, min(12_288, max(sizes)), limit), 60)
        if tuned is not None:
            fast = on_gpu(reference, type(TILES)(*(Tile(*v) for v in tuned["best"].values())))
    if "stages" in parts:
        report.part("stages", lambda: stages(fast, min(49_152, max(sizes))), 60)
    rows = []
    for size in sizes if "scaling" in parts else ():
        for name in dict.fromkeys([kernels, "plain"]):
            if name != kernels and size not in PLAIN:
                continue
            one = fast if name == kernels else on_plain(reference)
            limit = min(120.0, report.left() - 10)
            row = report.part(f"water-{size} {name}", partial(scaling, one, size, limit), 30)
            if row is not None:
                rows.append({"kernels": name, **row})
    for number in REPLICAS if "replicas" in parts else ():
        one = partial(scaling, fast, 192, min(60.0, report.left() - 10), number)
        report.part(f"water-192 x {number}", one, 30)
    if "graphs" in parts:
        report.part("graphs", lambda: graphs(kernels, report.left() - 10), 60)
    return rows


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--seconds", type=float, default=540.0)
    parser.add_argument("--atoms", default="1536,12288,49152,196608,1000002")
    parser.add_argument("--kernels", choices=["gpu", "plain"], default="gpu")
    parser.add_argument("--parts", default=",".join(PARTS[:-1]))
    told = parser.parse_args()
    parts = told.parts.split(",")
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    set_up_jax()
    if reason := unavailable(told.kernels, "float32"):
        parser.error(reason)
    report = Report(told.json, told.seconds)
    rows = measured(report, told.kernels, [3 * (int(n) // 3) for n in told.atoms.split(",")], parts)
    if told.figure is not None and rows:
        figure(rows, told.figure, jax.devices()[0].device_kind)


if __name__ == "__main__":
    main()
