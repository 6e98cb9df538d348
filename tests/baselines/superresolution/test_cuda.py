"""A model fitted on a GPU fills gaps alike on a processor. Needs a GPU: skipped without one."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.baselines.superresolution.molecules import bonded_segment, fit_context

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")

GAP = 10
SMALL = {"hidden": 16, "batch": 16, "frames": 16 * 9 * 40}
MODELS = ["rnn", "lstm", "node", "hnn", "bi_rnn", "bi_lstm", "bi_node", "bi_hnn", "force_matching"]


@pytest.mark.parametrize("name", MODELS)
def test_one_fit_answers_alike_on_gpu_and_processor(name, tmp_path):
    module = importlib.import_module(f"baselines.superresolution.{name}")
    model = getattr(module, name.title().replace("_", ""))
    segments = [bonded_segment(seed, softness=2.0) for seed in range(3)]
    coarse = segments[2].coarse(GAP, model().reads)
    fitted, loaded = model(**SMALL), model(**SMALL)
    context = replace(fit_context(tmp_path, GAP), device="cuda")
    fitted.fit(segments[:1], segments[1:2], context)
    answer = fitted.reconstruct(coarse)
    fitted.save(tmp_path)
    loaded.load(tmp_path)
    np.testing.assert_allclose(loaded.reconstruct(coarse), answer, atol=1e-5)  # Å
