"""Accounts and sessions at the run that is tested, as their owners have them. Standard library, and requests, which schemathesis brings."""

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time

import requests


class Address(requests.adapters.HTTPAdapter):
    """Calls from an address of its own: the API counts failures by address, and ours must not be refused for those of the tests."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


class Person:
    """An account with what its owner knows and has."""

    def __init__(self, username, password, registration):
        self.username, self.password, self.role = username, password, registration["role"]
        self.recovery_codes = list(registration["recovery_codes"])
        self.set_secret(registration["totp"]["secret"])

    def set_secret(self, secret):
        self.secret, self.last_step = base64.b32decode(secret), 0

    def code(self):
        """A code that has not been used: the app's, or in the half minute after one, a recovery code; None if all are used."""
        step = int(time.time()) // 30
        if step > self.last_step:
            self.last_step = step
            mac = hmac.digest(self.secret, struct.pack(">Q", step), hashlib.sha1)
            number = struct.unpack(">I", mac[mac[-1] & 15 :][:4])[0] & 0x7FFFFFFF
            return f"{number % 1_000_000:06d}"
        return self.recovery_codes.pop(0) if self.recovery_codes else None


class People:
    """Callers of every role, signed in whenever one is needed."""

    def __init__(self, url, state_file):
        self.url, self.state_file = url, state_file
        self.http = requests.Session()
        self.http.mount("http://", Address("127.0.0.2"))
        self.tokens = {}  # role to the token of a live session
        self.persons = {}  # role to whoever has that session
        self.used = set()  # invitations of the operator

    def post(self, path, body, token=None):
        headers = {"Authorization": "Bearer " + token} if token else {}
        answer = self.http.post(self.url + path, json=body, headers=headers, timeout=30)
        if answer.status_code >= 300:
            raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def register(self, role):
        body = {"username": "caller-" + secrets.token_hex(8), "password": secrets.token_hex(16)}
        if role != "CONSUMER":
            body |= {"role": role, "invitation": self.invitation(role)}
        return Person(body["username"], body["password"], self.post("/register", body))

    def invitation(self, role):
        if role != "ADMIN":
            return self.post("/invitations", {"role": role}, self.token("ADMIN"))["invitation"]
        while True:  # until the local run has written one that is not used
            with open(self.state_file, encoding="utf-8") as file:
                invitation = json.load(file)["admin_invitation"]
            if invitation and invitation not in self.used:
                self.used.add(invitation)
                return invitation
            time.sleep(0.05)

    def sign_in(self, person):
        challenge = self.post("/login", {"username": person.username, "password": person.password})
        return self.post("/verify-otp", {"challenge_id": challenge["challenge_id"], "otp": person.code()})["access_token"]

    def token(self, role):
        """The token of a live session of somebody with the role."""
        if role not in self.tokens:
            person = self.persons.get(role)
            if person is None or not person.recovery_codes:
                person = self.persons[role] = self.register(role)
            self.tokens[role] = self.sign_in(person)
        return self.tokens[role]

    def ended(self, token):
        """Forgets a token that the API refused."""
        self.tokens = {role: other for role, other in self.tokens.items() if other != token}
