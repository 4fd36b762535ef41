import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarization.errors import ConfigError, ModelError
from emotion.emotion2vec_checkpoint import Checkpoint, load_model, read_checkpoint
from emotion.emotion2vec_engine import Emotion2vecEngine
from emotion.emotion2vec_layers import _ThreeByTwo
from emotion.emotion2vec_lines import Line, even_batches, num_frames, plan_batches
from emotion.emotion2vec_products import packs, product
from tests.emotion2vec_checkpoint import make_checkpoint, make_config

LAYERS = [(512, 10, 5), *[(512, 3, 2)] * 4, *[(512, 2, 2)] * 2]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def tiny_checkpoint(tiny: Path) -> Checkpoint:
    return read_checkpoint(tiny)


@pytest.fixture(scope="module")
def engine(tiny_checkpoint: Checkpoint) -> Emotion2vecEngine:
    return Emotion2vecEngine(tiny_checkpoint)


@pytest.fixture(scope="module")
def network(tiny_checkpoint: Checkpoint):
    """The same network as FunASR builds it, with attention of its own."""
    return load_model(tiny_checkpoint)


def clip(samples: int, seed: int = 0) -> np.ndarray:
    """A noise that swells and fades, with an offset, so that normalising it matters."""
    random = np.random.default_rng(samples + seed)
    swell = np.sin(np.arange(samples) / random.uniform(2_000, 20_000)) + 1.2
    return (0.1 * random.normal(size=samples) * swell + random.normal(scale=0.02)).astype(np.float32)


def alone(network, waveform: np.ndarray, normalize: bool = True):
    """One clip as FunASR's ``Emotion2vec.inference`` runs it: embedding, logits, logits of the frames."""
    import torch

    with torch.inference_mode():
        source = torch.from_numpy(waveform)
        source = torch.nn.functional.layer_norm(source, source.shape) if normalize else source
        frames = network.extract_features(source.view(1, -1), padding_mask=None)["x"]
        return (
            frames[0].numpy().mean(axis=0),
            network.proj(frames.mean(dim=1))[0].numpy(),
            network.proj(frames)[0].numpy(),
        )


def assert_agrees(network, waveforms, outputs, normalize: bool = True) -> None:
    for waveform, output in zip(waveforms, outputs, strict=True):
        embedding, logits, frame_logits = alone(network, waveform, normalize)
        assert np.abs(output.logits - logits).max() <= 1e-5
        assert np.abs(output.frame_logits - frame_logits).max() <= 1e-5
        assert np.linalg.norm(output.embedding - embedding) <= 1e-5 * np.linalg.norm(embedding)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.integers(1_600, 80_000), st.integers(400, 3_200)), min_size=1, max_size=8),
    st.sampled_from([0.5, 5.0, 20.0]),
)
def test_clips_together_agree_with_funasr_alone(network, engine, lengths: list[int], budget: float):
    engine.budget = budget
    waveforms = [clip(length, index) for index, length in enumerate(lengths)]
    assert_agrees(network, waveforms, engine.run(waveforms))


def test_clips_of_a_tenth_of_a_second_to_a_minute_agree_with_funasr(network, engine):
    waveforms = [clip(round(16_000 * seconds)) for seconds in (0.1, 60.0, 0.33, 12.3456, 30.0, 1.0)]
    engine.budget = 80.0
    assert_agrees(network, waveforms, engine.run(waveforms))


@pytest.mark.parametrize("packed", [False, True], ids=["as PyTorch chooses", "laid out for oneDNN"])
def test_both_ways_to_compute_products_agree_with_funasr(tiny_checkpoint, network, monkeypatch, packed):
    monkeypatch.setattr("emotion.emotion2vec_products.packs", lambda *_: packed)
    engine = Emotion2vecEngine(tiny_checkpoint)
    products = {type(block._feed_forward._first._product).__name__ for block in engine._network._blocks}
    assert products == {"_Packed" if packed else "_Plain"}
    waveforms = [clip(length) for length in (400, 20_000, 1_600, 48_017, 7_777)]
    assert_agrees(network, waveforms, engine.run(waveforms))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("rows", "width", "out"), [(1, 10, 32), (7, 64, 16), (600, 48, 200)])
def test_a_product_its_gelu_and_its_sum_are_pytorchs(monkeypatch, packed, rows, width, out):
    import torch

    monkeypatch.setattr("emotion.emotion2vec_products.packs", lambda *_: packed)
    torch.manual_seed(rows)
    weight, bias = torch.randn(out, width) / width**0.5, torch.randn(out)
    # Rows as the front end takes them: every other one of what lies in memory.
    some, target = torch.randn(2 * rows, width)[::2], torch.randn(2 * rows, out)[::2]
    with torch.inference_mode():
        expected = torch.nn.functional.linear(some, weight, bias)
        torch.testing.assert_close(product(weight, bias)(some), expected, rtol=0, atol=2e-6)
        torch.testing.assert_close(
            product(weight, bias).gelu(some), torch.nn.functional.gelu(expected), rtol=0, atol=2e-6
        )
        total = target + some @ weight.T
        torch.testing.assert_close(product(weight).add_to(target, some), total, rtol=0, atol=2e-6)
        torch.testing.assert_close(target, total, rtol=0, atol=2e-6)


def test_weights_on_another_device_or_of_another_type_are_left_as_they_are():
    import torch

    assert not packs(torch.float32, "cuda")
    assert not packs(torch.float64, "cpu")


def test_a_pytorch_that_knows_nothing_of_the_cpu_computes_as_it_chooses(monkeypatch):
    import torch

    monkeypatch.delattr("torch.cpu.get_capabilities")
    assert not packs(torch.float32, "cpu")


@pytest.mark.parametrize("num_threads", [1, 2])
def test_nothing_runs_on_after_a_cancel(tiny_checkpoint, monkeypatch, num_threads):
    import torch

    engine, ran, run = Emotion2vecEngine(tiny_checkpoint, budget=0.5), [], Emotion2vecEngine._run_batch

    def counted(self, batch):
        ran.append(batch)
        return run(self, batch)

    def cancel(_share: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Emotion2vecEngine, "_run_batch", counted)
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        engine.run([clip(4_000, seed) for seed in range(40)], cancel)
    except KeyboardInterrupt:  # while it is handled the traceback is alive, and the batches with it
        stopped = len(ran)
        time.sleep(0.3)
        assert len(ran) == stopped < 40
        assert torch.get_num_threads() == num_threads
    else:
        pytest.fail("the cancel was lost")
    finally:
        torch.set_num_threads(before)


def test_the_mean_of_the_frame_logits_is_the_logit_of_the_clip(engine):
    for output in engine.run([clip(40_000), clip(5_000)]):
        assert np.abs(output.frame_logits.mean(axis=0) - output.logits).max() <= 1e-6


def test_clips_of_random_content_differ_in_the_random_network(engine):
    """Agreement means something only where the output depends on the input."""
    first, second = engine.run([clip(40_000), clip(40_000, seed=1)])
    assert np.linalg.norm(first.embedding - second.embedding) > 1e-2 * np.linalg.norm(first.embedding)
    assert np.abs(first.frame_logits - first.frame_logits[0]).max() > 1e-2


@pytest.mark.parametrize(
    ("changes", "audio_changes"),
    [
        ({"normalize": False}, {}),
        ({"layer_norm_first": True}, {}),
        ({}, {"num_extra_tokens": 0}),
        ({}, {"use_alibi_encoder": False}),
        ({}, {"num_alibi_heads": 2}),
        ({}, {"learned_alibi_scale_per_head": False}),
        ({}, {"conv_pos_pre_ln": True}),
        ({}, {"conv_pos_depth": 2, "conv_pos_width": 20}),
        ({}, {"feature_encoder_spec": "[(16, 10, 5)] + [(32, 4, 3)] * 3"}),
    ],
    ids=str,
)
def test_other_switches_of_the_configuration_are_followed(tmp_path, changes, audio_changes):
    config = make_config("tiny")
    config["model_conf"] |= changes
    config["model_conf"]["modalities"]["audio"] |= audio_changes
    checkpoint = read_checkpoint(make_checkpoint(tmp_path, config=config))
    waveforms = [clip(length) for length in (20_000, 700, 7_777, 1_600)]
    outputs = Emotion2vecEngine(checkpoint).run(waveforms)
    assert_agrees(load_model(checkpoint), waveforms, outputs, normalize=changes.get("normalize", True))


def test_an_offset_or_gain_changes_nothing_after_normalisation(engine):
    plain, changed = engine.run([clip(16_000), 3 * clip(16_000) + 0.5])
    assert np.abs(plain.logits - changed.logits).max() < 1e-3


def test_batches_change_nothing_but_the_time(engine):
    waveforms = [clip(length) for length in (16_000, 1_600, 32_000)]
    engine.budget = 20.0
    together = engine.run(waveforms)
    engine.budget = 0.1
    apart = engine.run(waveforms)
    for one, other in zip(together, apart, strict=True):
        assert np.abs(one.frame_logits - other.frame_logits).max() < 1e-5


def test_long_sound_goes_through_the_front_end_in_blocks(engine, network, monkeypatch):
    monkeypatch.setattr(engine._network, "_step", 17)
    engine.budget = 20.0
    waveforms = [clip(48_000), clip(24_321)]
    assert_agrees(network, waveforms, engine.run(waveforms))


@pytest.mark.parametrize("length", [3, 4, 5, 6, 7, 8, 101, 102, 103])
def test_a_convolution_with_fewer_products_gives_what_pytorchs_own_gives(length: int):
    import torch

    torch.manual_seed(length)
    layer = torch.nn.Conv1d(6, 10, 3, stride=2, bias=False).double()
    sound = torch.randn(length, 6, dtype=torch.float64)
    with torch.inference_mode():
        found, expected = _ThreeByTwo(layer.weight)(sound), layer(sound.T[None])[0].T
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 1e-14


def test_progress_ends_with_all_of_the_sound(engine):
    engine.budget = 1.0
    shares: list[float] = []
    engine.run([clip(16_000), clip(16_000), clip(8_000)], shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) == 3


def failing_above(engine: Emotion2vecEngine, clips: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make every batch of more clips run out of memory; gives the sizes of the batches that are tried."""
    import torch

    tried: list[int] = []
    run_batch = Emotion2vecEngine._run_batch

    def run_out(self, batch):
        tried.append(len(batch.line.frames))
        if tried[-1] > clips:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return run_batch(self, batch)

    monkeypatch.setattr(Emotion2vecEngine, "_run_batch", run_out)
    return tried


def test_a_batch_that_does_not_fit_into_memory_is_halved(engine, network, threads, monkeypatch):
    threads(1)
    engine.budget = 20.0
    tried = failing_above(engine, 2, monkeypatch)
    waveforms = [clip(length) for length in (1_600, 16_000, 3_200, 8_000, 2_400)]
    assert_agrees(network, waveforms, engine.run(waveforms))
    assert tried == [5, 2, 3, 1, 2]


def test_a_clip_that_does_not_fit_alone_is_an_error_that_says_what_to_do(engine, monkeypatch):
    failing_above(engine, 0, monkeypatch)
    with pytest.raises(ModelError, match=r"does not hold a single window of 1\.0 s; set emotion\.max_window lower"):
        engine.run([clip(16_000)])


@given(st.lists(st.integers(400, 960_000), max_size=50), st.integers(1, 2_000_000))
def test_batches_hold_every_clip_once_and_keep_to_the_budget(lengths: list[int], budget: int):
    batches = plan_batches(lengths, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or sum(lengths[index] for index in batch) <= budget for batch in batches)


@given(st.lists(st.integers(400, 960_000), max_size=50), st.integers(1, 20))
def test_batches_side_by_side_hold_every_clip_once_and_end_within_a_clip_of_each_other(lengths: list[int], count: int):
    batches = even_batches(lengths, count)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert len(batches) == min(count, len(lengths)) and all(batches)
    loads = [sum(lengths[index] for index in batch) for batch in batches]
    assert loads == sorted(loads, reverse=True)
    assert not loads or loads[0] - loads[-1] <= max(lengths)


@pytest.mark.parametrize("budget", [0.5, 3.0, 20.0, None])
def test_batches_side_by_side_keep_to_the_budget_together(engine, threads, budget):
    threads(2)
    engine.budget = budget
    waveforms = [clip(length) for length in (1_600, 16_000, 3_200, 8_000, 2_400, 9_600)]
    beside = engine._beside(waveforms)
    for batch in engine._planned(waveforms):
        assert len(batch) == 1 or sum(len(waveforms[index]) for index in batch) <= (budget or 24) / beside * 16_000


@given(st.lists(st.integers(400, 50_000), min_size=1, max_size=10))
def test_clips_on_a_line_do_not_touch(tiny_checkpoint, lengths: list[int]):
    line = Line.of(lengths, tiny_checkpoint)
    assert line.frames == tuple(num_frames(length, LAYERS) for length in lengths)
    ends = [start + count for start, count in zip(line.starts, line.frames, strict=True)]
    assert all(after - before >= 9 for before, after in zip(ends, line.starts[1:], strict=False))
    for start, length, following in zip(line.starts, lengths, [*line.starts[1:], np.inf], strict=True):
        assert start * 320 + length <= following * 320
    assert line.starts[-1] * 320 + lengths[-1] <= (line.length - 1) * 320 + 400
    assert line.heard().sum() == sum(line.frames)


@pytest.mark.parametrize(("precision", "least"), [("bfloat16", 0.999), ("float16", 0.9999), ("int8", 0.999)])
def test_other_precisions_say_nearly_the_same_on_the_same_code(tiny_checkpoint, engine, precision, least):
    waveforms = [clip(length) for length in (20_000, 1_600, 33_333)]
    engine.budget = 20.0
    found = Emotion2vecEngine(tiny_checkpoint, precision=precision).run(waveforms)
    for one, reference in zip(found, engine.run(waveforms), strict=True):
        lengths = np.linalg.norm(one.embedding) * np.linalg.norm(reference.embedding)
        assert one.embedding @ reference.embedding >= least * lengths
        assert not np.array_equal(one.embedding, reference.embedding)
        assert one.frame_logits.shape == reference.frame_logits.shape


def test_eight_bits_are_for_the_cpu_only(tiny_checkpoint):
    with pytest.raises(ConfigError, match="int8 runs on the CPU only, and the device is cuda"):
        Emotion2vecEngine(tiny_checkpoint, device="cuda", precision="int8")


def test_batches_made_ready_beside_the_network_change_nothing(engine, network, monkeypatch):
    engine.budget = 1.0
    monkeypatch.setattr(engine, "overlap", True)
    waveforms = [clip(length) for length in (16_000, 12_000, 3_200, 8_000)]
    assert_agrees(network, waveforms, engine.run(waveforms))


def test_beyond_the_kept_bias_its_rows_are_made_block_by_block(engine, network, monkeypatch):
    monkeypatch.setattr("emotion.emotion2vec_attention.KEPT_TOKENS", 50)
    monkeypatch.setattr("emotion.emotion2vec_attention._QUERIES", 7)
    engine.budget = 20.0
    waveforms = [clip(length) for length in (16_000, 48_000)]
    assert_agrees(network, waveforms, engine.run(waveforms))


def test_the_frames_of_the_longest_clip_squared_count_against_the_budget():
    assert plan_batches([1500, 100, 100], 2000) == [[0, 1, 2]]
    assert plan_batches([1500, 100, 100], 2000, per_pair=0.001) == [[0], [1, 2]]
