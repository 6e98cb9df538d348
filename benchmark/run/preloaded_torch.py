"""Imported once beside `preloaded` where a model's code speaks of torch: it takes two seconds."""

from __future__ import annotations

import torch
import torch._dynamo  # noqa: F401  (the first optimizer of a process loads it, in another two)
