"""Tracing: an `nn.Module` runs once on tensors that have only sizes, and leaves a layer graph."""
