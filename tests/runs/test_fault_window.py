from geo_rewards.runs.fault_window import BatchFaults, FaultWindow


def test_the_window_forgets_old_samples_and_allows_5_percent():
    window = FaultWindow()
    for _ in range(40):
        window.add(BatchFaults(50))
    assert window.samples == 1000
    window.add(BatchFaults(50, failed=25, pictures=25))
    assert not window.is_too_full  # 50 of 1,000 are not more than 5 %
    window.add(BatchFaults(50, failed=1))
    assert window.is_too_full
    for _ in range(20):
        window.add(BatchFaults(50))
    assert window.faulty == 0
