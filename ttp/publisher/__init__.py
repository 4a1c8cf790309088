"""The publisher: lock, tick, publish, recover. The only package that sleeps."""
