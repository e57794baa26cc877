"""Users by SCIM.

Users are made by plain requests: `create_user` and `update_user` of the client hand its transport what that does not take.
"""

import uuid

import httpx


def run(api):
    scim = api.scim
    token = scim.get_token(30)
    assert token.token and token.duration_days == 30 and token.expires_utc
    name = f"ada-{uuid.uuid4().hex[:8]}@example.org"
    headers = {"Authorization": f"Basic {api._token}"}
    with httpx.Client(base_url=api._base_url, headers=headers) as http:
        body = {"userName": name, "name": {"givenName": "Ada", "familyName": "Byron"}}
        made = http.post("/api/SCIM/v2/Users", json=body).json()
    user = scim.get_user(made["id"])
    assert (user.user_name, user.display_name, user.active) == (name, "Ada Byron", True)
    assert scim.get_user_by_username(name).id == made["id"]
    page = scim.get_users(start_index=1, count=1)
    assert page.items_per_page == 1 and page.total_results >= 1
    scim.delete_user(made["id"])
