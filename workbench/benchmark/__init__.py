"""How fast the engine is on this machine, beside transformers' own Trainer on the same work."""
