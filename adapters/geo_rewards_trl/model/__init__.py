"""The model: loading, freezing, LoRA, and the names its weights are saved under."""
