"""An OpenID Connect provider on loopback: it signs in whom a test says, and checks the client."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

CLIENT = "cygnet"
SECRET = "the provider's own word"  # noqa: S105 - no secret


class Provider:
    """Who would sign in now (``claims``), and what was asked."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self._codes: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Sign the person in, as if a password had been given; give where to go back to."""
        assert asked["client_id"] == CLIENT
        code = hashlib.sha256(json.dumps([asked, time.time()]).encode()).hexdigest()
        self._codes[code] = {"claims": dict(self.claims), "asked": asked}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str]) -> dict[str, Any] | None:
        known = self._codes.pop(sent.get("code", ""), None)
        if known is None or (sent.get("client_id"), sent.get("client_secret")) != (CLIENT, SECRET):
            return None
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if challenge != known["asked"]["code_challenge"]:
            return None
        now = int(time.time())
        claims = known["claims"]
        stamps = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60}
        access = hashlib.sha256(challenge.encode()).hexdigest()
        self._tokens[access] = claims
        key = "a key of tests that is longer than it has to be"
        signed = jwt.encode(claims | stamps, key, algorithm="HS256")
        return {"access_token": access, "token_type": "Bearer", "id_token": signed}

    def person(self, header: str) -> dict[str, Any] | None:
        return self._tokens.get(header.removeprefix("Bearer "))


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/authorize":
            asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(asked))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif parts.path == "/userinfo":
            self._answer(self.provider.person(self.headers.get("Authorization", "")))
        else:
            self._answer(self.provider.configuration())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(self.provider.token({k: v[-1] for k, v in parse_qs(body).items()}))

    def _answer(self, document: dict[str, Any] | None) -> None:
        body = json.dumps(document or {"error": "invalid_grant"}).encode()
        self.send_response(200 if document else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep quiet."""
