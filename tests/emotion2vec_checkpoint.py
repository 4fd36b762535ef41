"""Makes emotion2vec checkpoint folders of the true format on disk, with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

TOKENS = (
    "生气/angry", "厌恶/disgusted", "恐惧/fearful", "开心/happy", "中立/neutral",
    "其他/other", "难过/sad", "吃惊/surprised", "<unk>",
)  # fmt: skip
"""The labels of emotion2vec_plus_large."""

FIVE_TOKENS = (
    "生气/angry", "unuse_0", "unuse_1", "开心/happy", "中立/neutral", "unuse_2", "难过/sad", "unuse_3", "<unk>",
)  # fmt: skip
"""The labels of an early revision: five classes that count, nine rows in the classifier."""

SIZES = {
    "tiny": {"depth": 2, "prenet_depth": 1, "num_heads": 4, "embed_dim": 64, "channels": 32},
    "base": {"depth": 8, "prenet_depth": 4, "num_heads": 12, "embed_dim": 768, "channels": 512},
    "large": {"depth": 8, "prenet_depth": 4, "num_heads": 16, "embed_dim": 1024, "channels": 512},
    "large-16-8": {"depth": 16, "prenet_depth": 8, "num_heads": 16, "embed_dim": 1024, "channels": 512},
}
"""Sizes by name; ``large`` is the depth that the published file of emotion2vec_plus_large fits best."""


def make_config(size: str) -> dict[str, Any]:
    """What ``config.yaml`` says of a model of that size."""
    sizes = dict(SIZES[size])
    prenet, channels = sizes.pop("prenet_depth"), sizes.pop("channels")
    audio = {
        "type": "AUDIO", "prenet_depth": prenet, "prenet_layerdrop": 0.05, "prenet_dropout": 0.1,
        "start_drop_path_rate": 0.0, "end_drop_path_rate": 0.0, "num_extra_tokens": 10, "init_extra_token_zero": True,
        "mask_noise_std": 0.01, "mask_prob_min": None, "mask_prob": 0.5, "inverse_mask": False,
        "mask_prob_adjust": 0.05, "keep_masked_pct": 0.0, "mask_length": 5, "add_masks": False, "remove_masks": False,
        "mask_dropout": 0.0, "encoder_zero_mask": True, "mask_channel_prob": 0.0, "mask_channel_length": 64,
        "ema_local_encoder": False, "local_grad_mult": 1.0, "use_alibi_encoder": True, "alibi_scale": 1.0,
        "learned_alibi": False, "alibi_max_pos": None, "learned_alibi_scale": True,
        "learned_alibi_scale_per_head": True, "learned_alibi_scale_per_layer": False,
        "num_alibi_heads": sizes["num_heads"], "model_depth": sizes["depth"],
        "decoder": {
            "decoder_dim": 384, "decoder_groups": 16, "decoder_kernel": 7, "decoder_layers": 4, "input_dropout": 0.1,
            "add_positions_masked": False, "add_positions_all": False, "decoder_residual": True,
            "projection_layers": 1, "projection_ratio": 2.0,
        },
        "extractor_mode": "layer_norm",
        "feature_encoder_spec": f"[({channels}, 10, 5)] + [({channels}, 3, 2)] * 4 + [({channels},2,2)] * 2",
        "conv_pos_width": 95, "conv_pos_groups": 16, "conv_pos_depth": 5, "conv_pos_pre_ln": False,
    }  # fmt: skip
    model_conf = {
        "loss_beta": 0.0, "loss_scale": None, "start_drop_path_rate": 0.0, "end_drop_path_rate": 0.0,
        "norm_eps": 1e-05, "norm_affine": True, "encoder_dropout": 0.1, "post_mlp_drop": 0.1,
        "attention_dropout": 0.1, "activation_dropout": 0.0, "dropout_input": 0.0, "layerdrop": 0.05,
        "mlp_ratio": 4.0, "layer_norm_first": False, "average_top_k_layers": sizes["depth"],
        "end_of_block_targets": False, "clone_batch": 8, "normalize": True,
    }  # fmt: skip
    return {
        "model": "Emotion2vec",
        "model_conf": {**model_conf, **sizes, "modalities": {"audio": audio}},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        "scope_map": ["d2v_model.", "none"],
    }


CONFIGURATION = {
    "framework": "pytorch",
    "task": "emotion-recognition",
    "pipeline": {"type": "funasr-pipeline"},
    "model": {"type": "funasr"},
    "file_path_metas": {
        "init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"token_list": "tokens.txt"},
    },
    "model_name_in_hub": {"ms": "iic/emotion2vec_plus_large", "hf": "emotion2vec/emotion2vec_plus_large"},
}  # fmt: skip


def make_checkpoint(
    folder: Path,
    size: str = "tiny",
    *,
    seed: int = 0,
    tokens: tuple[str, ...] = TOKENS,
    config: dict[str, Any] | None = None,
    sharpness: float = 1.0,
) -> Path:
    """Write a checkpoint of that size with random weights, as the hubs deliver it; gives the folder.

    Parameters
    ----------
    sharpness : float
        What the classifier's random weights are multiplied with: higher values tell random classes further apart.
    """
    import torch

    config = config or make_config(size)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (folder / "configuration.json").write_text(json.dumps(CONFIGURATION, indent=1), encoding="utf-8")
    (folder / "tokens.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    torch.save({"model": random_weights(config, len(tokens), seed, sharpness)}, folder / "model.pt")
    return folder


def random_weights(config: dict[str, Any], num_tokens: int, seed: int, sharpness: float = 1.0) -> dict[str, Any]:
    """Weights as the hubs' files name them: without the decoder, and the network under ``d2v_model.``."""
    import torch

    from emotion.emotion2vec_checkpoint import model_class

    torch.manual_seed(seed)
    model = model_class()(model_conf=config["model_conf"], vocab_size=num_tokens)
    weights = {name: tensor for name, tensor in model.state_dict().items() if ".decoder." not in name}
    for name, tensor in weights.items():
        if name.endswith("alibi_scale"):
            tensor *= torch.rand_like(tensor)
        elif name.endswith("extra_tokens"):
            tensor += 0.5
        elif name == "proj.weight":
            tensor *= sharpness
    return {name if name.startswith("proj.") else f"d2v_model.{name}": tensor for name, tensor in weights.items()}
