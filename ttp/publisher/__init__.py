"""The publisher: lock, tick, publish, recover. The only room that sleeps."""
