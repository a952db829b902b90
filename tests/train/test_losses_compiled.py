"""Compiled code reaches the native core: the same bits, one pass, one gradient of memory, and the same refusals."""

import subprocess
import sys
from pathlib import Path

import pytest

from bitsapart.errors import DomainError

torch = pytest.importorskip("torch", reason="the losses need torch (the extra `train`)")
losses = pytest.importorskip("bitsapart.train.losses", reason="the losses need torch", exc_type=ImportError)

from bitsapart.train.losses import tickets  # noqa: E402

NAMES = ["cross_entropy", "kl_divergence", "squared_error"]
KINDS = ["labels", "probs", "counts", "logits"]
OPERATOR = torch.ops.bitsapart.softmax_loss.default
GRADIENT = torch.ops.bitsapart.softmax_loss_gradient.default

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # torch's compiler uses its own deprecated parts
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

# "aot_eager" traces, splits and runs forward and backward like the real compiler, without calling a C++ compiler.
BACKENDS = ["aot_eager", pytest.param("inductor", marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def _forgotten():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def batch(kind, items=6, classes=5, dtype=torch.float32):
    generator = torch.Generator().manual_seed(21)
    logits = torch.randn(items, classes, dtype=dtype, generator=generator).requires_grad_()
    if kind == "labels":
        return logits, torch.randint(0, classes, (items,), generator=generator)
    if kind == "counts":
        return logits, torch.randint(0, 4, (items, classes), generator=generator)
    target = torch.randn(items, classes, dtype=dtype, generator=generator)
    return logits, torch.softmax(target, -1) if kind == "probs" else target


def both(function, z, *rest):
    """Value and gradient."""
    value = function(z, *rest)
    return value.detach(), torch.autograd.grad(value.sum(), z)[0]


def alike(compiled, eager, *arguments):
    for mine, other in zip(both(compiled, *arguments), both(eager, *arguments), strict=True):
        assert mine.dtype == other.dtype
        assert torch.equal(mine, other)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_all_options_reach_the_core_once_and_give_the_same_bits(kind, backend, calls):
    logits, target = batch(kind)
    if kind == "labels":
        target[1] = 3
    weights = torch.rand(6, generator=torch.Generator().manual_seed(4))

    def each(z):
        options = {"label_smoothing": 0.1, "temperature": 1.7, "item_weights": weights, "ignore_index": 3}
        plain = [getattr(losses, name)(z, target, target_kind=kind) for name in NAMES]
        full = [getattr(losses, name)(z, target, target_kind=kind, reduction="sum", **options) for name in NAMES]
        return torch.stack([*plain, *full])

    value = torch.compile(each, fullgraph=True, backend=backend)(logits)
    assert [task["gradient"] != 0 for task in calls] == [True] * 6
    gradient = torch.autograd.grad(value.sum(), logits)[0]
    assert len(calls) == 6, "the gradients were there already"
    assert torch.equal(value, each(logits))
    torch.testing.assert_close(
        gradient, both(each, logits)[1], rtol=1e-6, atol=1e-8
    )  # six gradients, added in any order


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_loss_per_item_computes_its_gradient_in_backward(backend, calls):
    logits, target = batch("counts")

    def loss(z):
        return losses.kl_divergence(z.reshape(2, 3, 5), target.reshape(2, 3, 5), reduction="none")

    compiled = torch.compile(loss, fullgraph=True, backend=backend)
    value = compiled(logits)
    assert value.shape == (2, 3)
    assert [task["gradient"] for task in calls] == [0]
    alike(compiled, loss, logits)
    assert [task["gradient"] != 0 for task in calls[1:]] == [False, True] * 2


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_with_autocast_trains_alike(backend, calls):
    torch.manual_seed(5)
    model = torch.nn.Sequential(torch.nn.Linear(7, 9), torch.nn.Tanh(), torch.nn.Linear(9, 5))
    images, labels = torch.randn(6, 7), torch.randint(0, 5, (6,))

    def step(x):
        with torch.autocast("cpu", torch.bfloat16):
            return losses.CrossEntropy(label_smoothing=0.1)(model(x), labels)

    found = []
    for run in (torch.compile(step, fullgraph=True, backend=backend), step):
        model.zero_grad()
        value = run(images)
        value.backward()
        found.append((value.detach(), *(parameter.grad for parameter in model.parameters())))
    assert len(calls) == 2
    assert calls[0]["logits_type"] == calls[1]["logits_type"] == 3  # bfloat16
    for mine, other in zip(*found, strict=True):
        torch.testing.assert_close(mine, other, rtol=0.02, atol=1e-3)
    assert found[0][0].dtype == torch.float32


@pytest.mark.parametrize("backend", BACKENDS)
def test_other_sizes_and_options_need_no_other_code(backend, calls):
    def loss(z, target, temperature):
        return losses.cross_entropy(z, target, temperature=temperature)

    compiled = torch.compile(loss, fullgraph=True, dynamic=True, backend=backend)
    for items, classes, temperature in ((6, 5, 1.5), (3, 11, 2.25), (40, 2, 3.0), (1, 300, 0.5)):
        logits, labels = batch("labels", items, classes)
        alike(compiled, loss, logits, labels, temperature)
    assert len(calls) == 8


def test_layouts_are_read_as_they_lie():
    logits, labels = batch("labels")

    def loss(z):
        return losses.squared_error(z.t().contiguous().t(), labels) + losses.cross_entropy(z[:1].expand(6, 5), labels)

    alike(torch.compile(loss, fullgraph=True, backend="aot_eager"), loss, logits)


@pytest.mark.parametrize("backend", BACKENDS)
def test_targets_that_mean_nothing_are_refused_in_the_same_sentence(backend):
    logits, labels = batch("labels")
    labels[4] = 77
    with pytest.raises(DomainError, match=r"^target\[4\] is 77, but labels must lie in 0 … 4; .*ignore_index=-100$"):
        torch.compile(losses.cross_entropy, fullgraph=True, backend=backend)(logits, labels)
    with pytest.raises(DomainError, match=r"^target\[0, 0\] is -1, but counts must be ≥ 0$"):
        torch.compile(losses.kl_divergence, fullgraph=True, backend=backend)(logits, torch.full((6, 5), -1))


def test_a_gradient_is_handed_out_once_and_then_computed_again(calls):
    logits, labels = batch("labels")
    value = torch.compile(losses.squared_error, fullgraph=True, backend="aot_eager")(logits, labels)
    want = both(losses.squared_error, logits, labels)[1]
    calls.clear()
    for factor in (1.0, 3.0):
        got = torch.autograd.grad(value * factor, logits, retain_graph=True)[0]
        torch.testing.assert_close(got, want * factor, rtol=1e-6, atol=0)
    assert len(calls) == 1
    with torch.autograd.graph.save_on_cpu():  # copies what backward needs, the ticket too
        value = torch.compile(losses.cross_entropy, fullgraph=True, backend="aot_eager")(logits, labels)
    assert torch.equal(torch.autograd.grad(value, logits)[0], both(losses.cross_entropy, logits, labels)[1])


def test_nothing_waits_for_a_backward_that_never_comes():
    logits, labels = batch("labels")
    before = len(tickets._waiting)
    value = torch.compile(losses.cross_entropy, fullgraph=True, backend="aot_eager")(logits, labels)
    assert len(tickets._waiting) == before + 1
    del value
    assert len(tickets._waiting) == before
    gradient = torch.ones(3)
    ticket = tickets.leave(gradient)
    assert tickets.take(ticket.clone()) is None
    assert tickets.take(tickets.blank(gradient)) is None
    assert tickets.take(ticket.view(1)) is gradient


def test_short_types_are_not_rounded_twice():
    logits = torch.zeros(4096, 1000, dtype=torch.float16, requires_grad=True)
    labels = torch.zeros(4096, dtype=torch.long)
    compiled = torch.compile(losses.cross_entropy, fullgraph=True, backend="aot_eager")
    (compiled(logits, labels) * 65536).backward()
    assert logits.grad[5, 7].item() == pytest.approx(65536 / 4096 / 1000, rel=1e-3)


def test_what_the_core_does_not_cover_is_plain_torch_compiled(calls):
    logits, labels = batch("labels", dtype=torch.float64)
    _, probs = batch("probs", dtype=torch.float64)
    one, weights = torch.ones(5, dtype=torch.float64), torch.ones(6, requires_grad=True)
    teacher = probs.clone().requires_grad_()
    cases = [
        lambda z: losses.cross_entropy(z, labels, class_weights=one),
        lambda z: losses.absolute_error(z, labels),
        lambda z: losses.cross_entropy(z, teacher),
        lambda z: losses.cross_entropy(z, labels, item_weights=weights),
        lambda z: torch.func.grad(lambda a: losses.squared_error(a, labels))(z),
        lambda z: torch.func.vmap(losses.kl_divergence)(z, probs),
    ]
    z = logits.detach()
    found = [torch.compile(case, fullgraph=True, backend="aot_eager")(z) for case in cases]
    assert not calls
    for case, got in zip(cases, found, strict=True):
        torch.testing.assert_close(got, case(z), rtol=1e-12, atol=1e-14)


def test_what_is_exported_runs_without_this_package():
    class Model(torch.nn.Module):
        def forward(self, z, t):
            return losses.cross_entropy(z, t)

    logits, labels = batch("labels")
    exported = torch.export.export(Model(), (logits.detach(), labels))
    assert "bitsapart" not in "".join(str(node.target) for node in exported.graph.nodes)
    torch.testing.assert_close(
        exported.module()(logits.detach(), labels), losses.cross_entropy(logits.detach(), labels)
    )


def task(name, kind, reduction, dtype=torch.float64):
    logits, target = batch(kind, 3, 4, dtype)
    return (
        logits,
        target,
        torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64),
        name,
        kind,
        reduction,
        0.1,
        1.5,
        -100,
        False,
    )


@pytest.mark.parametrize(
    ("name", "kind", "reduction", "with_gradient"),
    [
        ("cross_entropy", "labels", "mean", True),
        ("squared_error", "probs", "none", False),
        pytest.param("kl_divergence", "logits", "sum", True, marks=pytest.mark.slow),
        pytest.param("kl_divergence", "counts", "none", False, marks=pytest.mark.slow),
    ],
)
def test_the_operators_keep_their_contract(name, kind, reduction, with_gradient):
    for dtype in (torch.float32, torch.bfloat16):
        arguments = task(name, kind, reduction, dtype)
        torch.library.opcheck(OPERATOR, (*arguments, with_gradient))
    above = torch.ones(3) if reduction == "none" else torch.tensor(2.0)
    logits, *rest = arguments
    torch.library.opcheck(GRADIENT, (above, tickets.blank(logits), logits.detach().t().contiguous().t(), *rest))


@pytest.mark.parametrize("reduction", ["mean", pytest.param("none", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["squared_error", *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[:2])])
def test_the_operator_has_first_and_second_derivatives(name, reduction):
    logits, *rest = task(name, "probs", reduction)

    def value(z):
        return OPERATOR(z, *rest, reduction != "none")[0]

    assert torch.autograd.gradcheck(value, (logits,), check_batched_grad=True)
    assert torch.autograd.gradgradcheck(value, (logits,))


def test_twice_differentiated_where_the_backend_can():
    logits, labels = batch("labels", dtype=torch.float64)

    def penalty(loss):
        (slope,) = torch.autograd.grad(loss(logits, labels), logits, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), logits)[0]

    compiled = torch.compile(losses.squared_error, fullgraph=True, backend="eager")
    assert torch.equal(penalty(compiled), penalty(losses.squared_error))
    with pytest.raises(RuntimeError, match=r"double backward|not to have been used"):
        penalty(torch.compile(losses.squared_error, fullgraph=True, backend="aot_eager"))


PEAK = """
import torch
from pathlib import Path
from bitsapart.train.losses import cross_entropy, gradient_memory, kl_divergence
def resident(field):
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if field in line)
z = torch.randn(300, 128_256).requires_grad_()
teacher, labels = z.detach() + 1, torch.zeros(300, dtype=torch.long)
for loss in (lambda z: kl_divergence(z, teacher, target_kind="logits") * 2, lambda z: cross_entropy(z, labels),
             lambda z: cross_entropy(z, labels, reduction="none").sum()):
    compiled = torch.compile(loss, fullgraph=True)
    torch.autograd.grad(compiled(z), z)
    gradient_memory._kept.clear()
    Path("/proc/self/clear_refs").write_text("5")
    before = resident("VmRSS")
    for _ in range(2):
        torch.autograd.grad(compiled(z), z)
    print((resident("VmHWM") - before) * 1024 / (z.numel() * 4))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read as Linux tells them")
def test_the_peak_of_memory_of_compiled_code_is_one_gradient():
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", PEAK], capture_output=True, check=True, text=True)
    assert max(map(float, run.stdout.split())) < 1.1
