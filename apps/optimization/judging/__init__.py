"""From a comparison to a label: whether a lever's answer would have been wrong."""
