import asyncio
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import geo_rewards as gr
from geo_rewards.errors import InvalidValueError, RewardError, TruthError

PARIS = "<think>an iron tower</think><answer>48.8584, 2.2945</answer>"
TOKYO = "<think>neon signs</think><answer>35.68, 139.69</answer>"


class Length(gr.Reward):
    """Number of characters of the answer, at most 10."""

    name = "length"
    range = (0.0, 10.0)
    factor: float = 1.0

    def score(self, sample: gr.Sample) -> float | None:
        return min(10.0, self.factor * len(sample.answer.answer or ""))


class NeedsCoordinate(gr.Reward):
    """The true latitude / 90."""

    name = "needs_coordinate"
    range = (-1.0, 1.0)
    needs = ("coordinate",)

    def score(self, sample: gr.Sample) -> float | None:
        return sample.truth.coordinate.lat / 90  # no None check: `needs` promises it


class Returns(gr.Reward):
    """The given value."""

    name = "returns"
    value: object = None

    def score(self, sample: gr.Sample) -> float | None:
        return self.value


class ReturnsBatch(gr.Reward):
    """The given values."""

    name = "returns_batch"
    value: object = None

    def score_batch(self, batch: gr.Batch) -> object:
        return self.value


class FailsOnTokyo(gr.Reward):
    """Fails as a batch if one row is bad."""

    name = "fails_on_tokyo"

    def score_batch(self, batch: gr.Batch) -> list[float]:
        if any("139" in text for text in batch.completions):
            raise ValueError("no neon")
        return [1.0] * len(batch)


class Slow(gr.Reward):
    """Waits for its turn."""

    name = "slow"
    timeout_s: float | None = None
    hang: bool = False

    async def score(self, sample: gr.Sample) -> float | None:
        await asyncio.sleep(3600 if self.hang and sample.index == 1 else 0)
        return 1.0 if sample.index % 2 == 0 else None


def test_a_reward_is_called_with_strings_and_truth_columns():
    reward = gr.get_reward("haversine_decay", curve="exponential", scale_km=1492.7)
    assert reward([PARIS, TOKYO], lat=[48.8584] * 2, lon=[2.2945] * 2) == pytest.approx(
        [1.0, 0.0015], abs=1e-3
    )


def test_a_reward_is_called_with_message_lists_as_trl_does():
    completions = [[{"role": "assistant", "content": PARIS}]]
    prompts = [[{"role": "user", "content": "Where?"}]]
    assert gr.get_reward("coordinate_format")(completions, prompts=prompts, trainer_state=object()) == [1.0]


def test_content_blocks_and_moved_reasoning_are_put_together():
    blocks = [{"type": "text", "text": "<answer>1.5, 2.5</answer>"}]
    message = {"role": "assistant", "content": blocks, "reasoning_content": "thought"}
    assert gr.get_reward("think_answer_format")([[message]]) == [1.0]


def test_a_think_tag_that_the_prompt_opened_is_restored():
    completion = "thought</think><answer>1.5, 2.5</answer>"
    assert gr.get_reward("think_answer_format")([completion], prompts=["Where?\n<think>\n"]) == [1.0]
    assert gr.get_reward("think_answer_format")([completion], prompts=["Where?"]) == [0.0]


def test_a_completion_that_is_neither_text_nor_messages_is_refused():
    with pytest.raises(TypeError, match="a string or a list of messages, not 7"):
        gr.get_reward("coordinate_format")([7])


def test_the_instance_has_the_rewards_name():
    assert Length().__name__ == "length"
    assert gr.get_reward("haversine_decay").__name__ == "haversine_decay"


def test_rewards_are_picklable_comparable_and_frozen():
    reward = gr.get_reward("haversine_decay", curve="linear")
    assert pickle.loads(pickle.dumps(reward)) == reward
    assert reward != gr.get_reward("haversine_decay", curve="linear", limit_km=5)
    assert hash(reward) == hash(gr.get_reward("haversine_decay", curve="linear"))
    with pytest.raises(ValueError, match="frozen"):
        reward.curve = "geo_r"


def test_unknown_keywords_are_ignored_in_a_call():
    assert Length()([PARIS], log_metric=print, whatever=3, image=[None]) == [10.0]


def test_an_unknown_parameter_is_refused():
    with pytest.raises(gr.GeoRewardsError, match=r"unknown key 'scale'; did you mean 'scale_km'"):
        gr.get_reward("haversine_decay", scale=3)


@pytest.mark.parametrize("field", ["name", "range", "needs", "bounds", "score", "formula"])
def test_reserved_names_cannot_be_parameters(field):
    with pytest.raises(TypeError, match=f"{field} is reserved"):
        type("Bad", (gr.Reward,), {"__annotations__": {field: float}, field: 1.0, "__module__": __name__})


def test_rows_without_the_needed_truth_abstain_before_score_is_called():
    assert NeedsCoordinate()([PARIS, PARIS], lat=[45.0, None], lon=[7.0, None]) == [0.5, None]
    assert NeedsCoordinate()([PARIS]) == [None]


def test_a_coordinate_implies_a_country():
    class NeedsCountry(gr.Reward):
        """1 if the true country is France."""

        name = "needs_country"
        needs = ("country",)

        def score(self, sample: gr.Sample) -> float | None:
            return float(sample.truth.country == "FR")

    assert NeedsCountry()([PARIS] * 3, lat=[48.8584, 35.68, None], lon=[2.2945, 139.69, None]) == [
        1.0,
        0.0,
        None,
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1.5, r"outside its range \[0.0, 1.0\]"),
        ("many", "not a number"),
    ],
)
def test_an_invalid_value_is_an_error_naming_reward_and_row(value, message):
    with pytest.raises(RewardError, match=f"reward 'returns', row 0: returned .*{message}"):
        Returns(value=value)([PARIS])


def test_numpy_values_and_booleans_are_numbers():
    assert Returns(value=np.float32(0.5))([PARIS]) == [0.5]
    assert Returns(value=True)([PARIS]) == [1.0]


@pytest.mark.parametrize(
    "value",
    [Decimal("0.5"), Fraction(1, 2), np.float64(0.5), np.array(0.5), np.float16(0.5)],
)
def test_every_number_is_a_value(value):
    assert Returns(value=value)([PARIS]) == [0.5]
    assert ReturnsBatch(value=[value, None])([PARIS, PARIS]) == [0.5, None]


@pytest.mark.parametrize(
    "value",
    [
        *("0", "0.5", b"0", np.str_("1"), np.array("0.5"), np.array([0.5]), np.timedelta64(1, "s")),
        *([0.5], {}, 1j, np.complex64(1), Decimal("sNaN"), 10**400),
    ],
)
def test_what_is_not_a_number_is_an_error_even_if_it_looks_like_one(value):
    with pytest.raises(RewardError, match=r"row 0: returned .*, which is not a number"):
        Returns(value=value)([PARIS])
    with pytest.raises(RewardError, match=r"row 1: returned .*, which is not a number"):
        ReturnsBatch(value=[0.5, value])([PARIS, PARIS])


@pytest.mark.parametrize("value", [(0.5, None), iter([0.5, None]), np.array([0.5, None], object)])
def test_a_batch_may_be_any_list_of_values(value):
    assert ReturnsBatch(value=value)([PARIS, PARIS]) == [0.5, None]


@pytest.mark.parametrize("value", ["01", b"\0\1", {0: 0.5, 1: 0.7}, {0.5, 0.7}, None, 0.5])
def test_a_batch_that_is_no_list_is_an_error(value):
    with pytest.raises(RewardError, match=r"score_batch returned .*; return a list with one value per"):
        ReturnsBatch(value=value)([PARIS, PARIS])


def test_a_wrong_length_is_an_error_naming_the_reward():
    class Short(gr.Reward):
        """Returns too few values."""

        name = "short"

        def score_batch(self, batch: gr.Batch) -> list[float]:
            return [1.0]

    with pytest.raises(RewardError, match="reward 'short': returned 1 values for 2 completions"):
        Short()([PARIS, TOKYO])


def test_a_failing_batch_is_retried_row_by_row():
    outcomes = FailsOnTokyo().outcomes(gr.Batch([PARIS, TOKYO, PARIS]))
    assert outcomes[0] == outcomes[2] == 1.0
    assert isinstance(outcomes[1], RewardError)
    assert "row 1: ValueError: no neon" in str(outcomes[1])
    with pytest.raises(RewardError, match="row 1: ValueError: no neon") as caught:
        FailsOnTokyo()([PARIS, TOKYO, PARIS])
    assert isinstance(caught.value.__cause__, ValueError)


def test_async_scores_are_gathered_from_synchronous_code():
    assert Slow()([PARIS] * 3) == [1.0, None, 1.0]


def test_async_scores_work_inside_a_running_loop():
    async def notebook():
        return Slow()([PARIS] * 2)

    assert asyncio.run(notebook()) == [1.0, None]


def test_an_async_score_that_hangs_is_an_error_after_its_timeout():
    outcomes = Slow(hang=True, timeout_s=0.05).outcomes(gr.Batch([PARIS] * 3))
    assert outcomes[0] == outcomes[2] == 1.0
    assert "TimeoutError: no value within 0.05 s" in str(outcomes[1])


def test_a_leaked_cancellation_is_an_error_of_its_row():
    class Cancelled(gr.Reward):
        """A client that leaks its cancellation."""

        name = "cancelled"

        async def score(self, sample: gr.Sample) -> float | None:
            raise asyncio.CancelledError("connection reset")

    (outcome,) = Cancelled().outcomes(gr.Batch([PARIS]))
    assert "cancelled: connection reset" in str(outcome)


def test_zero_concurrency_is_an_error_instead_of_a_hang():
    class NoSlots(gr.Reward):
        """Nobody may run."""

        name = "no_slots"
        concurrency: int = 4

        async def score(self, sample: gr.Sample) -> float | None:
            return 1.0

    with pytest.raises(ValueError, match="concurrency is 0; it must be at least 1"):
        NoSlots(concurrency=0)([PARIS])


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"needs": ("coordinat",)}, "needs is .*must be a tuple of truth fields: coordinate, country"),
        ({"needs": "country"}, "needs is 'country'; it must be a tuple"),
    ],
)
def test_a_class_that_cannot_work_is_refused_at_creation(attributes, message):
    with pytest.raises(TypeError, match=message):
        type("Bad", (gr.Reward,), {"name": "bad", "__module__": __name__, **attributes})


def test_an_async_score_batch_is_refused_at_class_creation():
    with pytest.raises(TypeError, match="score_batch must be a plain function"):

        class Bad(gr.Reward):
            """Asynchronous at the wrong place."""

            name = "bad"

            async def score_batch(self, batch: gr.Batch) -> list[float]:
                return []


def test_a_reward_without_a_name_says_so():
    class Nameless(gr.Reward):
        """Has none."""

    with pytest.raises(TypeError, match=r"Nameless has no name: write `name = \.\.\.` in the class"):
        Nameless()


def test_a_reward_without_score_says_so():
    class Empty(gr.Reward):
        """Nothing."""

        name = "empty"

    with pytest.raises(RewardError, match="Empty defines neither score nor score_batch"):
        Empty()([PARIS])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"lat": [400.0], "lon": [2.0]}, r"row 0: latitude 400.0 is not in \[-90, 90\]"),
        ({"lat": [48.0]}, "row 0: lat is given without lon"),
        ({"lat": [48.0, 1.0], "lon": [2.0]}, "'lat' has 2 values for 1 rows"),
        ({"lat": [48.0], "lon": [2.0], "latitude": [47.0]}, "contradict each other"),
        ({"country": ["Atlantis"]}, "'Atlantis' is neither a country name"),
        ({"solution": ["400, 2.35"]}, "row 0: solution: out of range: latitude 400"),
        ({"lat": ["north"], "lon": [2.0]}, "'north' is not a number of degrees"),
    ],
)
def test_a_bad_truth_is_an_error_that_names_the_row(columns, message):
    with pytest.raises(TruthError, match=message):
        gr.get_reward("haversine_decay")([PARIS], **columns)


@pytest.mark.parametrize("value", [math.nan, 2.5, "much"])
def test_an_invalid_value_is_an_error_that_carries_it(value):
    class Returns(gr.Reward):
        """What it is told to."""

        name = "returns"

        def score(self, sample):
            return value

    (outcome,) = Returns().outcomes(gr.Batch(["x"]))
    assert isinstance(outcome, InvalidValueError)
    assert outcome.value is value
    again = pickle.loads(pickle.dumps(outcome))
    assert (str(again), again.row, type(again)) == (str(outcome), 0, InvalidValueError)


def test_a_wrong_number_of_values_is_such_an_error_and_an_exception_is_not():
    class Two(gr.Reward):
        """Two values."""

        name = "two"

        def score_batch(self, batch):
            return [1.0, 1.0]

    class Raises(gr.Reward):
        """It says ": returned nan", but raises."""

        name = "raises"

        def score(self, sample):
            raise ValueError("the service: returned nan; to abstain, return None")

    assert isinstance(Two().outcomes(gr.Batch(["x"]))[0], InvalidValueError)
    (outcome,) = Raises().outcomes(gr.Batch(["x"]))
    assert not isinstance(outcome, InvalidValueError)
