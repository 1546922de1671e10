"""The battery management: what it measures, estimates, limits, protects and reports."""
