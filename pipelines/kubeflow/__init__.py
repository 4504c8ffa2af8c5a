"""The monthly flow as a Kubeflow pipeline."""
