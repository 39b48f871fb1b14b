"""Under which addresses does the reader answer?"""

from django.urls import path

from cygnet.site.reader import api, exports, views, views_of_lesion, views_of_patient

urlpatterns = [
    path("", views.start),
    path("static/<str:name>", views.static),
    path("read", views.read),
    path("sample", views.sample),
    path("known", views.known),
    path("patients/<str:key>/", views_of_patient.patient),
    path("patients/<str:key>/about", views_of_patient.about),
    path("patients/<str:key>/print", views_of_patient.sheet),
    path("patients/<str:key>/compare", views_of_lesion.compare),
    path("patients/<str:key>/forget", views_of_patient.forget),
    path("patients/<str:key>/leave", views_of_patient.leave),
    path("patients/<str:key>/stay", views_of_patient.stay),
    path("patients/<str:key>/findings.csv", exports.as_csv),
    path("patients/<str:key>/findings.json", exports.as_fhir),
    path("patients/<str:key>/findings.dcm", exports.as_report),
    path("patients/<str:key>/lesions/<int:number>/", views_of_lesion.lesion),
    path("patients/<str:key>/lesions/<int:number>/place", views_of_lesion.place),
    path("patients/<str:key>/lesions/<int:number>/earlier", views_of_lesion.earlier),
    path("patients/<str:key>/lesions/<int:number>/<str:which>.jpg", views_of_lesion.picture),
    path("patients/<str:key>/lesions/<int:number>/heat.png", views_of_lesion.heat),
    path("v1/read", api.read),
    path("v1/openapi.json", api.openapi),
]
handler404 = "cygnet.site.reader.views.no_such_page"
handler400 = "cygnet.site.reader.views.bad_request"
handler500 = "cygnet.site.reader.views.server_error"
