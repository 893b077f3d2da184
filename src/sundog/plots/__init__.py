"""Pictures: what a figure shows as values, and one style in which all are drawn."""
