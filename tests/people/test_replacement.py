import numpy as np
import pytest
from scipy import stats

from bitsapart.errors import DomainError
from bitsapart.people.replacement import alt_test, benjamini_yekutieli


def by_the_book(answers, model, epsilon):
    """The published procedure, item by item, on a full (people × items) table of answers."""
    people, items = answers.shape
    p_values, advantages = [], []
    for h in range(people):
        f_wins, h_wins = [], []
        for i in range(items):
            rest = [answers[r, i] for r in range(people) if r != h and answers[r, i] >= 0]
            if answers[h, i] < 0 or len(rest) < 2:
                continue
            f_score = np.mean([model[i] == other for other in rest])
            h_score = np.mean([answers[h, i] == other for other in rest])
            f_wins.append(f_score >= h_score)
            h_wins.append(h_score >= f_score)
        d = np.array(h_wins, float) - np.array(f_wins, float)
        p_values.append(stats.ttest_1samp(d, epsilon, alternative="less").pvalue)
        advantages.append(np.mean(f_wins))
    order = np.argsort(p_values)
    ranks = np.arange(1, people + 1)
    limits = ranks / people * 0.05 / np.sum(1 / ranks)
    passing = np.flatnonzero(np.array(p_values)[order] <= limits)
    rejected = set(order[: passing[-1] + 1].tolist()) if passing.size else set()
    return p_values, rejected, len(rejected) / people, np.mean(advantages)


def long_form(answers):
    person, item = np.nonzero(answers >= 0)
    return item, person, answers[person, item]


@pytest.fixture
def panel():
    random = np.random.default_rng(1)
    truth = random.integers(0, 3, 80)
    answers = np.where(random.random((5, 80)) < np.array([0.9, 0.85, 0.6, 0.7, 0.8])[:, None], truth,
                       random.integers(0, 3, (5, 80)))  # fmt: skip
    answers[random.random((5, 80)) < 0.1] = -1
    model = np.where(random.random(80) < 0.8, truth, random.integers(0, 3, 80))
    return answers, model


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.2])
def test_it_is_the_published_procedure(panel, epsilon):
    answers, model = panel
    p_values, rejected, rate, advantage = by_the_book(answers, model, epsilon)
    found = alt_test(*long_form(answers), model_choice=model, epsilon=epsilon)
    assert [test.p_value for test in found.people] == pytest.approx(p_values, rel=1e-9)
    assert {test.annotator for test in found.people if test.replaced} == rejected
    assert found.winning_rate == rate
    assert found.advantage == pytest.approx(advantage, rel=1e-12)


def test_a_worked_example():
    """40 items, three people and a model. A and B always say 0; C says 1 on every second item; the model says 0, but 1
    on the last four.

    Against A (others B, C): the model disagrees only on the last four. There B says 0, and C says 1 on two of them:
    S(f) = ½, S(A) = ½ on these two, so both win; S(f) = 0, S(A) = 1 on the other two, where A wins alone.
    d = 1 on 2 of 40 items: mean 0.05. The same against B.
    Against C (others A, B, who say 0): C agrees on 20 items, the model on 36. On the last four C says 1 on two (S = 0
    for both: a draw) and 0 on two, where C wins alone; of the first 36, C says 1 on 18, where the model wins alone.
    d = −1 on 18, +1 on 2, 0 on 20: mean −0.4.
    """
    answers = np.zeros((3, 40), dtype=int)
    answers[2, ::2] = 1
    model = np.zeros(40, dtype=int)
    model[36:] = 1
    found = alt_test(*long_form(answers), model_choice=model, epsilon=0.2)
    a, b, c = found.people
    assert (a.model_as_good, a.person_as_good) == (38 / 40, 1.0)
    assert (b.model_as_good, b.person_as_good) == (38 / 40, 1.0)
    assert (c.model_as_good, c.person_as_good) == (38 / 40, 22 / 40)
    d = np.array([1.0] * 2 + [0.0] * 38)
    expected = stats.t(39).cdf((0.05 - 0.2) / (d.std(ddof=1) / 40**0.5))
    assert a.p_value == pytest.approx(expected, rel=1e-12)
    d = np.array([-1.0] * 18 + [1.0] * 2 + [0.0] * 20)
    assert c.p_value == pytest.approx(stats.t(39).cdf((-0.4 - 0.2) / (d.std(ddof=1) / 40**0.5)), rel=1e-12)
    assert found.winning_rate == 1.0
    assert found.passed
    assert found.advantage == pytest.approx(38 / 40)
    assert found.sentence == (
        "Against 3 of 3 people (ω = 1.00) the model agrees with the others so well that the person is not better by "
        "0.2 or more; it does as well as the person on 95% of the items: the model may replace a person."
    )


def test_a_poor_model_does_not_pass(panel):
    answers, _ = panel
    found = alt_test(*long_form(answers), model_choice=np.random.default_rng(2).integers(0, 3, 80))
    assert not found.passed
    assert found.sentence.endswith("the model may not replace a person.")


def test_probabilities_stand_for_their_most_probable_class_and_ties_are_shared(panel):
    answers, model = panel
    q = np.full((80, 3), 0.2)
    q[np.arange(80), model] = 0.6
    assert alt_test(*long_form(answers), model_probs=q) == alt_test(*long_form(answers), model_choice=model)
    even = alt_test(*long_form(answers), model_probs=np.full((80, 3), 1 / 3))
    assert not even.passed
    assert even.advantage < 0.5


def test_who_judged_an_item_twice_speaks_with_the_shares_of_the_answers(panel):
    answers, model = panel
    item, person, label = long_form(answers)
    again = alt_test(*(np.concatenate([c, c]) for c in (item, person, label)), model_choice=model)
    assert again == alt_test(item, person, label, model_choice=model)
    # Person 0 also says the other thing on item 0: an answer between, not the last one.
    other = np.append(label, (label[(item == 0) & (person == 0)][0] + 1) % 3)
    both = alt_test(np.append(item, 0), np.append(person, 0), other, model_choice=model)
    assert both.people[0].items == alt_test(item, person, label, model_choice=model).people[0].items


def test_items_the_model_does_not_answer_and_items_with_one_other_do_not_count(panel):
    answers, model = panel
    model = model.copy()
    model[:40] = -1
    found = alt_test(*long_form(answers), model_choice=model, least_items=10)
    assert all(test.items <= 40 for test in found.people)
    lonely = answers[:2]
    with pytest.raises(DomainError, match="at least 30 items that 2 others judged too, and none of the 2 people"):
        alt_test(*long_form(lonely), model_choice=model)
    assert len(alt_test(*long_form(lonely), model_choice=model, least_others=1).people) == 2


def test_people_with_few_items_are_left_out_by_name_and_small_panels_refused(panel):
    answers, model = panel
    answers = answers.copy()
    answers[3, 25:] = -1
    found = alt_test(*long_form(answers), model_choice=model)
    assert found.untested == (3,)
    assert [test.annotator for test in found.people] == [0, 1, 2, 4]
    with pytest.raises(DomainError, match="the alt-test needs people with at least 30 items"):
        alt_test(*long_form(answers[:, :29]), model_choice=model[:29])


def test_bad_arguments_get_a_sentence(panel):
    answers, model = panel
    item, person, label = long_form(answers)
    with pytest.raises(DomainError, match="give either model_choice or model_probs"):
        alt_test(item, person, label)
    with pytest.raises(DomainError, match="annotators must be a row of whole numbers"):
        alt_test(item, person[:3], label, model_choice=model)
    with pytest.raises(DomainError, match="labels holds -1, but codes start at 0"):
        alt_test(item, person, label - 1, model_choice=model)
    with pytest.raises(DomainError, match="items holds the code 79, but the model has 10 items"):
        alt_test(item, person, label, model_choice=model[:10])
    with pytest.raises(DomainError, match="at least 3 classes"):
        alt_test(item, person, label, model_probs=np.full((80, 2), 0.5))


def test_benjamini_yekutieli_equals_scipy():
    p = np.random.default_rng(3).uniform(0, 0.2, 12)
    assert benjamini_yekutieli(p) == pytest.approx(stats.false_discovery_control(p, method="by"), rel=1e-12)
