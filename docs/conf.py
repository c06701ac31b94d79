"""Sphinx: the documentation as a site."""

from tulou import __version__

project = "Tulou"
author = "The Tulou authors"
copyright = "2026, the Tulou authors"  # noqa: A001 - Sphinx's own name
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = "Tulou"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_member_order = "bysource"
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]
