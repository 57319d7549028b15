"""Windows show what the store holds; they decide nothing."""
