"""What is left out of a saved model's files; the trainings are in ranks/test_deepspeed.py."""

import pytest

pytest.importorskip("trl", reason="needs the extra `train`")

from geo_rewards_trl.model.file_names import without_tied_copies
from torch import nn


class Tied(nn.Module):
    """An output layer that is said to be the embedding."""

    all_tied_weights_keys = {"head.weight": "embedding.weight"}  # noqa: RUF012 - as transformers has it

    def __init__(self, *, is_tied):
        super().__init__()
        self.embedding = nn.Embedding(3, 2)
        self.head = nn.Linear(2, 3, bias=False)
        if is_tied:
            self.head.weight = self.embedding.weight


@pytest.mark.parametrize(("is_tied", "names"), [(True, ["embedding.weight"]), (False, None)])
def test_a_weight_that_is_another_one_is_left_out(is_tied, names):
    model = Tied(is_tied=is_tied)
    gathered = {name: value.clone() for name, value in model.state_dict().items()}
    assert sorted(without_tied_copies(model, gathered)) == (names or sorted(gathered))


def test_weights_that_are_kept_under_other_names_are_saved_as_they_were_gathered():
    model = Tied(is_tied=True)
    gathered = {name: value.clone() for name, value in model.state_dict().items()}
    del model.head.weight  # as FSDP does, which keeps them flat
    assert without_tied_copies(model, gathered) == gathered
