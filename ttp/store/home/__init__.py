"""Files in TTP_HOME other than the database."""
