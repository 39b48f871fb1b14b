"""What do programs read on the page? schema.org inside it, Croissant with links that lead here."""

import json
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

from cygnet.curation.release.bag import PAYLOAD
from cygnet.site.dataset import licence
from cygnet.site.dataset.subject import Download, Subject


def site_url(request: HttpRequest) -> str:
    """Give the public address of the site, without a slash at its end."""
    public: str = settings.PUBLIC_URL
    return public or str(request.build_absolute_uri("/")).rstrip("/")


def file_url(site: str, download: Download, token: str = "") -> str:
    """Give the absolute address of a file; with a token it needs no cookie."""
    return f"{site}/files/{f'{token}/' if token else ''}{quote(download.path)}"


def page_json_ld(about: Subject, request: HttpRequest) -> SafeString:
    """Give the JSON-LD that the page embeds: the release's own, with its address and files."""
    site = site_url(request)
    document: dict[str, Any] = json.loads(about.documents["schema-org.jsonld"])
    document["url"] = f"{site}/"
    document["distribution"] = [
        {
            "@type": "DataDownload",
            "name": one.path,
            "contentUrl": file_url(site, one),
            "contentSize": f"{one.n_bytes} B",
            "encodingFormat": "application/zip" if one.path.endswith(".zip") else "text/csv",
            **({"sha256": one.sha256} if one.sha256 else {}),
        }
        for one in about.downloads.values()
        if not one.is_image
    ]
    text = json.dumps(document, ensure_ascii=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    # Nothing in it can end the element any more.
    return mark_safe(text)  # noqa: S308


def croissant_with_links(data: bytes, about: Subject, request: HttpRequest) -> bytes:
    """Give the release's Croissant with absolute addresses of the files.

    With ``?link=TOKEN``, the token of the page of downloads, a program can follow them.
    """
    token = request.GET.get("link", "")
    token = token if licence.link_holds(token, about) else ""
    site = site_url(request)
    document: dict[str, Any] = json.loads(data)
    for one in document["distribution"]:
        path = str(one.get("contentUrl", "")).removeprefix(f"{PAYLOAD}/")
        if path in about.downloads:
            one["contentUrl"] = file_url(site, about.downloads[path], token)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
