"""The database itself refuses to change a row of the record of consent."""

from typing import Any

from django.db import migrations

_SQLITE = """
CREATE TRIGGER updates_consent_is_never_changed BEFORE UPDATE ON updates_consentevent
BEGIN SELECT RAISE(ABORT, 'a record of consent is never changed'); END
"""
_POSTGRESQL = """
CREATE FUNCTION updates_consent_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a record of consent is never changed'; END $$;
CREATE TRIGGER updates_consent_is_never_changed BEFORE UPDATE ON updates_consentevent
FOR EACH ROW EXECUTE FUNCTION updates_consent_is_never_changed()
"""


def guard(apps: Any, schema_editor: Any) -> None:
    del apps
    kind = schema_editor.connection.vendor
    schema_editor.execute(_POSTGRESQL if kind == "postgresql" else _SQLITE)


class Migration(migrations.Migration):
    dependencies = [("updates", "0001_initial")]
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
