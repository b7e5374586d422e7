"""Pods, policies and ports, drawn."""
