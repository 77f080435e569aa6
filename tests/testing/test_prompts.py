"""The row's own prompt: echoed as an answer, or with the answer in it."""

import pytest

import geo_rewards as gr
from geo_rewards.testing import find_holes

PROMPT = (
    "Where in the world was this photo taken? Answer as Country: ..., City: ..., Coordinates: (lat, lon)."
)


class Overlap(gr.Reward):
    """The share of the prompt's words in the completion: it looks like relevance."""

    name = "overlap"
    needs = ("country",)

    def score(self, sample):
        if sample.answer_place.country == sample.truth.country:
            return 1.0
        asked = sample.prompt if isinstance(sample.prompt, str) else sample.prompt[0]["content"]
        words = set(asked.split())
        return len(words & set(sample.completion.split())) / len(words)


def found(reward, only="prompt", **columns):
    return [str(finding) for finding in find_holes(reward, columns=columns or None, only=[only])]


def test_a_reward_that_pays_for_the_prompt_is_found():
    (finding,) = found(Overlap(), prompts=PROMPT)
    assert finding.startswith("echoed_prompt: 1 instead of 0.53125 for 'Where in the world")
    assert "copy its prompt" in finding
    (finding,) = found(Overlap())
    assert "'Where was this taken?'" in finding


def test_a_prompt_of_messages_with_pictures_is_read():
    blocks = [{"type": "image"}, {"type": "text", "text": PROMPT}]
    messages = [{"role": "system", "content": "You are an expert."}, {"role": "user", "content": blocks}]
    assert found(gr.get_reward("country_match"), prompts=messages) == []
    blocks.append({"type": "text", "text": "It was taken in Paris."})
    (finding,) = found(gr.get_reward("country_match"), prompts=messages)
    assert finding.startswith("answer_in_prompt: 'Paris' is in the prompt 'You are an expert.")


@pytest.mark.parametrize(
    ("prompt", "leaks"),
    [
        (PROMPT, False),
        ("Where is this? It is not far from (48.8584, 2.2945).", True),
        ("EXIF: GPSLatitude 48.858, GPSLongitude 2.29", True),
        ("An example of an answer is (40.71, -74.01).", False),
        ("Choose one of Brazil, France, Spain.", False),
        ("Where in paris was this taken?", True),
        ("A comparison of cities", False),
        ("Is this in Île-de-France?", True),
    ],
)
def test_an_answer_in_the_prompt_is_found(prompt, leaks):
    columns = {"lat": 48.8584, "lon": 2.2945, "city": "Paris", "region": "Île-de-France", "country": "France"}
    findings = found(gr.get_reward("haversine_decay"), prompts=prompt, **columns)
    assert ("answer_in_prompt" in [finding.split(":")[0] for finding in findings]) is leaks


def test_an_answer_in_a_prompt_of_the_data_set_is_found():
    data = {
        "prompt": ["Where?", "Where?", "Where? (35.66, 139.75)"],
        "lat": [48.8584, -25.43, 35.6586],
        "lon": [2.2945, -49.27, 139.7454],
    }
    reward = gr.get_reward("haversine_decay")
    echoed, finding = find_holes(reward, data=data, only=["prompt"])
    assert (echoed.name, finding.name) == ("echoed_prompt", "answer_in_prompt")
    assert finding.detail == "the coordinate 35.6586, 139.7454 is in the prompt 'Where? (35.66, 139.75)'"


def test_a_text_that_is_the_answer_is_found_in_its_prompt_if_it_is_long_enough():
    class Same(gr.Reward):
        """1 if the answer is the solution."""

        name = "same"
        needs = ("text",)

        def score(self, sample):
            return 1.0 if sample.answer.answer == sample.truth.text else 0.0

    prompt = "What is it? Hint: a lighthouse. Are there 7?"
    (finding,) = find_holes(Same(), columns={"solution": "lighthouse", "prompts": prompt}, only=["prompt"])
    assert finding.name == "answer_in_prompt"
    assert find_holes(Same(), columns={"solution": "7", "prompts": prompt}, only=["prompt"]) == []


def test_prompts_of_the_data_set_are_given_back_too():
    data = {"prompt": ["Where?", PROMPT], "lat": [48.85, 48.86], "lon": [2.35, 2.36]}
    (finding,) = find_holes(AnyWords(), data=data, only=["prompt"])
    assert finding.name == "echoed_prompt"
    assert PROMPT[:30] in finding.detail


class AnyWords(gr.Reward):
    """1 for the true country, or for an answer of many words."""

    name = "any_words"
    needs = ("country",)

    def score(self, sample):
        many = len((sample.answer.answer or "").split()) > 12
        return 1.0 if many or sample.answer_place.country == sample.truth.country else 0.0
