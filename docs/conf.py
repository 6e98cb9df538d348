"""How the docs are built: ``python -m sphinx -W docs build/site/docs``."""

from benchmark import __version__

project = "stridebench"
author = "The stridebench developers"
copyright = f"{author}; text CC BY 4.0"  # noqa: A001 (Sphinx calls it so)
version = release = __version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
exclude_patterns = ["build"]
nitpicky = True

html_theme = "furo"
html_title = f"stridebench {__version__}"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
