"""People can be identified; the teams that were verified until now were so by an organiser."""

from typing import Any

from django.db import migrations, models


def keep_word(apps: Any, schema_editor: Any) -> None:
    del schema_editor
    apps.get_model("contest", "Team").objects.filter(verified=True).update(organisers_word=True)


class Migration(migrations.Migration):
    dependencies = [("contest", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="entrant",
            name="identified_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="team",
            name="organisers_word",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.RunPython(keep_word, migrations.RunPython.noop),
    ]
