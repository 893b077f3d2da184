"""Rings built from known amplitudes and angles, and a disaccharide."""

import numpy as np
import pytest

from sundog.analysis.sugars.puckers import cremer_pople


def built(members, amplitudes, turn=True):
    """Return a ring with z of the given (m, q, φ), of the formula of Cremer and Pople."""
    j = np.arange(members)
    z = np.zeros(members)
    for m, q, phi in amplitudes:
        if 2 * m == members:
            z += q * (-1.0) ** j / np.sqrt(members)
        else:
            z += np.sqrt(2 / members) * q * np.cos(np.radians(phi) + 2 * np.pi * m * j / members)
    flat = 1.4 * np.stack([np.cos(2 * np.pi * j / members), -np.sin(2 * np.pi * j / members)], 1)
    ring = np.column_stack([flat, z])
    if not turn:
        return ring[None]
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    return (ring @ (rotation * np.sign(np.linalg.det(rotation))) + 5.0)[None]


@pytest.mark.parametrize(
    ("theta", "phi"), [(3.0, 100.0), (90.0, 240.0), (177.0, 20.0), (60.0, 330.0)]
)
def test_six_membered_rings(theta, phi):
    q = 0.56
    parts = [
        (2, q * np.sin(np.radians(theta)), phi),
        (3, q * np.cos(np.radians(theta)), 0),
    ]
    for turn in (False, True):
        amplitude, found, phase = cremer_pople(built(6, parts, turn))
        assert amplitude == pytest.approx([q], abs=1e-6)
        assert found == pytest.approx([theta], abs=1e-4)
        assert phase == pytest.approx([phi], abs=1e-3)


@pytest.mark.parametrize("phi", [0.0, 72.0, 200.0])
def test_five_membered_rings(phi):
    amplitude, theta, phase = cremer_pople(built(5, [(2, 0.4, phi)]))
    assert theta is None
    assert amplitude == pytest.approx([0.4], abs=1e-6)
    assert (phase - phi + 180) % 360 - 180 == pytest.approx([0], abs=1e-3)
