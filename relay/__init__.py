"""The relay: a small hosted service that records requests it cannot read."""
