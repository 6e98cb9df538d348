"""The frozen data for the world: a dataset folder for the Hugging Face hub, and their version."""
