"""What does the server say, and how long is it worth asking again? HTTP, a response at a time.

Follows redirects itself, so that none leads from https to http. A refusal that may pass (429, 503,
a dropped connection) is :class:`Passing`; one that will not is a :class:`FetchError`.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import urllib3

from cygnet import __version__
from cygnet.curation.fetch.addresses import proxy_of, redirect_target, url_fault
from cygnet.curation.fetch.answers import retry_after_s
from cygnet.errors import FetchError

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 5
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE_REFUSED: Final = 416
_CHUNK_BYTES: Final = 256 * 1024
_LATER: Final = "Run the same command again; what is there is kept and used."


class Passing(Exception):  # noqa: N818  # a state of the line, not an error of the user
    """It did not work this time. ``wait_s`` is how long the server asked to be left alone."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class StoppedError(Exception):
    """The download was called off by another thread."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try again.

    ``retries`` in a row without ``progress_bytes`` of progress end it. A wait doubles from
    ``first_s`` to ``longest_s``; a server may ask for up to ``longest_asked_s``. A connection that
    says nothing for ``silence_s``, or gives less than ``slowest_bytes_s`` over ``slow_s``, counts
    as dropped.
    """

    retries: int = 8
    first_s: float = 1.0
    longest_s: float = 60.0
    longest_asked_s: float = 600.0
    silence_s: float = 30.0
    slowest_bytes_s: float = 500.0
    slow_s: float = 60.0
    progress_bytes: int = 64 * 1024


class Remote:
    """The connections of one download. Threads share it; :meth:`halt` calls all of them off."""

    def __init__(self, url: str, *, patience: Patience, connections: int) -> None:
        self.url = url
        self.patience = patience
        self.stop = threading.Event()
        self._connections = connections
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._lock = threading.Lock()
        self._open: set[Any] = set()
        self._not_before = 0.0
        self._random = random.Random()

    def halt(self) -> None:
        """Call off every thread, also one that waits for bytes."""
        self.stop.set()
        with self._lock:
            responses = list(self._open)
        for response in responses:
            try:
                response.shutdown()
            except (OSError, ValueError, RuntimeError, AttributeError):
                # It ended by itself in this moment; that is what is wanted.
                continue

    def close(self) -> None:
        """Give the connections back."""
        for manager in self._managers.values():
            manager.clear()

    @contextmanager
    def get(
        self, first: int | None = None, last: int | None = None, *, if_range: str | None = None
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """Ask for the file, or its bytes ``first`` to ``last``; give a response of 200, 206 or 416.

        Raises :class:`Passing` for what may go better later, :class:`FetchError` for what will not.
        """
        self._await_turn()
        headers = {"Accept-Encoding": "identity", "User-Agent": f"cygnet/{__version__}"}
        if first is not None:
            headers["Range"] = f"bytes={first}-{'' if last is None else last}"
            if if_range is not None:
                headers["If-Range"] = if_range
        with self._line_errors():
            response = self._followed(headers)
        with self._lock:
            self._open.add(response)
        try:
            _validate_encoding(response, self.url)
            yield response
        finally:
            with self._lock:
                self._open.discard(response)
            # What was not read is not wanted: the connection is not worth keeping.
            response.close()
            response.release_conn()

    def chunks(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        """Yield the body as it comes; :class:`Passing` when it ends early or crawls."""
        begin, n_bytes = time.monotonic(), 0
        while chunk := self._read(response):
            yield chunk
            n_bytes += len(chunk)
            elapsed = time.monotonic() - begin
            if elapsed >= self.patience.slow_s:
                if n_bytes < self.patience.slowest_bytes_s * elapsed:
                    raise Passing("the server gives less than a few hundred bytes a second")
                begin, n_bytes = time.monotonic(), 0

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        self._raise_if_stopped()
        with self._line_errors():
            chunk = response.read1(_CHUNK_BYTES)
        self._raise_if_stopped()
        return bytes(chunk)

    def _raise_if_stopped(self) -> None:
        if self.stop.is_set():
            raise StoppedError

    def _await_turn(self) -> None:
        while (left := self._not_before - time.monotonic()) > 0 and not self.stop.is_set():
            self.stop.wait(left)
        self._raise_if_stopped()

    def pause(self, failures: int, problem: Passing) -> None:
        """Wait before the next attempt, as the server asked or ever longer.

        Raises :class:`FetchError` after ``patience.retries`` failures in a row, or when the server
        asks for a longer wait than is waited.
        """
        self._raise_if_stopped()
        asked = problem.wait_s
        if asked is not None and asked > self.patience.longest_asked_s:
            when = datetime.fromtimestamp(time.time() + min(asked, 10**9), UTC)
            raise FetchError.of(
                f"{self.url}: {problem}; the server asks to wait {asked:,.0f} s.",
                f"Run the same command again after {when:%Y-%m-%d %H:%M} UTC; what is there is "
                "kept and used.",
            ) from problem
        if failures > self.patience.retries:
            times = "once" if failures == 1 else f"{failures} times in a row"
            raise FetchError.of(f"{self.url}: {problem} ({times}).", _LATER) from problem
        backoff = min(self.patience.longest_s, self.patience.first_s * 2 ** (failures - 1))
        if asked is not None:
            # All connections of this download leave the server alone.
            with self._lock:
                self._not_before = max(self._not_before, time.monotonic() + asked)
            self._await_turn()
        else:
            self.stop.wait(backoff * self._random.uniform(0.5, 1.0))
            self._raise_if_stopped()

    @contextmanager
    def _line_errors(self) -> Iterator[None]:
        """Turn what the line does into :class:`Passing`, or an error where nothing will change."""
        try:
            yield
        except urllib3.exceptions.LocationValueError as error:
            raise FetchError.of(
                f"{self.url}: this address cannot be asked ({error}).", "Mend the registry."
            ) from error
        except urllib3.exceptions.HTTPError as error:
            self._raise_if_stopped()
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise FetchError.of(
                    f"{self.url}: the server's certificate is not trusted ({error}).",
                    "Check the clock and the network; certificates of one's own are named in "
                    "SSL_CERT_FILE.",
                ) from error
            raise Passing(_line_reason(error)) from error
        except OSError as error:
            self._raise_if_stopped()
            raise Passing(f"the connection failed ({error.strerror or error})") from error

    def _followed(self, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        url = self.url
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._manager(url).request(
                "GET",
                url,
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=urllib3.Timeout(
                    connect=self.patience.silence_s, read=self.patience.silence_s
                ),
            )
            if response.status not in _REDIRECTS:
                return self._judged(response)
            target = redirect_target(url, response.headers.get("Location") or "")
            response.close()
            response.release_conn()
            fault = url_fault(target)
            if fault is not None:
                raise FetchError.of(
                    f"{self.url}: the server sends on to {target!r}, and {fault}.",
                    "Check the network (a hotel's or a hospital's log-in page?) and the registry.",
                )
            url = target
        raise FetchError.of(
            f"{self.url}: the server sends on more than {_MAX_REDIRECTS} times.",
            "Check the address in the registry.",
        )

    def _judged(self, response: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
        if response.status in {200, 206, _RANGE_REFUSED}:
            return response
        said = f"the server answered {response.status} {response.reason or ''}".strip()
        wait_s = retry_after_s(response.headers.get("Retry-After"), datetime.now(UTC))
        response.close()
        response.release_conn()
        if response.status in _PASSING:
            raise Passing(said, wait_s)
        raise FetchError.of(
            f"{self.url}: {said}.",
            "The file may have moved: check the dataset's page, and name another address with "
            "--registry.",
        )

    def _manager(self, url: str) -> urllib3.PoolManager:
        proxy = proxy_of(url)
        with self._lock:
            if proxy not in self._managers:
                shared: dict[str, Any] = {"maxsize": self._connections, "retries": False}
                self._managers[proxy] = (
                    urllib3.PoolManager(**shared)
                    if proxy is None
                    else urllib3.ProxyManager(proxy, **shared)
                )
            return self._managers[proxy]


def _line_reason(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "the server's name cannot be resolved; is there a network?"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "the server cannot be reached"
    if isinstance(error, (urllib3.exceptions.TimeoutError, TimeoutError)):
        return "the server fell silent"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was dropped before the end"
    return f"the connection failed ({type(error).__name__}: {error})"


def _validate_encoding(response: urllib3.BaseHTTPResponse, url: str) -> None:
    encoding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding != "identity":
        raise FetchError.of(
            f"{url}: the server sends the file compressed ({encoding}), though asked not to.",
            "Tell the server's keeper, or name another address with --registry.",
        )
