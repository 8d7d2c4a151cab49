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


def app(secret, step):
    """What an authenticator app shows (RFC 6238 with its default values)."""
    mac = hmac.digest(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1)
    number = struct.unpack(">I", mac[mac[-1] & 15 :][:4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def now():
    return int(time.time()) // 30


class Person:
    """An account with what its owner knows and has."""

    def __init__(self, username, password, registration):
        self.username, self.password = username, password
        self.user_id, self.role = registration["user_id"], registration["role"]
        self.secret, self.last_step = registration["totp"]["secret"], 0
        self.recovery_codes = list(registration["recovery_codes"])
        self.enrolling = None  # the secret of a new authenticator

    def code(self, of_app=False):
        """A code that has not been used, of the app if it must be, else a recovery code while there is one; None if there is none."""
        if self.recovery_codes and not of_app:
            return self.recovery_codes.pop(0)
        if now() <= self.last_step:
            return None
        self.last_step = now()
        return app(self.secret, self.last_step)

    def enrolling_code(self):
        return app(self.enrolling, now())

    def enrolled(self, recovery_codes):
        """The new authenticator counts."""
        self.secret, self.last_step, self.enrolling = self.enrolling, now(), None
        self.recovery_codes = list(recovery_codes)


class People:
    """Callers of every role, signed in whenever one is needed."""

    def __init__(self, url, state_file):
        self.url, self.state_file = url, state_file
        self.http = requests.Session()
        self.http.mount("http://", Address("127.0.0.2"))
        self.tokens = {}  # role to the token of a live session
        self.persons = {}  # role to whoever has that session
        self.holders = {}  # token to Person
        self.by_name, self.by_id = {}, {}
        self.enrolling = {}  # enrolment code to Person
        self.targets = {}  # operation to the Person whose account it is tried on
        self.used = set()  # invitations of the operator
        self.basic = None  # credentials of a client

    def remember(self, person):
        self.by_name[person.username] = self.by_id[person.user_id] = person
        return person

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
        registration = self.post("/register", body)
        self.used.add(body.get("invitation"))
        return self.remember(Person(body["username"], body["password"], registration))

    def invitation(self, role):
        if role != "ADMIN":
            return self.post("/invitations", {"role": role}, self.sign_in_admin())["invitation"]
        for _ in range(100):  # the local run may be about to write one that is not used
            with open(self.state_file, encoding="utf-8") as file:
                invitation = json.load(file)["admin_invitation"]
            if invitation and invitation not in self.used:
                return invitation
            time.sleep(0.05)
        raise RuntimeError("the local run has written no ADMIN invitation that is not used")

    def sign_in(self, person):
        challenge = self.post("/login", {"username": person.username, "password": person.password})
        token = self.post("/verify-otp", {"challenge_id": challenge["challenge_id"], "otp": person.code()})["access_token"]
        self.holders[token] = person
        return token

    def sign_in_admin(self):
        """A token of an ADMIN whom no test touches."""
        return self.token("ADMIN", "our own ADMIN")

    def token(self, role, name=None):
        """The token of a live session of somebody with the role."""
        name = name or role
        if name not in self.tokens:
            try:
                self.tokens[name] = self.sign_in(self.persons[name])
            except (KeyError, RuntimeError, TypeError):  # nobody yet; or the account was disabled, removed, or has no code left
                self.persons[name] = self.register(role)
                self.tokens[name] = self.sign_in(self.persons[name])
        return self.tokens[name]

    def target(self, operation):
        """Somebody who has signed in once, for an operation of administration to be tried on."""
        if operation not in self.targets:
            self.targets[operation] = self.register("CONSUMER")
            self.sign_in(self.targets[operation])
        return self.targets[operation]

    def client(self):
        """Basic credentials of a resource server."""
        if self.basic is None:
            made = self.post("/clients", {"name": "schemathesis"}, self.sign_in_admin())
            self.basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
        return self.basic

    def session_of(self, person):
        """The token of a live session of the very person, None if he cannot sign in any more."""
        for token, holder in reversed(self.holders.items()):
            if holder is person:
                return token
        try:
            return self.sign_in(person)
        except RuntimeError:
            return None

    def ended(self, token):
        """Forgets a token that the API refused."""
        self.holders.pop(token, None)
        self.tokens = {name: other for name, other in self.tokens.items() if other != token}
