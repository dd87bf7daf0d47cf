"""Speech in, a 3D talking head out."""
