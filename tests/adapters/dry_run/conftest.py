"""Command lines of dry runs, and one real run to compare them with."""

import pytest

import geo_rewards as gr
from geo_rewards.testing import temporary_plugin


class Constant(gr.Reward):
    """0.5 for anything: the worst is the best."""

    name = "constant"
    range = (0.5, 0.5)

    def score(self, sample: gr.Sample) -> float | None:
        return 0.5


class ConstantPlugin:
    @staticmethod
    @gr.hookimpl
    def register_rewards(register):
        register(Constant)


@pytest.fixture(scope="session")
def constant_plugin() -> type:
    """Return a plugin with the reward `constant`."""
    return ConstantPlugin


@pytest.fixture(scope="session")
def flags(tiny_model, photos, common_flags):
    """Return a function that makes a command line; later flags win."""

    def make(output, *more, data=photos):
        base = ["--model_name_or_path", str(tiny_model), "--output_dir", str(output)]
        base += ["--data_file_paths", str(data), "--image_folders", str(data.parent)]
        return [*common_flags, "--max_completion_length", "128", *base, *more]

    return make


@pytest.fixture
def dry_run(flags, tmp_path, capsys):
    """Return a function that makes a dry run and returns its report and its errors."""

    def run(*more, output=tmp_path / "run", **data):
        from geo_rewards_trl.dry_run import DryRunError
        from geo_rewards_trl.train import run_training

        errors = ()
        try:
            assert run_training(flags(output, "--dry_run", "true", *more, **data)) is None
        except DryRunError as error:
            errors = error.errors
        return capsys.readouterr().out, errors

    return run


@pytest.fixture(scope="session")
def trained(flags, tmp_path_factory):
    """Return folder, flags, trainer and bytes of the model's states of a real run with a frozen tower."""
    from geo_rewards_trl import train
    from transformers import TrainerCallback

    held = {}

    class Weigh(TrainerCallback):
        def on_pre_optimizer_step(self, args, state, control, model=None, **_):
            held["weights"] = sum(p.numel() * p.element_size() for p in model.parameters())
            gradients = [p.grad for p in model.parameters() if p.grad is not None]
            held["gradients"] = sum(g.numel() * g.element_size() for g in gradients)

        def on_step_end(self, args, state, control, optimizer=None, **_):
            moments = [v for s in optimizer.state.values() for name, v in s.items() if name != "step"]
            held["optimizer"] = sum(v.numel() * v.element_size() for v in moments)

    build = train.build_trainer

    def build_and_weigh(*args, **kwargs):
        trainer = build(*args, **kwargs)
        trainer.add_callback(Weigh())
        return trainer

    output = tmp_path_factory.mktemp("trained")
    more = ["--num_train_epochs", "2", "--gradient_accumulation_steps", "2", "--num_iterations", "2"]
    more += ["--reward_funcs", "constant", "--save_steps", "2", "--per_device_train_batch_size", "2"]
    more += ["--max_completion_length", "4", "--freeze_vision_modules", "true"]
    with pytest.MonkeyPatch.context() as patch, temporary_plugin(ConstantPlugin):
        patch.setattr(train, "build_trainer", build_and_weigh)
        trainer = train.run_training(flags(output, *more))
    return output, more, trainer, held


@pytest.fixture(scope="session")
def outline(flags, tmp_path_factory):
    """Return the tiny model's outline."""
    from geo_rewards_trl.dry_run.outline import outline_model
    from geo_rewards_trl.flags.command_line import parse_arguments

    return outline_model(*parse_arguments(flags(tmp_path_factory.mktemp("outline"))))
