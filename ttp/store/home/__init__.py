"""Files in TTP_HOME beside the database."""
