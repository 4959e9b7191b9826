"""What pytest has to know of this folder."""

# modules that tests name as targets or that are run by themselves: there is nothing to collect
collect_ignore = ["torchvision_models.py", "benchmark.py", "models.py"]
