"""An independent float64 reference of the model families, in numpy only."""
