"""The script that alembic runs: all migrations, in the transaction that `upgrade` began."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
