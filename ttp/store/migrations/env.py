"""What alembic runs: every migration on the connection, and in the transaction, that `upgrade` made."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
