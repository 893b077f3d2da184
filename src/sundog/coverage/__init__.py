"""Which local chemical environments a set of structures holds, and which a system lacks there."""
