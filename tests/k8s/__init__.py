"""The cluster's manifests, checked without a cluster: `python -m tests.k8s.check`."""
