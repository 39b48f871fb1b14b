"""Keys of names know letters that look alike; where two teams are alike by now, the older has it."""

from typing import Any

from django.db import migrations

from cygnet.challenge.names import name_key


def _key_anew(apps: Any, schema: Any) -> None:
    del schema
    teams = apps.get_model("contest", "Team").objects
    for team in teams.order_by("founded_at"):
        key = name_key(team.name)
        if key != team.name_key and not teams.filter(name_key=key).exists():
            teams.filter(pk=team.pk).update(name_key=key)


class Migration(migrations.Migration):
    """Data alone."""

    dependencies = [("contest", "0002_identity")]

    operations = [migrations.RunPython(_key_anew, migrations.RunPython.noop)]
