"""What people read: pages, tables and figures, each a pure function of the board."""
