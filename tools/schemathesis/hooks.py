"""What schemathesis cannot know: whom each route takes, which code a challenge wants, and what a valid name or password is.

It also keeps a report, which tells main.go how often each route gave each status, and which walks the stateful phase made.
"""

import atexit
import itertools
import json
import os
import random

import requests
import schemathesis
from hypothesis import strategies as st

from people import Address, People, Person

people = People(os.environ["SALLYPORT_URL"], os.environ["SALLYPORT_STATE"])

# Names and passwords of the forms that RFC 8265 allows; their alphabets are a part of it that every version of Unicode agrees on.
letters = st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZäößéñçøłžабвгдеαβγδアイウ漢字한글")
others = st.sampled_from("0123456789.-_'+")
spaces = st.sampled_from(" !\"#$%&/()=?~€😀🦀")


def words(alphabet, low, high):
    return st.lists(alphabet, min_size=low, max_size=high).map("".join)


def fresh(text, digits):
    """The text with an end that no other has."""
    return text + f"{random.randrange(16**digits):0{digits}x}"


# A letter comes first: the library that judges names asks that of all names beyond ASCII (RFC 8265 only of right-to-left ones).
names = st.builds(lambda first, rest: fresh(first + rest, 10), letters, words(letters | others, 2, 50))
schemathesis.openapi.format("username", names)
schemathesis.openapi.format("password", words(letters | others | spaces, 8, 118).map(lambda text: fresh(text, 8)))


class Report:
    """Counts, written as JSON at the end."""

    def __init__(self, file):
        self.file, self.statuses, self.walks = file, {}, {}
        atexit.register(self.write)

    def count(self, case, status):
        by_status = self.statuses.setdefault(case.operation.definition.raw["operationId"], {})
        by_status[str(status)] = by_status.get(str(status), 0) + 1

    def write(self):
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump({"statuses": self.statuses, "walks": list(self.walks.values())}, file)


report = Report(os.environ["SALLYPORT_REPORT"])

registered = {}  # username as sent to Person
challenges = {}  # challenge id to (Person, operations that led there)
latest = {}  # role to the token of the last session that the stateful phase began
attempted = set()  # challenges that were answered once


def operation(case):
    return case.operation.definition.raw["operationId"]


def is_stateful(case):
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def member(body, name):
    return body.get(name) if isinstance(body, dict) else None


def role_for(case):
    """One of the roles that the route takes; CONSUMER where any will do; None where anybody may call."""
    for requirement in case.operation.definition.raw.get("security") or []:
        for scheme, roles in requirement.items():
            if scheme == "accessToken":
                return roles[0] if roles else "CONSUMER"
    return None


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        role = role_for(case)
        if role is None:
            return None
        if is_stateful(case) and role in latest:
            return latest[role]
        return people.token(role)

    def set(self, case, data, context):
        case.headers["Authorization"] = "Bearer " + data


@schemathesis.hook
def map_body(context, body):
    """Writes whole numbers without a fraction: JSON Schema takes 60.0 for an integer, and the API takes 60."""
    if isinstance(body, dict):
        return {name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in body.items()}
    return body


def adapter(session, url, sent=itertools.count(), all={}):  # noqa: B006 (both are to be kept)
    """Calls from another address now and then: one address has only so many failures before it must wait."""
    if session is people.http:
        return Session.get_own_adapter(session, url)
    address = f"127.0.1.{1 + next(sent) // 50 % 250}"
    return all.setdefault(address, Address(address))


# schemathesis gives hooks no way to its session.
Session = requests.Session
Session.get_own_adapter, Session.get_adapter = Session.get_adapter, adapter


@schemathesis.hook
def before_call(context, case, kwargs):
    """Answers a challenge that is known with the right code."""
    if operation(case) == "verifyOTP" and is_positive(case) and member(case.body, "challenge_id") in challenges:
        challenge = case.body["challenge_id"]
        if challenge in attempted or hash(challenge) % 5:  # else the first code is wrong
            code = challenges[challenge][0].code()
            if code is not None:
                case.body["otp"] = code
        attempted.add(challenge)


def replace(token, answer):
    """Goes on with the token that a session has got in the place of another."""
    renewed = answer["access_token"]
    for tokens in (latest, people.tokens):
        for role in [role for role, other in tokens.items() if other == token]:
            tokens[role] = renewed
    if token in report.walks:
        report.walks[renewed] = report.walks.pop(token)


@schemathesis.hook
def after_call(context, case, response):
    """Takes in what an answer gives its caller."""
    report.count(case, response.status_code)
    token = response.request.headers.get("Authorization", "").removeprefix("Bearer ")
    if response.status_code == 401 and token:
        people.ended(token)
        for role in [role for role, other in latest.items() if other == token]:
            del latest[role]
    if token in report.walks and response.status_code < 300:
        report.walks[token].append(operation(case))
    if response.status_code >= 300 or not response.content:
        return
    name, answer = operation(case), response.json()
    if name == "register":
        registered[case.body["username"]] = Person(case.body["username"], case.body["password"], answer)
    elif name == "login" and case.body["username"] in registered:
        challenges[answer["challenge_id"]] = (registered[case.body["username"]], ["register", "login"])
    elif name == "renew":
        replace(token, answer)
    elif name == "verifyOTP" and is_stateful(case):
        latest[answer["role"]] = answer["access_token"]
        report.walks[answer["access_token"]] = challenges[case.body["challenge_id"]][1] + [name]


@schemathesis.check
def unknown_methods_are_not_found(context, response, case):
    """In the place of schemathesis' unsupported_method: API Gateway's REST APIs know no 405."""
    data = getattr(case.meta and case.meta.phase, "data", None)
    scenario = getattr(data, "scenario", None)
    if scenario is not None and scenario.name == "UNSPECIFIED_HTTP_METHOD":
        assert response.status_code == 404, f"{response.request.method}: {response.status_code}, want 404"
        if response.request.method != "HEAD":
            assert response.json()["type"] == "urn:problem-type:sallyport:not-found", response.text
