from cygnet.evaluation import score_card
from cygnet.report.metric_rows import compared_groups, metric_groups


def test_the_partial_area_is_named_by_where_it_begins() -> None:
    card = score_card([1, 0, 1], [0.9, 0.2, 0.1], replicates=10, min_tpr=0.9)
    alone = [row for group in metric_groups(card, transferable=True) for row in group.rows]
    (row,) = (row for row in alone if row.key == "pauc_above_tpr")
    assert row.title == "Partial AUC above sensitivity 0.90, ISIC 2024"
    beside = compared_groups({"a": card, "b": card}, transferable=True)
    assert "Partial AUC above sensitivity 0.90, ISIC 2024" in [group.title for group in beside]
