"""Coverage: local chemical environments of a set of structures, and those a system lacks there."""
