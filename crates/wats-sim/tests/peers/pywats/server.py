"""The server itself, and a client that registers as the client program does, which needs a screen to be imported."""

import base64
import uuid

import httpx


def run(api):
    assert api.get_version()
    base_url, token = api._base_url, api._token
    name = f"PY-{uuid.uuid4().hex[:8]}"
    query = {"id": name, "type": "python", "name": name, "location": "Lab", "purpose": "Test"}
    reply = httpx.post(base_url + "/api/Client/Register", params=query, headers={"Authorization": f"Basic {token}"})
    passcode = reply.raise_for_status().text.strip().strip('"')
    own = base64.b64encode(f"{name}:{passcode}".encode()).decode()
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Basic {own}"}) as http:
        assert http.get("/api/internal/Client/Ping").json()["ServerTime"]
        assert http.get("/api/internal/Client/ServerInfo").json()["Version"]
        body = {"name": name, "location": "Hall", "purpose": "Test", "status": "Running", "pendingTotal": 2}
        assert http.put("/api/Client/Update", json=body).is_success
        body = {"name": name, "location": "Hall", "purpose": "Test", "miscinfo": "<MiscInfo/>"}
        assert http.post("/api/internal/Client/Update", json=body).json()["Location"] == "Hall"
        assert http.get(f"/api/internal/Auth/Disconnect?id={name}").is_success
