from geo_rewards.runs.manifest import differences, versions


def test_differences_name_the_path():
    before, after = {"a": [{"b": 1}], "c": 2}, {"a": [{"b": 3}], "d": 4}
    assert differences(before, after) == ["a[0].b: 1 -> 3", "c: 2 -> None", "d: None -> 4"]
    assert differences(before, before) == []


def test_versions_are_those_of_the_packages_that_are_installed():
    assert list(versions(["geo-rewards", "no-such-package", "numpy"])) == ["geo-rewards", "numpy"]
