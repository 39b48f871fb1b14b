"""How do findings look as a DICOM Structured Report? TID 1500, one measurement group a lesion.

The pictures it speaks of are named by identifiers that follow from their bytes, with which they
would be written as Dermoscopic Photography; the report stands without them. No name, no date of
birth: patient and study are as unknown as they were.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from cygnet.images.dicom import DERMOSCOPIC_PHOTOGRAPHY
from cygnet.site.reader import codes
from cygnet.site.reader.codes import Concept
from cygnet.site.reader.findings import Finding, Findings

_SEXES = {"male": "M", "female": "F"}
_MAKER = "The Cygnet authors"


def report_of(findings: Findings, made: datetime | None = None) -> bytes:
    """Write the report of ``findings`` as a DICOM file's bytes."""
    from highdicom.sr import ComprehensiveSR
    from pydicom.uid import ExplicitVRLittleEndian

    moment = made or datetime.now(UTC)
    pictures = [_picture(one, findings, moment) for one in findings.lesions]
    key = [one.digest for one in findings.lesions]
    report: Any = ComprehensiveSR(
        evidence=pictures,
        content=_content(findings, pictures)[0],
        series_instance_uid=_uid("series", *key),
        series_number=1,
        sop_instance_uid=_uid("report", *key, moment.isoformat()),
        instance_number=1,
        manufacturer=_MAKER,
        is_complete=False,
        is_final=False,
        is_verified=False,
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    report.ManufacturerModelName = "Cygnet"
    report.DeviceSerialNumber = "none"
    report.SoftwareVersions = findings.version
    report.SeriesDescription = "Research use only; not a medical device"
    out = BytesIO()
    report.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _uid(*names: str) -> str:
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=["cygnet", "reader", *names]))


def _picture(one: Finding, findings: Findings, moment: datetime) -> Any:
    """Give as much of a picture's data set as a report needs to speak of it."""
    from pydicom.dataset import Dataset

    every = [lesion.digest for lesion in findings.lesions]
    found = Dataset()
    found.SOPClassUID = DERMOSCOPIC_PHOTOGRAPHY
    found.SOPInstanceUID = _uid("image", one.digest, str(one.number))
    found.StudyInstanceUID = _uid("study", *every)
    found.SeriesInstanceUID = _uid("pictures", *every)
    found.PatientID = "unidentified"
    found.PatientName = ""
    found.PatientBirthDate = ""
    found.PatientSex = _SEXES.get(findings.sex or "", "")
    if findings.age_years is not None:
        found.PatientAge = f"{round(findings.age_years):03d}Y"
    found.AccessionNumber = ""
    found.StudyID = "1"
    found.StudyDate = moment.strftime("%Y%m%d")
    found.StudyTime = moment.strftime("%H%M%S")
    found.ReferringPhysicianName = ""
    found.Modality = "DMS"
    found.Rows, found.Columns = one.height_px, one.width_px
    return found


def _content(findings: Findings, pictures: Sequence[Any]) -> Any:
    from highdicom.sr import (
        DeviceObserverIdentifyingAttributes,
        MeasurementReport,
        ObservationContext,
        ObserverContext,
    )
    from pydicom.sr.codedict import codes as known

    observer = ObserverContext(
        observer_type=known.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=_uid("device", findings.model),
            name=findings.model[:64],
            manufacturer_name=_MAKER,
            model_name="Cygnet",
        ),
    )
    return MeasurementReport(
        observation_context=ObservationContext(observer_device_context=observer),
        procedure_reported=_concept(codes.DERMOSCOPY),
        imaging_measurements=[
            _group(one, findings, picture)
            for one, picture in zip(findings.lesions, pictures, strict=True)
        ],
        title=known.DCM.ImagingMeasurementReport,
    )


def _group(one: Finding, findings: Findings, picture: Any) -> Any:
    from highdicom.sr import (
        AlgorithmIdentification,
        FindingSite,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        SourceImageForMeasurementGroup,
        TrackingIdentifier,
    )

    measured = []
    if one.probability is not None:
        measured.append(
            Measurement(
                name=_concept(codes.PROBABILITY_OF_CANCER),
                value=round(100 * one.probability, 2),
                unit=_concept(codes.PERCENT),
            )
        )
    sites = None
    if one.region is not None:
        side = None if one.side is None else _concept(codes.SIDES[one.side])
        sites = [FindingSite(_concept(one.region), laterality=side)]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=_uid("lesion", one.digest, str(one.number)), identifier=f"Lesion {one.number}"
        ),
        finding_type=_concept(codes.SKIN_LESION),
        algorithm_id=AlgorithmIdentification(name=findings.model, version=findings.version),
        finding_sites=sites,
        measurements=measured,
        source_images=[SourceImageForMeasurementGroup.from_source_image(picture)],
    )
    for text in (*one.cautions, one.frequency, one.note, findings.statement):
        if text:
            group[0].ContentSequence.append(_comment(text))
    return group


def _comment(text: str) -> Any:
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    return TextContentItem(
        name=_concept(codes.COMMENT),
        value=text,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )


def _concept(one: Concept) -> Any:
    from highdicom.sr import CodedConcept

    return CodedConcept(value=one.code, scheme_designator=one.system, meaning=one.meaning)
