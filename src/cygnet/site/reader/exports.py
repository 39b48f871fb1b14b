"""What goes out as a file: the table, FHIR R4, and a DICOM report. Named by no patient."""

from django.http import HttpRequest, HttpResponse

from cygnet.site.reader.api import state_of
from cygnet.site.reader.fhir import bundle_of
from cygnet.site.reader.findings import Findings, csv_of, findings_of
from cygnet.site.reader.judging import Patient
from cygnet.site.reader.state import State
from cygnet.site.reader.streaming import line_of
from cygnet.site.reader.structured_report import report_of
from cygnet.site.reader.together import read_together
from cygnet.site.reader.views import not_found


async def as_csv(request: HttpRequest, key: str) -> HttpResponse:
    """Give the table as CSV."""
    found = await _findings(request, key)
    if found is None:
        return await not_found(request)
    return _file(csv_of(found).encode(), "text/csv; charset=utf-8", "findings.csv")


async def as_fhir(request: HttpRequest, key: str) -> HttpResponse:
    """Give the findings as a FHIR R4 Bundle."""
    found = await _findings(request, key)
    if found is None:
        return await not_found(request)
    return _file(line_of(bundle_of(found)).encode(), "application/fhir+json", "findings.json")


async def as_report(request: HttpRequest, key: str) -> HttpResponse:
    """Give the findings as a DICOM Structured Report."""
    found = await _findings(request, key)
    if found is None:
        return await not_found(request)
    data = await state_of(request).show(report_of, found)
    return _file(data, "application/dicom", "findings.dcm")


async def _findings(request: HttpRequest, key: str) -> Findings | None:
    state = state_of(request)
    patient = state.memory.look(key)
    return None if patient is None else await state.show(_of, state, patient)


def _of(state: State, patient: Patient) -> Findings:
    return findings_of(patient, read_together(patient, state.reader), state.reader)


def _file(data: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
