"""The trade's exchange formats: what parties send each other about works, recordings, shares and consents. Pure."""
