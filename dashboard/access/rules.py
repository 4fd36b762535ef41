"""What one must be to ask for an address. What is named nowhere here is not open to strangers, and not to be changed
by viewers: a route that somebody adds is closed until somebody opens it."""

from __future__ import annotations

from pipeline.access.visitors import Role

READING = ("GET", "HEAD", "OPTIONS")

_OPEN = {
    "/sign-in": ("GET", "HEAD", "POST"),
    "/healthz": ("GET", "HEAD"),
    "/readyz": ("GET", "HEAD"),
    "/api/health": ("GET", "HEAD"),
    "/api/ready": ("GET", "HEAD"),
    "/_favicon.ico": ("GET", "HEAD"),
}
_OPEN_BELOW = ("/assets/", "/_dash-component-suites/")  # the same scripts and styles for everybody
_VIEWERS_POST = ("/_dash-update-component", "/api/predict", "/sign-out")  # these change nothing in a workspace
_ADMIN_BELOW = ("/api/audit", "/api/audit.csv", "/api/users", "/metrics")


def role_needed(method: str, path: str) -> Role | None:
    """The role that a request needs; None where it is open to everybody.

    >>> role_needed("GET", "/sign-in"), role_needed("GET", "/whatever"), role_needed("POST", "/whatever")
    (None, 'viewer', 'editor')
    """
    if method in _OPEN.get(path, ()) or (method in READING and path.startswith(_OPEN_BELOW)):
        return None
    if any(path == each or path.startswith(f"{each}/") for each in _ADMIN_BELOW):
        return "admin"
    return "viewer" if method in READING or path in _VIEWERS_POST else "editor"
