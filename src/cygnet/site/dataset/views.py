"""The pages about the dataset: itself, its documents, its pictures, its downloads."""

from collections import Counter
from functools import cache
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_safe

from cygnet.site.dataset import counts, licence
from cygnet.site.dataset.examples import example_groups, picture
from cygnet.site.dataset.metadata import croissant_with_links, page_json_ld
from cygnet.site.dataset.outer import split_token
from cygnet.site.dataset.store import signed_link
from cygnet.site.dataset.subject import Subject, subject
from cygnet.site.faults import NotNowError, answer_fault

MOST_ERRATA: Final = 50
_PICTURE_AGE_S: Final = 86_400

_TYPES: Final = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "csv": "text/csv; charset=utf-8",
    "cff": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "bib": "text/plain; charset=utf-8",
}
_DOCUMENT_WORDS: Final = {
    "schema-org.jsonld": "schema.org (JSON-LD): for search engines",
    "croissant.json": "Croissant 1.1: for learning programs",
    "datacite.json": "DataCite 4.5: for catalogues",
    "CITATION.cff": "Citation File Format",
    "CITATION.bib": "BibTeX",
    "DATASHEET.md": "Datasheet: what is in it, and what it is for",
    "ATTRIBUTION.md": "Whom to thank for which images",
    "LICENSE.txt": "Licence",
    "manifest-sha256.txt": "Checksums of every file",
    "images-sha256.txt": "Checksums of every image, once unpacked",
    "errata.csv": "Errata of every version",
}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show what the dataset is."""
    about = subject()
    if about is None:
        return render(request, "dataset/none.html")
    context = dict(_parts(about)) | {"json_ld": page_json_ld(about, request)}
    return render(request, "dataset/page.html", context)


@cache
def _parts(about: Subject) -> dict[str, Any]:
    """Make what is the same for everyone, once a process."""
    listed = [one for one in about.downloads.values() if not one.is_image]
    pictures = [one for one in about.downloads.values() if one.is_image]
    groups = () if about.release is None else example_groups(about.release)
    changes = Counter((row["version"], row["change"]) for row in about.errata)
    return {
        "about": about,
        "said": about.description,
        "sentence": counts.sentence(about.facts),
        "counts": counts.counts_table(about.facts),
        "figures": counts.figures(about),
        "groups": groups,
        "downloads": listed,
        "n_pictures": len(pictures),
        "pictures_bytes": sum(one.n_bytes for one in pictures),
        "n_bytes": sum(one.n_bytes for one in about.downloads.values()),
        "documents": [
            (name, words)
            for name, words in _DOCUMENT_WORDS.items()
            if name in about.documents or name == "CITATION.bib"
        ],
        "versions": [
            (version, [(kind, n) for (one, kind), n in changes.items() if one == version])
            for version in about.versions
        ],
        "errata": about.errata[-MOST_ERRATA:],
        "n_errata": len(about.errata),
        "several_sources": len(about.description.source) > 1,
    }


@require_safe
def document(request: HttpRequest, name: str) -> HttpResponse:
    """Give one document as the release has it; Croissant with links that lead here."""
    about = _about()
    if name == "CITATION.bib":
        data = about.bibtex.encode()
    elif name in about.documents:
        data = about.documents[name]
    else:
        raise Http404("There is no document of this name.")
    if name == "croissant.json":
        data = croissant_with_links(data, about, request)
    return _conditional(request, data, _TYPES[name.rsplit(".", 1)[-1]], "no-cache")


@require_safe
def example(request: HttpRequest, image_name: str) -> HttpResponse:
    """Give the small picture of an example."""
    data = picture(_about(), image_name)
    if data is None:
        raise Http404("This picture is not among the examples.")
    return _conditional(request, data, "image/jpeg", f"public, max-age={_PICTURE_AGE_S}")


def _conditional(request: HttpRequest, data: bytes, kind: str, cache_control: str) -> HttpResponse:
    etag = f'"{sha256(data).hexdigest()}"'
    made = HttpResponse(data, content_type=kind)
    response: HttpResponse = get_conditional_response(request, etag=etag, response=made)
    response["ETag"] = etag
    response["Cache-Control"] = cache_control
    if not isinstance(response, HttpResponseNotModified):
        response["X-Content-Type-Options"] = "nosniff"
    return response


class AcceptanceForm(forms.Form):
    """What is agreed to before the first download."""

    accepted = forms.BooleanField(
        label="I have read these terms and use the dataset under them",
        error_messages={"required": "Tick this to download."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def download(request: HttpRequest) -> HttpResponse:
    """Ask for the licence to be accepted, then show the links."""
    about = _about()
    wanted = request.POST.get("file") or request.GET.get("file") or ""
    wanted = wanted if wanted in about.downloads else ""
    if request.method == "POST":
        form = AcceptanceForm(request.POST)
        if form.is_valid():
            return _accepted(request, about, wanted)
        return _no_store(_ask(request, about, form, wanted, status=422))
    cookie = request.COOKIES.get(licence.COOKIE)
    token = licence.link_token(cookie, about) if cookie else None
    if token is None:
        return _no_store(_ask(request, about, AcceptanceForm(), wanted))
    context = dict(_parts(about)) | {
        "chosen": about.downloads.get(wanted),
        "token": token,
        "link_days": licence.LINK_AGE.days,
        "croissant": f"{reverse('dataset:document', args=['croissant.json'])}?"
        + urlencode({"link": token}),
        "has_croissant": "croissant.json" in about.documents,
    }
    return _no_store(render(request, "dataset/download.html", context))


def _ask(
    request: HttpRequest, about: Subject, form: AcceptanceForm, wanted: str, status: int = 200
) -> HttpResponse:
    context = dict(_parts(about)) | {"form": form, "wanted": about.downloads.get(wanted)}
    response: HttpResponse = render(request, "dataset/licence.html", context, status=status)
    return response


def _accepted(request: HttpRequest, about: Subject, wanted: str) -> HttpResponse:
    if not licence.cookie_holds(request.COOKIES.get(licence.COOKIE), about):
        try:
            made = licence.accept(request, about)
        except licence.TooManyError:
            return answer_fault(
                request, 429, "The licence was accepted very often from your network. Nothing was"
                " recorded; please try again in an hour.", retry_after_s=3600,
            )  # fmt: skip
    else:
        made = None
    query = f"?{urlencode({'file': wanted})}" if wanted else ""
    response: HttpResponse = redirect(f"{reverse('dataset:download')}{query}")
    if made is not None:
        licence.set_cookie(response, request, made)
    return _no_store(response)


@require_safe
def file(request: HttpRequest, path: str) -> HttpResponse:
    """Answer for a file that was not sent before Django: elsewhere, without a licence, or none."""
    about = _about()
    token, name = split_token(path)
    found = about.downloads.get(name)
    if found is None:
        raise Http404("There is no file of this name.")
    holds = (
        licence.link_holds(token, about)
        if token
        else licence.cookie_holds(request.COOKIES.get(licence.COOKIE), about)
    )
    if not holds:
        context = {"file": found, "expired": bool(token), "query": urlencode({"file": name})}
        return _no_store(render(request, "dataset/refused.html", context, status=403))
    if found.url is not None:
        return _no_store(redirect(found.url))
    if settings.DATASET_STORE is not None:
        link = signed_link(settings.DATASET_STORE, name, method=str(request.method))
        return _no_store(redirect(link))
    raise NotNowError("This file cannot be sent at the moment; please try again.")


def _about() -> Subject:
    about = subject()
    if about is None:
        raise Http404("There is no dataset here yet.")
    return about


def _no_store(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
