"""The native losses against the plain ones: numbers, layouts, threads, SIMD levels, and when they stand aside."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from bitsapart.errors import DomainError

torch = pytest.importorskip("torch", reason="the losses need torch (the extra `train`)")
losses = pytest.importorskip("bitsapart.train.losses", reason="the losses need torch", exc_type=ImportError)

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from bitsapart.train.losses import fused, gradient_memory  # noqa: E402

NAMES = ["cross_entropy", "kl_divergence", "squared_error"]
KINDS = ["labels", "probs", "counts", "logits"]
INF = float("inf")

# Written before the kernels: an error may exceed that of plain torch in the same type by this many eps of the type
# that is computed in, times the larger of 1 and the exact value.
TOLERANCE = 4


@pytest.fixture
def plainly(monkeypatch):
    """Computes with plain torch operations."""

    def run(*arguments, **options):
        with monkeypatch.context() as patch:
            patch.setattr(fused, "reaches", lambda *_: False)
            return value_and_gradient(*arguments, **options)

    return run


def value_and_gradient(name, logits, target, **options):
    z = logits.detach().requires_grad_()
    value = getattr(losses, name)(z, target, **options)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    return value.detach(), gradient


def batch(kind, items, classes, dtype=torch.float32, spread=3.0, seed=1):
    generator = torch.Generator().manual_seed(seed)
    logits = (torch.randn(items, classes, generator=generator, dtype=torch.float64) * spread).to(dtype)
    if kind == "labels":
        return logits, torch.randint(0, classes, (items,), generator=generator)
    if kind == "counts":
        counts = torch.randint(0, 3, (items, classes), generator=generator)
        counts[:, 0] += 1
        return logits, counts
    target = torch.randn(items, classes, generator=generator, dtype=torch.float64) * spread
    return logits, (torch.softmax(target, -1) if kind == "probs" else target).to(dtype)


def exactly(plainly, name, logits, target, **options):
    """In float64 from the same numbers."""
    wide_target = target.double() if target.is_floating_point() else target
    return plainly(name, logits.double(), wide_target, **options)


def farthest(got, want):
    want = want.double()
    return ((got.double() - want).abs() / want.abs().clamp(min=1)).nan_to_num(INF).max().item()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_errors_are_no_larger_than_those_of_plain_torch(name, kind, dtype, plainly, calls):
    for classes in (1, 2, 3, 5, 16, 33, 1000, 1024, 1025, 4100):
        logits, target = batch(kind, 6, classes, dtype)
        for options in ({}, {"label_smoothing": 0.1, "temperature": 2.5, "item_weights": torch.rand(6)}):
            options = {"target_kind": kind, "reduction": "none", **options}
            got = value_and_gradient(name, logits, target, **options)
            rivals = plainly(name, logits, target, **options)
            exact = exactly(plainly, name, logits, target, **options)
            for mine, rival, truth in zip(got, rivals, exact, strict=True):
                allowed = TOLERANCE * torch.finfo(dtype).eps * (8 if dtype == torch.float64 else 1)
                assert farthest(mine, truth) <= farthest(rival, truth) + allowed, (classes, options)
    assert calls


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_short_types_are_computed_in_float32_and_rounded_once(name, kind, dtype, plainly):
    for classes in (2, 10, 1029):
        logits, target = batch(kind, 5, classes, dtype)
        value, gradient = value_and_gradient(name, logits, target, target_kind=kind, reduction="none")
        exact, slopes = exactly(plainly, name, logits, target, target_kind=kind, reduction="none")
        assert value.dtype == torch.float32
        assert gradient.dtype == dtype
        assert farthest(value, exact) < 2e-6
        half_ulp = torch.finfo(dtype).eps / 2
        smallest = torch.finfo(dtype).smallest_normal * torch.finfo(dtype).eps
        assert ((gradient.double() - slopes).abs() <= slopes.abs() * half_ulp * 1.001 + 3e-7 + smallest).all()


@pytest.mark.parametrize("name", NAMES)
def test_long_rows(name, plainly):
    for kind in KINDS:
        logits, target = batch(kind, 2, 128_256)
        value, gradient = value_and_gradient(name, logits, target, target_kind=kind)
        exact, slopes = exactly(plainly, name, logits, target, target_kind=kind)
        assert abs(value - exact) <= 4e-7 * max(1, abs(exact))
        assert (gradient - slopes).abs().max() <= 4e-7 * slopes.abs().max()


EDGES = [
    [1e4, -1e4, 0.0, 3.0],
    [1e4, 1e4, 1e4, 1e4],
    [-1e4, -1e4, -1e4, -1e4],
    [-INF, 0.0, 1.0, -INF],
    [-INF, -INF, -INF, 2.0],
    [0.0, 0.0, 0.0, 0.0],
    [-3e38, 3e38, 0.0, 1.0],
    [88.0, 0.0, -88.0, -104.0],
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NAMES)
def test_extreme_logits_are_what_plain_torch_says(name, dtype, plainly):
    logits = torch.tensor(EDGES, dtype=dtype)
    for c in range(4):
        for kind in ("labels", "probs"):
            labels = torch.full((len(EDGES),), c)
            target = labels if kind == "labels" else torch.nn.functional.one_hot(labels, 4).to(dtype)
            got = value_and_gradient(name, logits, target, reduction="none")
            want = plainly(name, logits, target, reduction="none")
            for mine, rival in zip(got, want, strict=True):
                torch.testing.assert_close(mine, rival, rtol=1e-6 if dtype == torch.float32 else 1e-14, atol=1e-7)
    teacher = logits.roll(1, 0)
    got = value_and_gradient(name, logits, teacher, target_kind="logits", reduction="none")
    want = plainly(name, logits, teacher, target_kind="logits", reduction="none")
    for mine, rival in zip(got, want, strict=True):
        torch.testing.assert_close(mine, rival, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", [[float("nan"), 1.0], [INF, 0.0], [-INF, -INF]])
def test_what_has_no_value_is_not_a_number_for_its_own_item_alone(name, row):
    logits = torch.tensor([row, [1.0, 2.0]])
    value, gradient = value_and_gradient(name, logits, torch.tensor([0, 1]), reduction="none")
    alone, slopes = value_and_gradient(name, logits[1:], torch.tensor([1]), reduction="none")
    assert value.isnan().tolist() == [True, False]
    assert gradient[0].isnan().all()
    assert value[1] == alone[0]
    assert torch.equal(gradient[1:], slopes)


def test_confident_labels_keep_their_small_losses():
    logits = torch.tensor([[0.0, -18.0, -20.0], [30.0, 5.0, 0.0]])
    value, gradient = value_and_gradient("cross_entropy", logits, torch.tensor([0, 0]), reduction="none")
    exact = torch.log1p(torch.exp(logits[:, 1:].double() - logits[:, :1]).sum(-1))
    torch.testing.assert_close(value.double(), exact, rtol=3e-7, atol=0)
    torch.testing.assert_close(gradient[:, 0].double(), torch.expm1(-exact), rtol=3e-7, atol=0)


LAYOUTS = {
    "columns": lambda z: z.t().contiguous().t(),
    "every other row": lambda z: z.repeat_interleave(2, 0)[::2],
    "part of wider rows": lambda z: torch.cat([z, z], -1)[:, : z.shape[1]],
    "every other column": lambda z: z.repeat_interleave(2, 1)[:, ::2],
    "shifted by one number": lambda z: torch.cat([z.new_zeros(1), z.reshape(-1)])[1:].view(z.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_any_layout_gives_the_same(kind, layout):
    for classes in (1, 7, 1030):
        logits, target = batch(kind, 5, classes)
        want = value_and_gradient("cross_entropy", logits, target, target_kind=kind)
        lay = LAYOUTS[layout]
        laid = lay(target) if target.ndim == 2 else target.repeat_interleave(2)[::2]
        got = value_and_gradient("cross_entropy", lay(logits), laid, target_kind=kind)
        assert got[0] == want[0]
        assert torch.equal(got[1], want[1])


def test_expanded_and_read_only_numbers():
    row, labels = torch.randn(1, 9), torch.arange(4)
    got = value_and_gradient("cross_entropy", row.expand(4, 9), labels)
    want = value_and_gradient("cross_entropy", row.repeat(4, 1), labels)
    assert got[0] == want[0]
    assert torch.equal(got[1], want[1])
    shares = torch.full((1, 9), 1 / 9)
    same = losses.cross_entropy(row.expand(4, 9), shares.expand(4, 9))
    assert same == losses.cross_entropy(row, shares)
    frozen = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    frozen.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        view = torch.from_numpy(frozen)
    assert losses.cross_entropy(view, labels[:3]) == losses.cross_entropy(view.clone(), labels[:3])


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool])
def test_labels_and_counts_of_every_integer_type(dtype, calls):
    logits = torch.randn(4, 2, dtype=torch.float64)
    labels = torch.tensor([0, 1, 1, 0])
    assert losses.cross_entropy(logits, labels.to(dtype)) == losses.cross_entropy(logits, labels)
    counts = torch.tensor([[1, 0], [1, 1], [0, 1], [1, 1]])
    if dtype != torch.bool:
        assert losses.kl_divergence(logits, counts.to(dtype)) == losses.kl_divergence(logits, counts)
    assert len(calls) == (2 if dtype == torch.bool else 4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("kind", ["probs", "logits", "counts"])
def test_targets_of_another_type_than_the_logits(kind, dtype, calls):
    logits, target = batch(kind, 4, 1100, torch.float32, spread=1.0)
    short = target.to(dtype)
    for z in (logits, logits.bfloat16(), logits.double()):
        for name in NAMES:
            got = getattr(losses, name)(z, short, target_kind=kind)
            want = getattr(losses, name)(z.double(), short.double(), target_kind=kind)
            torch.testing.assert_close(got.double(), want, rtol=2e-6, atol=1e-7)
    assert len(calls) == 18


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_left_out_items_have_gradient_zero_and_do_not_count(name, kind):
    logits, target = batch(kind, 5, 40)
    weights = torch.tensor([1.0, 0.0, 2.0, 1.0, 0.5])
    want = value_and_gradient(
        name, logits[[0, 2, 4]], target[[0, 2, 4]], target_kind=kind, item_weights=weights[[0, 2, 4]]
    )
    logits[1], logits[3] = float("nan"), INF
    if kind == "labels":
        target[3] = -100
    elif kind == "counts":
        target[3] = 0
    else:
        weights[3] = 0
    got = value_and_gradient(name, logits, target, target_kind=kind, item_weights=weights)
    assert got[0] == want[0]
    assert torch.equal(got[1][[0, 2, 4]], want[1])
    assert not got[1][[1, 3]].any()
    each = value_and_gradient(name, logits, target, target_kind=kind, item_weights=weights, reduction="none")
    assert each[0][[1, 3]].tolist() == [0.0, 0.0]
    assert not each[1][[1, 3]].any()


def test_nothing_at_all():
    empty = torch.zeros(0, 5, requires_grad=True)
    for reduction in ("mean", "sum", "none"):
        value = losses.cross_entropy(empty, torch.zeros(0, dtype=torch.long), reduction=reduction)
        assert value.sum() == 0
    value.sum().backward()
    assert empty.grad.shape == (0, 5)
    value, gradient = value_and_gradient("cross_entropy", torch.randn(3, 5), torch.full((3,), -100))
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("path", ["native", "plain"])
def test_targets_that_mean_nothing_are_refused(path, monkeypatch):
    if path == "plain":
        monkeypatch.setattr(fused, "reaches", lambda *_: False)
    logits, labels = torch.zeros(300, 200), torch.zeros(300, dtype=torch.long)
    labels[[250, 90]] = torch.tensor([200, -7])
    with pytest.raises(DomainError, match=r"target\[90\] is -7, but labels must lie in 0 … 199; .*ignore_index=-100"):
        losses.cross_entropy(logits, labels)
    labels[90] = 2**62 + 1
    with pytest.raises(DomainError, match=rf"target\[90\] is {2**62 + 1}"):
        losses.squared_error(logits, labels)
    with pytest.raises(DomainError, match=r"target\[1, 2\] is -1, but counts must be ≥ 0"):
        losses.kl_divergence(torch.zeros(2, 3), torch.tensor([[1, 0, 0], [2, 0, -1]]))


def test_one_thread_and_two_give_the_same_bits():
    threads = torch.get_num_threads()
    try:
        for kind, items, classes in (("labels", 5000, 37), ("logits", 40, 20_000), ("counts", 3000, 50)):
            logits, target = batch(kind, items, classes)
            weights = torch.rand(items, generator=torch.Generator().manual_seed(2))
            results = []
            for count in (1, 2, 3):
                torch.set_num_threads(count)
                results.append(
                    value_and_gradient("kl_divergence", logits, target, target_kind=kind, item_weights=weights)
                )
            for value, gradient in results[1:]:
                assert value == results[0][0]
                assert torch.equal(gradient, results[0][1])
    finally:
        torch.set_num_threads(threads)


def test_the_gradient_obeys_what_comes_from_above(plainly):
    logits, labels = batch("labels", 6, 50)
    z = logits.clone().requires_grad_()
    above = torch.tensor([1.0, -2.0, 0.0, 0.5, 3.0, 1.0])
    losses.squared_error(z, labels, reduction="none").backward(above)
    _, unit = value_and_gradient("squared_error", logits, labels, reduction="none")
    torch.testing.assert_close(z.grad, unit * above[:, None], rtol=1e-6, atol=1e-12)
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        z = logits.to(dtype).requires_grad_()
        value = losses.cross_entropy(z, labels)
        once, twice, scaled = (torch.autograd.grad(value * f, z, retain_graph=True)[0] for f in (1.0, 1.0, 3.0))
        assert torch.equal(once, twice)
        want = value_and_gradient("cross_entropy", logits.to(dtype).double(), labels)[1] * 3
        torch.testing.assert_close(scaled.double(), want, rtol=torch.finfo(dtype).eps * 4, atol=1e-9)
        again = torch.autograd.grad(value, z)[0]
        assert torch.equal(again, once)
        with pytest.raises(RuntimeError, match="a second time"):
            torch.autograd.grad(value, z)


def test_a_scaled_loss_does_not_underflow_in_float16():
    logits = torch.zeros(4096, 1000, dtype=torch.float16, requires_grad=True)
    (losses.cross_entropy(logits, torch.zeros(4096, dtype=torch.long)) * 65536).backward()
    want = 65536 / 4096 / 1000
    assert logits.grad[5, 7].item() == pytest.approx(want, rel=1e-3)


def test_changed_logits_are_noticed_where_they_are_needed():
    z = torch.randn(3, 4, requires_grad=True)
    logits = z * 1.0
    value = losses.cross_entropy(logits, torch.tensor([0, 1, 2]), reduction="none")
    logits.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.sum().backward()
    logits = z * 1.0
    want = value_and_gradient("cross_entropy", logits, torch.tensor([0, 1, 2]))[1]
    value = losses.cross_entropy(logits, torch.tensor([0, 1, 2]))
    with torch.no_grad():
        logits.zero_()
    assert torch.equal(torch.autograd.grad(value, z)[0], want)  # it was computed before the change


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("name", NAMES)
def test_batches_of_gradients_and_second_derivatives(name, reduction):
    logits, target = batch("probs", 3, 4, torch.float64)
    weights = torch.tensor([1.0, 2.0, 0.5])

    def loss(z):
        return getattr(losses, name)(z, target, reduction=reduction, item_weights=weights)

    z = logits.requires_grad_()
    assert torch.autograd.gradcheck(loss, (z,), check_batched_grad=True)
    assert torch.autograd.gradgradcheck(loss, (z,))
    jacobian = torch.autograd.functional.jacobian(lambda a: loss(a).reshape(-1), z, vectorize=True)
    slow = torch.autograd.functional.jacobian(lambda a: loss(a).reshape(-1), z)
    torch.testing.assert_close(jacobian, slow)


def test_the_core_is_asked_where_it_reaches_and_nowhere_else(calls):
    logits, labels = batch("labels", 4, 5)
    for name in NAMES:
        getattr(losses, name)(logits, labels)
    assert len(calls) == 3
    probs = torch.softmax(logits, -1).requires_grad_()
    losses.cross_entropy(logits, probs)
    losses.cross_entropy(logits, labels, class_weights=torch.ones(5))
    losses.absolute_error(logits, labels)
    losses.jensen_shannon(logits, labels)
    losses.cross_entropy(logits, labels, item_weights=torch.ones(4, requires_grad=True))
    losses.cross_entropy(logits.to("meta"), labels.to("meta"))
    torch.func.grad(lambda z: losses.cross_entropy(z, labels))(logits)
    with FlopCounterMode(display=False):
        losses.cross_entropy(logits, labels)
    assert len(calls) == 3
    with torch.no_grad():
        losses.cross_entropy(logits, probs)
    losses.log_likelihood(logits, torch.ones(4, 5, dtype=torch.int32))
    assert len(calls) == 5


def test_the_memory_of_a_large_gradient_is_used_again(monkeypatch):
    monkeypatch.setattr(gradient_memory, "_WORTH_KEEPING", 1 << 12)
    monkeypatch.setattr(gradient_memory, "_kept", [])
    logits, labels = batch("labels", 100, 50)
    _, first = value_and_gradient("cross_entropy", logits, labels)
    kept, place = first.clone(), first.data_ptr()
    _, second = value_and_gradient("cross_entropy", logits + 1, labels)
    assert second.data_ptr() != place
    assert torch.equal(first, kept)
    place = second.data_ptr()
    del second
    third = value_and_gradient("squared_error", logits[:80], labels[:80])[1]
    assert third.data_ptr() == place
    assert torch.equal(first, kept)
    with torch.autograd.graph.save_on_cpu():
        small = value_and_gradient("squared_error", logits[:5], labels[:5])[1]
    assert torch.isfinite(small).all()


LEVELS = """
import json, sys
import torch
from bitsapart import _core
from bitsapart.train.losses import cross_entropy, kl_divergence, squared_error
generator = torch.Generator().manual_seed(3)
out = {"level": _core.simd_level()}
for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
    for classes in (1, 2, 9, 1031):
        z = (torch.randn(7, classes, generator=generator, dtype=torch.float64) * 5).to(dtype)
        if classes > 2:
            z[:3] = torch.tensor([1e4, 0.0, -1e4]).to(dtype)[:, None]
            z[3, 1] = -torch.inf
        t = (torch.randn(7, classes, generator=generator, dtype=torch.float64) * 3).to(dtype)
        targets = {"labels": t.float().argmax(-1), "probs": torch.softmax(t.float(), -1).to(dtype), "logits": t,
                   "counts": torch.randint(0, 4, (7, classes), generator=generator)}
        for kind, target in targets.items():
            if kind != "labels" and classes > 2:
                target[3, 1] = -torch.inf if kind == "logits" else 0
            for loss in (cross_entropy, kl_divergence, squared_error):
                x = z.clone().requires_grad_()
                value = loss(x, target, target_kind=kind, reduction="none", temperature=1.5)
                (slope,) = torch.autograd.grad(value.sum(), x)
                name = f"{loss.__name__} {kind} {dtype} {classes}"
                out[name] = [value.double().tolist(), slope.double().reshape(-1).tolist()]
json.dump(out, sys.stdout)
"""


def test_every_simd_level_gives_the_same_numbers():
    found = {}
    for level in ("baseline", "v3", "v4"):
        environment = os.environ | {"BITSAPART_SIMD": level, "OMP_NUM_THREADS": "1"}
        run = subprocess.run([sys.executable, "-c", LEVELS], env=environment, capture_output=True, check=True)
        results = json.loads(run.stdout)
        found[results.pop("level")] = results
    assert "baseline" in found or len(found) == 1
    first = next(iter(found.values()))
    for results in found.values():
        for name, (value, slope) in results.items():
            eps = 2e-15 if "float64" in name else 1e-6
            rounding = {"torch.float16": 1e-3, "torch.bfloat16": 8e-3}.get(name.split()[2], eps)
            np.testing.assert_allclose(value, first[name][0], rtol=eps * 2, atol=eps, err_msg=name)
            np.testing.assert_allclose(slope, first[name][1], rtol=rounding * 2, atol=eps, err_msg=name)


PEAK = """
import resource, torch
from bitsapart.train.losses import cross_entropy, kl_divergence, squared_error
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
z = torch.randn(400, 128_256).requires_grad_()
counts = torch.ones(400, 128_256, dtype=torch.int8)
teacher = z.detach() + 0.0
small = torch.zeros(2, 3, requires_grad=True)
cross_entropy(small, torch.tensor([0, 1])).backward()
gradient = z.numel() * 4
before = peak()
for _ in range(2):
    for loss in (cross_entropy, kl_divergence, squared_error):
        torch.autograd.grad(loss(z, teacher, target_kind="logits"), z)
        torch.autograd.grad(loss(z, counts).mul(2), z)
        torch.autograd.grad(loss(z, counts[:, 0] * 0, reduction="none").sum(), z)
print((peak() - before) / gradient)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="peaks are read in Linux's unit")
def test_the_peak_of_memory_is_one_gradient():
    run = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, check=True, text=True)
    assert float(run.stdout) < 1.1
