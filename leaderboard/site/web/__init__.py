"""The board as pages for a browser: tables that Python has rendered, and figures that fit them."""
