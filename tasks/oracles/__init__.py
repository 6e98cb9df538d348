"""Ground truth: processes whose likelihoods are exact, and the best that stands in for one."""
