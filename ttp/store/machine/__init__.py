"""Which machine publishes from a store, and whether it may."""
