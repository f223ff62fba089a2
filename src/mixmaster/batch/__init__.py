"""Many songs: jobs, stages, stores; one machine or a cluster."""
