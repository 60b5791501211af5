"""gdrun: gradient-descent experiments from a YAML config."""
