"""Speed beside peers, in pairs, on the same sentences: see README.md in this folder."""
