"""alanine: backbone dihedrals of alanine dipeptide at 450 K, seen at many resolutions."""
