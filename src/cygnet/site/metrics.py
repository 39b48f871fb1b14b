"""What does Prometheus read? Counts of what is in the database, and whether threads fall behind."""

from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse

Sample = tuple[str, str, str, float]
_sources: list[Callable[[], Iterator[Sample]]] = []


def register(source: Callable[[], Iterator[Sample]]) -> None:
    """Add samples: name, kind (``gauge`` or ``counter``), help, value."""
    _sources.append(source)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer all samples in the text format of Prometheus."""
    del request
    lines: list[str] = []
    for source in _sources:
        for name, kind, words, value in source():
            lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}", f"{name} {value:.12g}"]
    return HttpResponse(
        "\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8"
    )
