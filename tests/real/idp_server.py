# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN204, D102, RUF012 - Authlib's untyped classes, filled in
# Runs with Debian's own Python, which has Authlib and Flask; the project's environment has neither.
"""A company's sign-in server made of Authlib: `python3 idp_server.py PORT USERS`, USERS being `address:password` lines.

Authlib checks what a provider checks: client, redirect, PKCE, codes, rotation, introspection.  Here are its accounts,
its tokens in memory, the page on which one signs in, and what an administrator or user does at the provider (`/_`).
"""

import html
import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback, without TLS

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Flask, Response, redirect, request

CLIENT_ID = "readback-at-the-company"
SCOPE = "mail offline_access"
PAGE = """<!doctype html><title>Company sign-in</title>
<form method="post"><input name="user" value="{hint}"><input name="password" type="password">
<button name="answer" value="allow">Allow</button><button name="answer" value="deny">Deny</button></form>"""


class Client(ClientMixin):
    """Readback, a public client."""

    def get_client_id(self):
        return CLIENT_ID

    def get_default_redirect_uri(self):
        return "http://127.0.0.1"

    def get_allowed_scope(self, scope):
        return " ".join(each for each in scope.split() if each in SCOPE.split())

    def check_redirect_uri(self, redirect_uri):
        # RFC 8252 7.3: any port.
        return (urlsplit(redirect_uri).scheme, urlsplit(redirect_uri).hostname) == ("http", "127.0.0.1")

    def check_client_secret(self, client_secret):
        return False

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "none"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in ("authorization_code", "refresh_token")


class Token(TokenMixin):
    """An access token and its refresh token."""

    def __init__(self, values, user):
        self.values = values
        self.user = user
        self.issued_at = time.time()
        self.is_access_revoked = False
        self.is_refresh_revoked = False

    def check_client(self, client):
        return True

    def get_scope(self):
        return self.values["scope"]

    def get_expires_in(self):
        return self.values["expires_in"]

    def is_expired(self):
        return time.time() >= self.issued_at + self.values["expires_in"]

    def is_revoked(self):
        return self.is_access_revoked


class Code(AuthorizationCodeMixin):
    """An authorization code and what it was given for."""

    def __init__(self, code, asked):
        self.code = code
        self.redirect_uri = asked.redirect_uri
        self.scope = asked.scope
        self.user = asked.user
        self.code_challenge = asked.data.get("code_challenge")
        self.code_challenge_method = asked.data.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
    """Codes, good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]

    def save_authorization_code(self, code, asked):
        codes[code] = Code(code, asked)

    def query_authorization_code(self, code, client):
        return codes.get(code)

    def delete_authorization_code(self, authorization_code):
        del codes[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class RefreshTokenGrant(grants.RefreshTokenGrant):
    """Refresh tokens, each good once."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        refreshes.append(refresh_token)
        found = [each for each in tokens if each.values["refresh_token"] == refresh_token]
        return found[0] if found and not found[0].is_refresh_revoked else None

    def authenticate_user(self, credential):
        return credential.user

    def revoke_old_credential(self, credential):
        credential.is_refresh_revoked = True


class Introspection(IntrospectionEndpoint):
    """What the mail server asks."""

    CLIENT_AUTH_METHODS = ["none"]

    def authenticate_endpoint_client(self, asked):
        return client

    def authenticate_token(self, asked, client):
        return self.query_token(asked.form.get("token"), None)

    def check_permission(self, token, client, asked):
        return True

    def query_token(self, token_string, token_type_hint):
        found = [each for each in tokens if each.values["access_token"] == token_string]
        return found[0] if found else None

    def introspect_token(self, token):
        return {"active": True, "username": token.user, "scope": token.get_scope()}


app = Flask(__name__)
client = Client()
codes, tokens, refreshes = {}, [], []
knobs = {"ttl": 3600, "remembers": ""}
users = dict(line.split(":", 1) for line in Path(sys.argv[2]).read_text().split())


app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
server = AuthorizationServer(
    app,
    query_client=lambda client_id: client if client_id == CLIENT_ID else None,
    save_token=lambda token, asked: tokens.append(Token(token, asked.user)),
)
server.register_grant(AuthorizationCodeGrant, [CodeChallenge(required=True)])
server.register_grant(RefreshTokenGrant)
server.register_endpoint(Introspection)


@app.get("/authorize")
def page():
    """Ask who it is; somebody the browser remembers is let through."""
    try:
        server.get_consent_grant(end_user=None)
    except OAuth2Error as error:
        return Response(json.dumps(dict(error.get_body())), 400, mimetype="application/json")
    if knobs["remembers"]:
        return server.create_authorization_response(grant_user=knobs["remembers"])
    return PAGE.format(hint=html.escape(request.args.get("login_hint", "")))


@app.post("/authorize")
def answer():
    """Check the password and send the browser back."""
    user = request.form["user"]
    if request.form["answer"] == "allow" and users.get(user) != request.form["password"]:
        return redirect(request.url, 303)
    return server.create_authorization_response(grant_user=user if request.form["answer"] == "allow" else None)


@app.post("/token")
def token():
    """Give tokens."""
    answered = server.create_token_response()
    if answered.status_code == 200:
        values = json.loads(answered.get_data())
        values["expires_in"] = tokens[-1].values["expires_in"] = knobs["ttl"]
        answered.set_data(json.dumps(values))
    return answered


@app.post("/introspect")
def introspect():
    """Tell the mail server whose a token is."""
    return server.create_endpoint_response(Introspection.ENDPOINT_NAME)


@app.post("/_knobs")
def turn():
    """Change how long tokens live, and whom the browser remembers."""
    knobs.update(request.get_json())
    return knobs


@app.post("/_end_access")
def end_access():
    """End every access token before its time."""
    for each in tokens:
        each.is_access_revoked = True
    return {}


@app.post("/_revoke")
def revoke():
    """End all that a user has granted, as they do in their account's settings."""
    for each in tokens:
        if each.user == request.get_json()["user"]:
            each.is_access_revoked = each.is_refresh_revoked = True
    return {}


@app.get("/_refreshes")
def refreshed():
    """Say how often new tokens were asked for."""
    return {"count": len(refreshes)}


app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
