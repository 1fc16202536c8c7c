"""The console's JSON interface in the words of OpenAPI, for tools that test or read it."""

from typing import Any, Final

from bot.console.sessions import COOKIE, SECRET_CHARACTERS_MAX

_ERROR: Final = {
    "description": "Refused; `error` says why",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}},
            }
        }
    },
}
_REFUSALS: Final = {str(code): _ERROR for code in (400, 401, 403, 405, 413, 415, 421, 422, 429)}
_CSRF: Final = {
    "name": "X-CSRF-Token",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "`csrf` of /api/session",
}


def description() -> dict[str, Any]:
    """OpenAPI 3.1. Every route under /api is in it; a test compares the two."""
    why = _object({"why": {"type": "string", "minLength": 1, "maxLength": 200}})
    secret = _object(
        {"secret": {"type": "string", "minLength": 1, "maxLength": SECRET_CHARACTERS_MAX}}
    )
    session = _object({"csrf": {"type": "string"}, "mode": {"type": "string"}})
    done = _object({"ok": {"type": "boolean"}})
    accepted = _object({"accepted": {"enum": ["halt", "reduce"]}})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "condorbot console",
            "version": "1",
            "description": "Look, halt, reduce. Nothing here can raise risk.",
        },
        "components": {
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}}
        },
        "security": [{"session": []}],
        "paths": {
            "/api/openapi.json": {
                "get": _operation("This description", {"200": _json({})}, free=True)
            },
            "/api/login": {
                "post": _operation("Open a session", {"200": _json(done)}, body=secret, free=True)
            },
            "/api/logout": {"post": _operation("End the session", {"200": _json(done)}, csrf=True)},
            "/api/session": {"get": _operation("The session's token", {"200": _json(session)})},
            "/api/state": {"get": _operation("The newest frame, by panel", {"200": _json({})})},
            "/api/feed": {
                "get": _operation(
                    "Frames, story and log as server-sent events",
                    {"200": {"description": "Endless", "content": {"text/event-stream": {}}}},
                )
            },
            "/api/halt": {
                "post": _operation(
                    "Open nothing, close only what limits a loss",
                    {"202": _json(accepted)},
                    body=why,
                    csrf=True,
                )
            },
            "/api/reduce": {
                "post": _operation("Only close", {"202": _json(accepted)}, body=why, csrf=True)
            },
        },
    }


def _operation(
    summary: str,
    answers: dict[str, Any],
    *,
    body: dict[str, Any] | None = None,
    csrf: bool = False,
    free: bool = False,
) -> dict[str, Any]:
    found: dict[str, Any] = {"summary": summary, "responses": {**answers, **_REFUSALS}}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if csrf:
        found["parameters"] = [_CSRF]
    if free:
        found["security"] = []
    return found


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": sorted(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "As asked", "content": {"application/json": {"schema": schema}}}
