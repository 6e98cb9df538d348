"""MD17 super-resolution under thermostats: the family ``md17-xtb-nvt``."""
