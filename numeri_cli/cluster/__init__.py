"""Plans on Dask: members of a training as tasks, or one member over many machines."""
