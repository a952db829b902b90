"""Derivatives of every order, torch.func, torch.compile and autocast: nothing fails silently."""

import pytest

torch = pytest.importorskip("torch", reason="the losses need torch (the extra `train`)")
losses = pytest.importorskip("bitsapart.train.losses", reason="the losses need torch", exc_type=ImportError)

# torch builds its own forward-mode rules with its own deprecated scripting
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")

SOFTMAX_LOSSES = ["cross_entropy", "kl_divergence", "jensen_shannon", "squared_error", "absolute_error"]
KINDS = ["labels", "probs", "counts", "logits"]


def batch(kind, items=4, classes=5, dtype=torch.float64):
    generator = torch.Generator().manual_seed(11)
    logits = torch.randn(items, classes, dtype=dtype, generator=generator, requires_grad=True)
    if kind == "labels":
        return logits, torch.randint(0, classes, (items,), generator=generator)
    if kind == "counts":
        return logits, torch.randint(0, 4, (items, classes), generator=generator)
    target = torch.randn(items, classes, dtype=dtype, generator=generator)
    return logits, torch.softmax(target, -1) if kind == "probs" else target


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_first_and_second_derivatives_are_those_of_differences(name, kind, reduction):
    logits, target = batch(kind)
    weights = torch.tensor([1.0, 0.5, 2.0, 0.25], dtype=torch.float64)

    def loss(z):
        return getattr(losses, name)(
            z, target, target_kind=kind, reduction=reduction, item_weights=weights, label_smoothing=0.1, temperature=1.7
        )

    assert torch.autograd.gradcheck(loss, (logits,))
    assert torch.autograd.gradgradcheck(loss, (logits,))


@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
@pytest.mark.parametrize("kind", ["probs", "logits"])
def test_the_target_may_ask_for_a_gradient(name, kind):
    logits, target = batch(kind)
    loss = getattr(losses, name)
    assert torch.autograd.gradcheck(lambda z, t: loss(z, t, target_kind=kind), (logits, target.requires_grad_()))


def test_one_logit_passes_gradcheck():
    logit = torch.tensor([0.3, -2.0, 1.0], dtype=torch.float64, requires_grad=True)
    x = torch.tensor([0.2, 0.7, 1.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(losses.binary_cross_entropy, (logit, x))
    assert torch.autograd.gradgradcheck(losses.binary_cross_entropy, (logit, x.detach()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
def test_function_transforms_give_the_same_numbers(name, kind):
    logits, target = batch(kind)
    loss = getattr(losses, name)
    value = loss(logits, target, target_kind=kind, reduction="none")
    value.sum().backward()
    z = logits.detach()
    each = torch.func.vmap(lambda a, b: loss(a, b, target_kind=kind))(z, target)
    torch.testing.assert_close(each, value.detach(), rtol=1e-13, atol=1e-15)

    def total(a):
        return loss(a, target, target_kind=kind, reduction="sum")

    torch.testing.assert_close(torch.func.grad(total)(z), logits.grad, rtol=1e-12, atol=1e-15)
    per_item = torch.func.vmap(torch.func.grad(lambda a, b: loss(a, b, target_kind=kind)))(z, target)
    torch.testing.assert_close(per_item, logits.grad, rtol=1e-12, atol=1e-15)
    direction = torch.ones_like(z).cumsum(-1)
    _, slope = torch.func.jvp(total, (z,), (direction,))
    torch.testing.assert_close(slope, (logits.grad * direction).sum(), rtol=1e-12, atol=1e-15)
    hessian = torch.func.hessian(total)(z)
    assert hessian.shape == (*z.shape, *z.shape)
    assert torch.isfinite(hessian).all()


@pytest.mark.parametrize("name", ["cross_entropy", "kl_divergence", "squared_error"])
def test_forward_mode_keeps_its_tangent(name):
    logits, target = batch("probs")
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(logits.detach(), torch.eye(4, 5, dtype=torch.float64))
        loss = getattr(losses, name)(dual, target)
        slope = torch.autograd.forward_ad.unpack_dual(loss).tangent
    getattr(losses, name)(logits, target).backward()
    torch.testing.assert_close(slope, (logits.grad * torch.eye(4, 5)).sum(), rtol=1e-12, atol=1e-15)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_code_gives_the_same_numbers(kind):
    torch.compiler.reset()
    names = [*SOFTMAX_LOSSES, "log_likelihood"]

    def each(z, t):
        return torch.stack([getattr(losses, name)(z * 1.0, t, target_kind=kind) for name in names])

    logits, target = batch(kind, items=6)
    weights = torch.linspace(1, 2, len(names), dtype=torch.float64)
    eager = each(logits, target)
    (eager * weights).sum().backward()
    other = logits.detach().clone().requires_grad_()
    compiled = torch.compile(each, fullgraph=True)(other, target)
    (compiled * weights).sum().backward()
    torch.testing.assert_close(compiled, eager, rtol=1e-13, atol=1e-15)
    torch.testing.assert_close(other.grad, logits.grad, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [*SOFTMAX_LOSSES, "log_likelihood"])
def test_autocast_gives_a_float32_loss(name):
    generator = torch.Generator().manual_seed(12)
    layer = torch.nn.Linear(8, 5)
    images = torch.randn(6, 8, generator=generator)
    labels = torch.randint(0, 5, (6,), generator=generator)
    with torch.autocast("cpu", torch.bfloat16):
        logits = layer(images)
        assert logits.dtype == torch.bfloat16
        loss = getattr(losses, name)(logits, labels)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, getattr(losses, name)(logits.detach().float(), labels), rtol=1e-6, atol=1e-7)
    loss.backward()
    assert layer.weight.grad.abs().sum() > 0
