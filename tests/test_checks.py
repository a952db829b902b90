"""Every check says what was given, where, the rule and the way out."""

import numpy as np
import pytest

from bitsapart import measures
from bitsapart._checks import check_choice, check_counts, check_labels, check_probs
from bitsapart.errors import DomainError

NAN = float("nan")
INF = float("inf")
GOOD = np.full((20, 3), 1 / 3)


def spoiled(place, value):
    rows = GOOD.copy()
    rows[place] = value
    return rows


MESSAGES = [
    (
        lambda: measures.cross_entropy(GOOD, spoiled((17, 2), -0.031)),
        'model[17, 2] is -0.031, but probabilities must be ≥ 0. If these are logits, pass model_kind="logits".',
    ),
    (
        lambda: measures.entropy([-0.7, -0.7]),
        "distribution[0] is -0.7, but probabilities must be ≥ 0. "
        'If these are log-probabilities, pass kind="log-probs".',
    ),
    (
        lambda: measures.cross_entropy([3, 1], [0.5, 0.5]),
        'people[0] is 3, but probabilities must be ≤ 1. If these are counts, pass people_kind="counts".',
    ),
    (
        lambda: measures.cross_entropy([0.5, 0.5], [1.5, 0.5]),
        'model[0] is 1.5, but probabilities must be ≤ 1. If these are logits, pass model_kind="logits".',
    ),
    (
        lambda: measures.entropy(spoiled((3, 1), NAN)),
        "distribution[3, 1] is nan, but probabilities must be between 0 and 1.",
    ),
    (
        lambda: measures.entropy(spoiled((3, 1), 0.5)),
        "distribution[3] sums to 1.166666667, but probabilities must sum to 1 within 3e-05. "
        "Nothing is renormalised for you.",
    ),
    (
        lambda: measures.entropy(np.array([0.5, 0.25], dtype=np.float64)),
        "distribution sums to 0.75, but probabilities must sum to 1 within 2e-05. Nothing is renormalised for you.",
    ),
    (
        lambda: measures.kl_divergence({"cat": 0.5, "dog": 0.5}, {"cat": 1.2, "bird": -0.2}),
        'model["bird"] is -0.2, but probabilities must be ≥ 0. If these are logits, pass model_kind="logits".',
    ),
    (
        lambda: measures.entropy([0.5, -0.1], kind="log-probs"),
        'distribution[0] is 0.5, but log-probabilities must be ≤ 0. If these are logits, pass kind="logits".',
    ),
    (
        lambda: measures.entropy([-1.0, -2.0], kind="log-probs"),
        "distribution stands for probabilities that sum to 0.503214724, but probabilities must sum to 1 within "
        '2e-05. If these are logits, pass kind="logits".',
    ),
    (lambda: measures.entropy([NAN, 0.0], kind="logits"), "distribution[0] is nan, but logits must be numbers."),
    (
        lambda: measures.entropy([[0.0, 1.0], [0.0, INF]], kind="logits"),
        "distribution[1, 1] is inf, but logits must be finite or −inf.",
    ),
    (
        lambda: measures.entropy([[0.0, 1.0], [-INF, -INF]], kind="logits"),
        "distribution[1] is -inf, but at least one logit of a row must be finite.",
    ),
    (
        lambda: measures.disagreement([[2, 1], [-1, 3]]),
        "people[1, 0] is -1, but counts must be finite and ≥ 0.",
    ),
    (
        lambda: measures.disagreement([0.5, 0.5]),
        'people[0] is 0.5, but counts must be whole numbers. If these are probabilities, pass kind="probs".',
    ),
    (
        lambda: measures.squared_distance([[2, 1], [0, 1]], [[0.5, 0.5]] * 2),
        "people[1] has 1 in all, but every item needs at least 2 judgements.",
    ),
    (
        lambda: measures.cross_entropy([[2, 1], [0, 0]], [[0.5, 0.5]] * 2, people_kind="counts"),
        "people[1] has 0 in all, but every item needs at least one judgement.",
    ),
    (
        lambda: measures.log_likelihood([0, 3], [[0.5, 0.5], [0.5, 0.5]]),
        "outcomes[1] is 3, but labels must be whole numbers from 0 to 1 (2 classes).",
    ),
    (
        lambda: measures.entropy([0.5, 0.5], kind="logit"),
        'kind is \'logit\', but must be one of "probs", "log-probs", "logits", "counts". Did you mean "logits"?',
    ),
    (
        lambda: measures.entropy([0.5, 0.5], unit="bits"),
        "unit is 'bits', but must be one of bit, nat, hartley",
    ),
    (
        lambda: measures.cross_entropy(GOOD, [[0.5, 0.5]]),
        "people has shape (20, 3) and model (1, 2), but both must have the same shape, or one of them must be a single "
        "distribution",
    ),
    (
        lambda: measures.squared_error(0.5, 0.5),
        "model is one number, but must have classes on its last axis. For one event, pass binary=True.",
    ),
    (lambda: measures.entropy([]), "distribution has no classes, but a distribution needs at least one"),
    (
        lambda: measures.entropy(["0.5", "0.5"]),
        "distribution holds values of type <U3, but must hold real numbers",
    ),
    (
        lambda: measures.entropy([[0.5, 0.5], [1.0]]),
        "distribution has rows of different lengths, but must be rectangular",
    ),
    (
        lambda: measures.kl_divergence({"a": 1.0}, [1.0]),
        "model has no event names but people has: give both as mappings, or both as arrays",
    ),
    (
        lambda: measures.entropy({"a": "0.5", "b": 0.5}),
        "distribution['a'] is '0.5', but must be a number",
    ),
    (
        lambda: measures.entropy([1], kind="counts", binary=True),
        "distribution holds counts, which have a class axis, but binary=True is for one event without one",
    ),
    (
        lambda: measures.log_likelihood([1, 0], 0.5),
        'model is one number, but labels need the probabilities of classes. For one event, pass under="bernoulli".',
    ),
    (
        lambda: measures.log_likelihood("HHT", 0.5, under="bernoulli"),
        "outcomes is the text 'HHT', but must be 0 and 1. Write 1 where the event happened.",
    ),
    (
        lambda: measures.log_likelihood("HHT", {"H": 0.5, "T": 0.5}),
        "outcomes is the text 'HHT', but must be a list of names. For its letters, pass list(outcomes).",
    ),
    (
        lambda: measures.log_likelihood(1, [0.5, 0.25], under="bernoulli"),
        "model holds 2 distributions, but there is one outcome. Give as many outcomes as distributions.",
    ),
    (
        lambda: measures.log_likelihood([1, 0], [0.5, 0.5], orders=True),
        'orders=True counts the orders of counts, but under is "categorical"',
    ),
    (
        lambda: measures.log_loss([], [0.5, 0.5]),
        "outcomes is empty, but a mean over judgements needs at least one",
    ),
    (
        lambda: measures.maximum_likelihood([1, 0], confidence=95),
        "confidence is 95, but a level must lie between 0 and 1, for example 0.95.",
    ),
    (
        lambda: measures.maximum_likelihood([0, 2, 1]),
        "outcomes[1] is 2, but labels must be whole numbers from 0 to 1 (2 classes).",
    ),
    (
        lambda: measures.likelihood_curve([1, 0], [0.5, 1.5]),
        "thetas[1] is 1.5, but a probability must lie between 0 and 1.",
    ),
    (
        lambda: measures.most_likely([1], {"never": 0.0}, under="bernoulli"),
        "no candidate gives the outcomes a probability above 0, so none is the most likely",
    ),
    (
        lambda: measures.joint_entropy([0.5, 0.5]),
        "table has shape (2,), but needs rows and columns on its last two axes",
    ),
    (
        lambda: measures.joint_entropy([[0.5, 0.5], [-0.5, 0.5]]),
        'table[1, 0] is -0.5, but probabilities must be ≥ 0. If these are logits, pass kind="logits".',
    ),
    (
        lambda: measures.conditional_entropy([[0.5, 0.5]], given="row"),
        'given is \'row\', but must be one of "rows", "columns". Did you mean "rows"?',
    ),
    (
        lambda: measures.find_measure("kl-divergense"),
        'there is no measure named "kl-divergense". Did you mean "kl-divergence"? '
        '"bitsapart measure --list" shows all of them.',
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[message[:60] for _, message in MESSAGES])
def test_messages(call, message):
    with pytest.raises(DomainError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize("library", ["jax.numpy", "array_api_strict"])
def test_the_place_and_value_are_named_in_other_libraries(library):
    xp = pytest.importorskip(library)
    with pytest.raises(DomainError, match=r"model\[1, 0\] is -0\.031, but"):
        measures.cross_entropy(xp.full((2, 2), 0.5), xp.asarray([[0.5, 0.5], [-0.031, 1.031]]))
    with pytest.raises(DomainError, match=r"outcomes\[0\] is 2, but labels"):
        measures.log_likelihood(xp.asarray([2]), xp.asarray([[0.5, 0.5]]))


def test_the_place_and_value_are_named_in_torch():
    torch = pytest.importorskip("torch")
    with pytest.raises(DomainError, match=r"model\[1, 0\] is -0\.031, but"):
        measures.cross_entropy(torch.full((2, 2), 0.5), torch.tensor([[0.5, 0.5], [-0.031, 1.031]], requires_grad=True))
    with pytest.raises(DomainError, match=r"model\[1\] sums to 0\.75, but"):
        measures.cross_entropy(torch.full((2, 2), 0.5), torch.tensor([[0.5, 0.5], [0.25, 0.5]]))


def test_rows_may_be_off_by_1e_5_for_each_class_and_no_more():
    check_probs(np.array([0.5, 0.5 + 1.9e-5]), "model")
    with pytest.raises(DomainError, match="sums to"):
        check_probs(np.array([0.5, 0.5 + 2.1e-5]), "model")
    check_probs(np.full(10, 0.1 + 0.9e-5), "model")


def test_good_values_pass():
    check_choice("bit", "unit", ("bit", "nat"))
    check_counts(np.array([[0, 1], [5, 2]]), "people")
    check_labels(np.array([0, 1, 2]), "people", classes=3)
    check_probs(np.zeros((0, 3)), "model")
