"""The store in a PostgreSQL database. Imported only where the settings name one: psycopg takes 0.1 s to load."""
