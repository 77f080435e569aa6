"""How recipes, scores and answers look: short in a prompt, escaped in a notebook."""

import geo_rewards as gr

GOOD = "<think>a tower</think><answer>(48.8584, 2.2945)</answer>"
HOSTILE = "<think>x</think><answer><script>alert(1)</script>\x1b[31m\u202e no</answer>"


def scores():
    truth = {"lat": [48.8584, 48.8584, None], "lon": [2.2945, 2.2945, None]}
    return gr.load_recipe("geo-r").score([GOOD, HOSTILE, GOOD], **truth)


def test_a_recipe_shows_its_terms_and_its_range():
    assert repr(gr.load_recipe("geo-r")) == "<Recipe geo-r: 1 x distance, in [0, 1]; without weight: format>"


def test_scores_show_their_totals():
    shown = "<Scores of 3 rows, total 0.5 on average, 0 to 1, 1 without a total; rewards: format, distance>"
    assert repr(scores()) == shown
    assert repr(gr.load_recipe("geo-r").score([])) == "<Scores of 0 rows; rewards: format, distance>"


def test_an_answer_shows_what_was_read():
    answer = gr.parse_completion(GOOD)
    assert (
        repr(answer) == "Answer(coordinate=(48.8584, 2.2945), answer='(48.8584, 2.2945)', well_formed=True)"
    )
    assert "thing read" in repr(gr.parse_completion("no idea"))
    assert len(repr(gr.parse_completion("<answer>" + "x" * 9000 + "</answer>"))) < 400


def test_what_a_model_wrote_is_escaped_everywhere():
    answer = gr.parse_completion(HOSTILE)
    for page in (scores()._repr_html_(), answer._repr_html_()):
        assert "<script" not in page
        assert "&lt;script&gt;" in page
    for text in (scores()._repr_html_(), answer._repr_html_(), repr(answer)):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_recipe_is_a_table_in_a_notebook():
    content = {"rewards": [{"name": "haversine_decay", "as": "<b>", "params": {"curve": "linear"}}]}
    page = gr.load_recipe(content)._repr_html_()
    assert "<td>&lt;b&gt;</td><td>haversine_decay</td>" in page
    assert "linear" in page
