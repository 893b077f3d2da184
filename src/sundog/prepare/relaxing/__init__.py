"""Relaxation of prepared structures with classical force fields, which removes clashes."""
