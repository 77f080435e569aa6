import hashlib

import pytest

SOURCE = '''
import geo_rewards as gr


class Brief(gr.Reward):
    """1 if the answer has at most `limit` characters, else 0."""

    name = "brief"
    limit: int = 5

    def score(self, sample: gr.Sample) -> float | None:
        return float(len(sample.answer.answer or "") <= self.limit)
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_reward.py").write_text(SOURCE)
    (tmp_path / "recipe.yaml").write_text("rewards: [{name: './my_reward.py:Brief', as: mine}]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_reward_of_a_file_is_tried(run, folder):
    ran = run("try", "./my_reward.py:Brief", "--completion", "abcdefg")
    assert (ran.code, "brief: 0.0000 of [0, 1], weight 1" in ran.out) == (0, True)
    ran = run("try", "./my_reward.py:Brief", "--completion", "abcdefg", "--param", "limit=9")
    assert "brief: 1.0000" in ran.out
    assert "mine: 1.0000" in run("try", "recipe.yaml", "--completion", "abc").out


def test_a_reward_of_a_file_is_described_with_its_hash(run, folder):
    digest = hashlib.sha256((folder / "my_reward.py").read_bytes()).hexdigest()
    ran = run("describe", "my_reward.py:Brief")
    assert ran.out.startswith(f"brief (my_reward.py sha256:{digest})\n1 if the answer has at most")
    assert "limit: integer; default 5" in ran.out
    assert f"from my_reward.py sha256:{digest}" in run("describe", folder / "recipe.yaml").out


@pytest.mark.parametrize("command", [["try", "--completion", "x"], ["describe"]])
@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("./my_rewrd.py:Brief", 2, "did you mean"),
        ("./my_reward.py:Breif", 2, "did you mean 'Brief'"),
        ("./my_reward.py", 1, "./my_reward.py:Brief"),
        ("./broken.py:Brief", 1, "broken.py cannot be loaded: ZeroDivisionError"),
    ],
)
def test_a_bad_file_is_an_error_with_the_reason(run, folder, command, name, code, message):
    (folder / "broken.py").write_text("1 / 0")
    ran = run(*command, name)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_the_traceback_shows_the_cause_of_a_broken_file(run, folder):
    (folder / "my_reward.py").write_text("1 / 0")
    ran = run("try", folder / "recipe.yaml", "--completion", "x", "--debug")
    assert ran.code == 1
    assert "ZeroDivisionError" in ran.err
    assert 'my_reward.py", line 1' in ran.err
