"""From an image and a server to what Kubernetes needs: Helm values, NetworkPolicies, the chart."""
