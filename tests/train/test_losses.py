"""The losses against 50-digit references, in value and gradient, and their rules at the edges."""

import math
from functools import partial

import numpy as np
import pytest

from bitsapart.errors import DomainError

torch = pytest.importorskip("torch", reason="the losses need torch (the extra `train`)")
mpmath = pytest.importorskip("mpmath", reason="the references need mpmath")
losses = pytest.importorskip("bitsapart.train.losses", reason="the losses need torch", exc_type=ImportError)

mp = mpmath.mp.clone()
mp.dps = 50

SOFTMAX_LOSSES = ["cross_entropy", "kl_divergence", "jensen_shannon", "squared_error", "absolute_error"]
INF = float("inf")


def distribution(logits):
    top = max(logits)
    weights = [mp.exp(mp.mpf(z) - mp.mpf(top)) if z != -INF else mp.mpf(0) for z in logits]
    return [w / mp.fsum(weights) for w in weights]


def log_distribution(logits):
    top = mp.mpf(max(logits))
    lse = top + mp.log(mp.fsum(mp.exp(mp.mpf(z) - top) for z in logits if z != -INF))
    return [mp.mpf(z) - lse if z != -INF else -mp.inf for z in logits]


def reference(name, logits, p):
    """Value and gradient to 50 digits."""
    q, log_q = distribution(logits), log_distribution(logits)
    p = [mp.mpf(x) for x in p]
    once = mp.mpf(1) / 2 if len(q) == 2 else mp.mpf(1)
    total = mp.fsum(p)

    def chain(h):
        inner = mp.fsum(a * b for a, b in zip(q, h, strict=True))
        return [qi * (hi - inner) for qi, hi in zip(q, h, strict=True)]

    if name in {"cross_entropy", "kl_divergence"}:
        value = mp.fsum(-pi * li for pi, li in zip(p, log_q, strict=True) if pi > 0)
        if name == "kl_divergence":
            value += mp.fsum(pi * mp.log(pi) for pi in p if pi > 0)
        return value, [qi * total - pi for pi, qi in zip(p, q, strict=True)]
    if name == "squared_error":
        gap = [qi - pi for pi, qi in zip(p, q, strict=True)]
        return once * mp.fsum(g * g for g in gap), chain([2 * once * g for g in gap])
    if name == "absolute_error":
        gap = [qi - pi for pi, qi in zip(p, q, strict=True)]
        return once * mp.fsum(abs(g) for g in gap), chain([once * mp.sign(g) for g in gap])
    middle = [(pi + qi) / 2 for pi, qi in zip(p, q, strict=True)]
    value = mp.fsum(x * mp.log(x / m) for side in (p, q) for x, m in zip(side, middle, strict=True) if x > 0) / 2
    return value, chain([mp.log(qi / m) / 2 if qi > 0 else mp.mpf(0) for qi, m in zip(q, middle, strict=True)])


def ordinary_and_extreme():
    rng = np.random.default_rng(7)
    rows = [
        ([0.3, -1.2, 0.7, 0.1], [0.25, 0.25, 0.0, 0.5]),
        ([0.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]),
        ([1.5, -2.5], [0.75, 0.25]),
        ([1e4, -1e4, 0.0], [1.0, 0.0, 0.0]),
        ([1e4, 1e4 - 3.0, -1e4], [0.5, 0.5, 0.0]),
        ([-1e4, -1e4, -1e4 + 2], [0.125, 0.375, 0.5]),
        ([-INF, 1.0, 2.0], [0.0, 0.5, 0.5]),
        ([3.0], [1.0]),
        ([40.0, 0.0, -40.0, 1.0, 2.0], [0.0, 1.0, 0.0, 0.0, 0.0]),
        ([20.0, -20.0], [1.0, 0.0]),
    ]
    for classes in (2, 3, 10, 100):
        p = rng.multinomial(6, rng.dirichlet(np.ones(classes))) / 6
        rows.append((rng.normal(0, 4, classes).tolist(), p.tolist()))
    return rows


def gap(value, exact, scale=1.0):
    """The error in units of `scale`, taken before rounding the reference."""
    return float(abs(mp.mpf(float(value)) - exact) / scale)


@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_value_and_gradient_meet_the_50_digit_references(name, dtype):
    bound = 8 * torch.finfo(dtype).eps
    for raw, p in ordinary_and_extreme():
        logits = torch.tensor([raw], dtype=dtype, requires_grad=True)
        target = torch.tensor([p], dtype=dtype)
        loss = getattr(losses, name)(logits, target)
        loss.backward()
        value, gradient = reference(name, logits[0].tolist(), target[0].tolist())
        assert gap(loss.item(), value, max(1, abs(value))) < bound, (raw, p)
        assert max(map(gap, logits.grad[0].tolist(), gradient)) < bound * max(1, sum(p)), (raw, p)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
def test_half_types_are_computed_in_float32(name, dtype):
    raw, p = [3.0, -1.5, 0.25, 8.0], [0.5, 0.25, 0.0, 0.25]
    logits = torch.tensor([raw], dtype=dtype, requires_grad=True)
    loss = getattr(losses, name)(logits, torch.tensor([p], dtype=dtype))
    loss.backward()
    value, gradient = reference(name, raw, p)
    assert loss.dtype == torch.float32
    assert logits.grad.dtype == dtype
    assert gap(loss.item(), value) < 1e-6
    rounding = torch.finfo(dtype).eps
    assert all(
        gap(got, want) <= float(abs(want)) * rounding + 1e-6
        for got, want in zip(logits.grad[0].tolist(), gradient, strict=True)
    )


@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
def test_labels_counts_and_shares_say_the_same(name):
    loss = getattr(losses, name)
    logits = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 3, 1, 1, 2])
    shares = torch.nn.functional.one_hot(labels, 4).double()
    for target in (labels.int(), labels, shares * 3 / 3, (shares * 7).long()):
        torch.testing.assert_close(loss(logits, target), loss(logits, shares), rtol=1e-14, atol=1e-15)


def test_counts_are_divided_by_the_judgements_and_nobodys_items_left_out():
    logits = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    counts = torch.tensor([[1, 2, 0], [0, 0, 0], [5, 0, 0], [1, 1, 1]])
    judged = [0, 2, 3]
    shares = counts[judged] / counts[judged].sum(-1, keepdim=True).double()
    logits[1] = math.nan
    got = losses.cross_entropy(logits, counts)
    torch.testing.assert_close(got, losses.cross_entropy(logits[judged], shares), rtol=1e-14, atol=0)
    assert losses.cross_entropy(logits, counts, reduction="none")[1] == 0


@pytest.mark.parametrize("name", ["cross_entropy", "kl_divergence"])
def test_infinite_logits_cost_nothing_where_nobody_answers_and_everything_where_somebody_does(name):
    logits = torch.tensor([[-INF, 0.0, 0.0], [-INF, 0.0, 0.0]], requires_grad=True)
    target = torch.tensor([[0.0, 0.5, 0.5], [0.5, 0.5, 0.0]])
    loss = getattr(losses, name)(logits, target, reduction="none")
    assert loss.tolist() == [pytest.approx(math.log(2) if name == "cross_entropy" else 0.0, abs=1e-7), INF]
    loss[0].backward()
    assert logits.grad[0].tolist() == [0.0, 0.0, 0.0]
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
def test_ignored_items_cost_nothing_whatever_their_logits(name):
    logits = torch.tensor([[1.0, 2.0, 0.5], [math.nan, INF, 0.0], [0.0, 1.0, -1.0]], dtype=torch.float64)
    logits.requires_grad_()
    labels = torch.tensor([2, -1, 0])
    loss = getattr(losses, name)
    got = loss(logits, labels, ignore_index=-1)
    assert got == loss(logits[[0, 2]], labels[[0, 2]])
    got.backward()
    assert logits.grad[1].tolist() == [0.0, 0.0, 0.0]
    assert logits.grad[0].abs().sum() > 0
    nothing = loss(logits, torch.full((3,), -1), ignore_index=-1)
    assert nothing == 0
    logits.grad = None
    nothing.backward()
    assert not logits.grad.any()


@pytest.mark.parametrize("name", SOFTMAX_LOSSES)
def test_weights_make_a_weighted_mean_and_zero_leaves_out(name):
    loss = getattr(losses, name)
    logits = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3)).requires_grad_()
    labels = torch.tensor([1, 2, 3])
    twice = loss(logits[[0, 0, 2]], labels[[0, 0, 2]])
    with torch.no_grad():
        logits[1] = math.nan
    got = loss(logits, labels, item_weights=torch.tensor([2.0, 0.0, 1.0]))
    torch.testing.assert_close(got, twice, rtol=1e-14, atol=0)
    got.backward()
    assert not logits.grad[1].any()
    each = loss(logits, labels, reduction="none", item_weights=torch.tensor([2.0, 0.0, 1.0]))
    assert each.shape == (3,)
    total = loss(logits, labels, reduction="sum", item_weights=torch.tensor([2.0, 0.0, 1.0]))
    torch.testing.assert_close(each.sum(), total, rtol=1e-14, atol=0)
    torch.testing.assert_close(total / 3, got, rtol=1e-14, atol=0)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0])
def test_label_smoothing_and_class_weights_agree_with_torch(epsilon):
    logits = torch.randn(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    labels = torch.tensor([0, 1, 2, 3, 4, 0])
    weights = torch.tensor([1.0, 2.0, 0.5, 0.0, 3.0], dtype=torch.float64)
    want = torch.nn.functional.cross_entropy(logits, labels, weights, label_smoothing=epsilon, reduction="sum")
    got = losses.cross_entropy(logits, labels, class_weights=weights, label_smoothing=epsilon, reduction="sum")
    torch.testing.assert_close(got, want, rtol=1e-14, atol=0)
    mean = losses.cross_entropy(logits, labels, class_weights=weights, label_smoothing=epsilon)
    torch.testing.assert_close(mean, want / 6, rtol=1e-14, atol=0)
    plain = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=epsilon)
    torch.testing.assert_close(losses.cross_entropy(logits, labels, label_smoothing=epsilon), plain, rtol=1e-14, atol=0)


def test_a_teacher_is_met_at_its_temperature():
    generator = torch.Generator().manual_seed(5)
    student, teacher = (torch.randn(4, 6, dtype=torch.float64, generator=generator) for _ in range(2))
    p = torch.softmax(teacher / 3, -1)
    for name in SOFTMAX_LOSSES:
        loss = getattr(losses, name)
        got = loss(student, teacher, target_kind="logits", temperature=3.0)
        torch.testing.assert_close(got, loss(student / 3, p), rtol=1e-12, atol=1e-15)
    assert losses.kl_divergence(teacher, teacher, target_kind="logits", temperature=3.0) == 0
    shifted = losses.kl_divergence(teacher + 1e4, teacher, target_kind="logits")
    assert abs(shifted) < 1e-10
    hidden = torch.tensor([[-INF, 1.0, 2.0]], requires_grad=True)
    same = losses.kl_divergence(hidden, hidden.detach(), target_kind="logits")
    same.backward()
    assert same == 0
    assert hidden.grad.abs().max() < 1e-7


def test_log_likelihood_is_the_probability_of_the_whole_panel():
    logits = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    counts = torch.tensor([[3, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 7]])
    log_q = torch.log_softmax(logits, -1)
    got = losses.log_likelihood(logits, counts, reduction="sum")
    torch.testing.assert_close(got, (counts * log_q).sum(), rtol=1e-14, atol=0)
    assert got < 0
    per_judgement = losses.cross_entropy(logits, counts, item_weights=counts.sum(-1).double())
    torch.testing.assert_close(-got / counts.sum(), per_judgement, rtol=1e-14, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_logit_is_two_classes_of_which_one_is_fixed_at_zero(dtype):
    logit = torch.tensor([0.0, 3.0, -2.0, 1e4, -1e4, 40.0, -800.0], dtype=dtype, requires_grad=True)
    x = torch.tensor([0.5, 0.25, 1.0, 1.0, 0.0, 0.0, 0.125], dtype=dtype)
    got = losses.binary_cross_entropy(logit, x, reduction="none")
    pair = torch.stack([torch.zeros_like(logit), logit], -1)
    both = losses.cross_entropy(pair, torch.stack([1 - x, x], -1), reduction="none")
    torch.testing.assert_close(
        got, both, rtol=4 * torch.finfo(dtype).eps, atol=1e-7 if dtype == torch.float32 else 1e-15
    )
    got.sum().backward()
    torch.testing.assert_close(logit.grad, torch.sigmoid(logit.detach()) - x, rtol=0, atol=2 * torch.finfo(dtype).eps)


def test_one_logit_takes_labels_counts_teachers_and_infinities():
    bce = partial(losses.binary_cross_entropy, reduction="none")
    z = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    shares = bce(z, torch.tensor([0.25, 0.0, 0.0], dtype=torch.float64))
    torch.testing.assert_close(bce(z, torch.tensor([[3, 1], [2, 0], [5, 0]])), shares)
    torch.testing.assert_close(bce(z, torch.tensor([1, -100, 0]))[[0, 2]], bce(z[[0, 2]], torch.tensor([1.0, 0.0])))
    assert bce(z, torch.tensor([1, -100, 0]))[1] == 0
    torch.testing.assert_close(bce(z, z, target_kind="logits", temperature=2.0), bce(z / 2, torch.sigmoid(z / 2)))
    edge = torch.tensor([-INF, INF, -INF], dtype=torch.float64, requires_grad=True)
    loss = bce(edge, torch.tensor([0.0, 1.0, 1.0], dtype=torch.float64))
    assert loss.tolist() == [0.0, 0.0, INF]
    loss[:2].sum().backward()
    assert edge.grad.tolist() == [0.0, 0.0, 0.0]


def test_any_leading_shape_is_items():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(8))
    labels = torch.randint(0, 5, (2, 3), generator=torch.Generator().manual_seed(9))
    each = losses.cross_entropy(logits, labels, reduction="none")
    assert each.shape == (2, 3)
    torch.testing.assert_close(each.mean(), losses.cross_entropy(logits, labels))
    torch.testing.assert_close(losses.cross_entropy(logits[0, 1], labels[0, 1]), each[0, 1])
    assert losses.cross_entropy(torch.zeros(0, 5), torch.zeros(0, dtype=torch.long)) == 0


def test_modules_are_the_functions_with_their_options_kept():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(10))
    labels = torch.tensor([0, 1, 2, 0])
    module = losses.CrossEntropy(label_smoothing=0.2, reduction="sum", class_weights=torch.tensor([1.0, 2.0, 3.0]))
    options = {"label_smoothing": 0.2, "reduction": "sum", "class_weights": torch.tensor([1.0, 2.0, 3.0])}
    assert module(logits, labels) == losses.cross_entropy(logits, labels, **options)
    assert "label_smoothing=0.2" in repr(module)
    assert list(module.state_dict()) == ["class_weights"]
    for name in SOFTMAX_LOSSES:
        kind = "".join(part.capitalize() for part in name.split("_")).replace("Kl", "KL")
        assert getattr(losses, kind)()(logits, labels) == getattr(losses, name)(logits, labels)
    assert losses.LogLikelihood()(logits, labels) == -losses.CrossEntropy()(logits, labels)
    assert losses.BinaryCrossEntropy()(logits[:, 0], labels % 2) > 0
    with pytest.raises(TypeError, match=r"SquaredError has no option 'smoothing', but ignore_index, label_smoothing, "):
        losses.SquaredError(smoothing=0.1)


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        ((torch.zeros(2, 3), torch.tensor([0, 3])), {}, r"target\[1\] is 3, but labels must lie in 0 … 2"),
        ((torch.zeros(2, 3), torch.tensor([0, -1])), {}, r"target\[1\] is -1"),
        ((torch.zeros(2, 3), torch.zeros(3, 2)), {}, r"target is \[3, 2\] and logits are \[2, 3\]"),
        ((torch.zeros(2, 3, 4), torch.zeros(2, 4).long()), {}, "classes are the last dimension"),
        ((torch.zeros(2, 3), torch.zeros(2)), {"target_kind": "labels"}, "labels must be integers"),
        ((torch.zeros(2, 3).long(), torch.zeros(2).long()), {}, "must be floating-point"),
        ((torch.zeros(2, 3), torch.zeros(2).long()), {"target_kind": "shares"}, "target_kind is 'shares'"),
        ((torch.zeros(2, 3), torch.zeros(2).long()), {"reduction": "average"}, "reduction is 'average'"),
        ((torch.zeros(2, 3), torch.zeros(2).long()), {"label_smoothing": 1.5}, "label_smoothing is 1.5"),
        ((torch.zeros(2, 3), torch.zeros(2).long()), {"temperature": 0.0}, "temperature is 0.0"),
        ((torch.zeros(2, 3), torch.zeros(2).long()), {"item_weights": torch.ones(3)}, "every item needs one weight"),
        ((torch.zeros(2, 3), torch.zeros(2).long()), {"class_weights": torch.ones(2)}, "one weight per class"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused_in_a_sentence(arguments, options, sentence):
    with pytest.raises(DomainError, match=sentence):
        losses.cross_entropy(*arguments, **options)


def test_one_logit_refuses_other_shapes():
    with pytest.raises(DomainError, match=r"logits.squeeze\(-1\)"):
        losses.binary_cross_entropy(torch.zeros(3, 1), torch.zeros(3))
    with pytest.raises(DomainError, match="labels must lie in 0 … 1"):
        losses.binary_cross_entropy(torch.zeros(3), torch.tensor([0, 1, 2]))
