"""The contract both sides share: tokens, hits, seals, labels and URLs."""
