"""What schemathesis cannot know: whom each route takes, which code a challenge wants, and what a valid name or password is.

It also keeps a report, which tells main.go how often each route gave each status, and which walks the stateful phase made.
"""

import atexit
import base64
import itertools
import json
import os
import random
import secrets
import struct
import zlib

import requests
import schemathesis
from hypothesis import strategies as st

from people import Address, People, Person

people = People(os.environ["SALLYPORT_URL"], os.environ["SALLYPORT_STATE"])

# --- Values -----------------------------------------------------------------------------------------------------------

# Names and passwords of the forms that RFC 8265 allows; their alphabets are a part of it that every version of Unicode agrees on.
letters = st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZäößéñçøłžабвгдеαβγδアイウ漢字한글")
others = st.sampled_from("0123456789.-_'+")
spaces = st.sampled_from(" !\"#$%&/()=?~€😀🦀")


def words(alphabet, low, high):
    return st.lists(alphabet, min_size=low, max_size=high).map("".join)


def fresh(text, digits):
    """The text with an end that no other has."""
    return text + secrets.token_hex(digits // 2)


def token(prefix, content):
    """What has the form of a token, its check sum too (package token)."""
    body = b"\x01" + content
    return prefix + base64.urlsafe_b64encode(body + struct.pack(">I", zlib.crc32(body))).decode()


# A letter comes first: the library that judges names asks that of all names beyond ASCII (RFC 8265 only of right-to-left ones).
names = st.builds(lambda first, rest: fresh(first + rest, 10), letters, words(letters | others, 2, 50))
schemathesis.openapi.format("username", names)
schemathesis.openapi.format("password", words(letters | others | spaces, 8, 118).map(lambda text: fresh(text, 8)))
schemathesis.openapi.format("label", st.builds(lambda first, rest: first + rest, letters, words(letters | others, 0, 63)))
schemathesis.openapi.format("sallyport-token", st.builds(token, st.sampled_from(["spt_", "spk_"]), st.binary(min_size=85, max_size=85)))


@schemathesis.hook
def map_body(context, body):
    """Writes whole numbers without a fraction: JSON Schema takes 60.0 for an integer, and the API takes 60. U+FFFD is what the
    gateway puts in the place of bytes that are no UTF-8, and the API refuses it."""
    if isinstance(body, dict):
        return {name: map_body(context, value) for name, value in body.items()}
    if isinstance(body, list):
        return [map_body(context, value) for value in body]
    if isinstance(body, float) and body.is_integer():
        return int(body)
    return body.replace("\ufffd", "?") if isinstance(body, str) else body


# --- The report -------------------------------------------------------------------------------------------------------


class Report:
    """Counts, written as JSON at the end."""

    def __init__(self, file):
        self.file, self.statuses, self.walks = file, {}, {}
        atexit.register(self.write)

    def count(self, case, status):
        by_status = self.statuses.setdefault(operation(case), {})
        by_status[str(status)] = by_status.get(str(status), 0) + 1

    def write(self):
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump({"statuses": self.statuses, "walks": list(self.walks.values())}, file)


report = Report(os.environ["SALLYPORT_REPORT"])

# --- Callers ----------------------------------------------------------------------------------------------------------

challenges = {}  # challenge id to Person
attempted = set()  # challenges that were answered once
latest = {}  # role to the token of the last session that the stateful phase began
owners = {}  # the id of a session or an API token to the Person whose own it is
cursors = {}  # next_cursor to the query that it goes on with


def operation(case):
    return case.operation.definition.raw["operationId"]


def is_stateful(case):
    return case.meta is not None and case.meta.phase.name.value == "stateful"


def is_positive(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def member(body, name):
    return body.get(name) if isinstance(body, dict) else None


def required(case):
    """The first scheme and role that the route takes; any role is CONSUMER, and (None, None) is anybody."""
    for requirement in case.operation.definition.raw.get("security") or []:
        for scheme, roles in requirement.items():
            return scheme, roles[0] if roles else "CONSUMER"
    return None, None


@schemathesis.auth(refresh_interval=None)
class Callers:
    def get(self, case, context):
        scheme, role = required(case)
        if scheme == "client":
            return "Basic " + people.client()
        if scheme is None:
            return None
        for value in (case.path_parameters or {}).values():
            if value in owners:  # what is somebody's own only he can end
                token = people.session_of(owners[value])
                if token is not None:
                    return "Bearer " + token
        if is_stateful(case) and role in latest:
            return "Bearer " + latest[role]
        # Wrong codes make an account wait, so what takes a code of the app has an account for itself.
        return "Bearer " + people.token(role, operation(case) if operation(case) == "newRecoveryCodes" else None)

    def set(self, case, data, context):
        case.headers["Authorization"] = data


def adapter(session, url, sent=itertools.count(), all={}):  # noqa: B006 (both are to be kept)
    """Calls from another address now and then: one address has only so many failures before it must wait."""
    if session is people.http:
        return Session.get_own_adapter(session, url)
    address = f"127.0.1.{1 + next(sent) // 50 % 250}"
    return all.setdefault(address, Address(address))


# schemathesis gives hooks no way to its session.
Session = requests.Session
Session.get_own_adapter, Session.get_adapter = Session.get_adapter, adapter


def bearer(headers):
    return (headers.get("Authorization") or "").removeprefix("Bearer ")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts in what only the caller can know: the code of the authenticator, the password, a cursor that the API gave."""
    if not is_positive(case):
        return
    know = KNOWN.get(operation(case))
    if know is not None and isinstance(case.body, dict):
        know(case, people.holders.get(bearer(case.headers)))
    if not is_stateful(case) and "user_id" in (case.path_parameters or {}):
        case.path_parameters["user_id"] = people.target(operation(case)).user_id  # else all but the links would end in 404
    if operation(case) == "listAuditEvents" and case.query and "user_id" in case.query:
        case.query.pop("actor_id", None)  # one of them at a time, which OpenAPI cannot say
    if case.query and "cursor" in case.query:
        query = cursors.get(case.query["cursor"])
        if query is None:
            del case.query["cursor"]  # none that the API gave
        else:
            case.query = query | {"cursor": case.query["cursor"]}


mostly = random.Random(20261126)  # Hypothesis sets the one that all share


def know_login(case, _):
    person = people.by_name.get(case.body.get("username"))
    if person is None and people.by_name and mostly.random() < 0.5:
        person = next(reversed(people.by_name.values()))
    if person is not None and mostly.random() < 0.9:
        case.body |= {"username": person.username, "password": person.password}


def know_challenge(case, _):
    challenge = case.body.get("challenge_id")
    if challenge not in challenges and mostly.random() < 0.7:
        pending = [known for known in challenges if known not in attempted]
        if pending:
            challenge = case.body["challenge_id"] = pending[-1]
    if challenge in challenges:
        if challenge in attempted or hash(challenge) % 5:  # else the first code is wrong
            case.body["otp"] = challenges[challenge].code() or case.body["otp"]
        attempted.add(challenge)


def know_code(case, person):
    if person is not None and mostly.random() < 0.9:
        code = person.code(operation(case) == "newRecoveryCodes")
        case.body["otp"] = code or case.body["otp"]


def know_password(case, person):
    if case.body.get("new_password") in (case.body.get("old_password"), person and person.password):
        case.body["new_password"] = fresh("another ", 16)
    if person is not None and mostly.random() < 0.9:
        code = person.code()
        if code is not None:
            case.body |= {"old_password": person.password, "otp": code}


def know_new_authenticator(case, person):
    if person is not None and person.enrolling is not None:
        case.body["otp"] = person.enrolling_code()


def know_enrolment(case, _):
    if case.body.get("enrolment") not in people.enrolling and people.enrolling:
        case.body["enrolment"] = next(reversed(people.enrolling))
    person = people.enrolling.get(case.body.get("enrolment"))
    if person is not None:
        case.body |= {"username": person.username, "password": person.password}


def know_routes(case, _):
    if "routes" in case.body:
        case.body["routes"] = [{"method": "GET", "resource": "/dashboard"}]


KNOWN = {
    "login": know_login,
    "verifyOTP": know_challenge,
    "beginEnrolment": know_code,
    "newRecoveryCodes": know_code,
    "changePassword": know_password,
    "finishEnrolment": know_new_authenticator,
    "enrol": know_enrolment,
    "createAPIToken": know_routes,
}


@schemathesis.hook
def after_call(context, case, response):
    """Takes in what an answer gives its caller."""
    report.count(case, response.status_code)
    token = bearer(response.request.headers)
    if response.status_code == 401 and response.headers.get("www-authenticate"):
        people.ended(token)
        for role in [role for role, other in latest.items() if other == token]:
            del latest[role]
    if response.status_code >= 300:
        return
    if token in report.walks:
        report.walks[token].append(operation(case))
    answer = response.json() if response.content else {}
    if isinstance(answer, dict) and "next_cursor" in answer:
        cursors[answer["next_cursor"]] = {name: value for name, value in (case.query or {}).items() if name != "cursor"}
    learn = LEARNT.get(operation(case))
    if learn is not None:
        learn(case, answer, token)


def learn_person(case, answer, token):
    people.remember(Person(case.body["username"], case.body["password"], answer))


def learn_challenge(case, answer, token):
    person = people.by_name.get(case.body["username"])
    if person is not None:
        challenges[answer["challenge_id"]] = person


def learn_session(case, answer, token):
    person = challenges.get(case.body["challenge_id"])
    if person is None:
        return
    people.holders[answer["access_token"]] = owners[answer["session_id"]] = person
    if is_stateful(case):
        latest[answer["role"]] = answer["access_token"]
        report.walks[answer["access_token"]] = ["register", "login", "verifyOTP"]


def learn_renewal(case, answer, token):
    """Goes on with the token that a session has got in the place of another."""
    renewed = answer["access_token"]
    people.holders[renewed] = people.holders.pop(token, None)
    for tokens in (latest, people.tokens):
        for role in [role for role, other in tokens.items() if other == token]:
            tokens[role] = renewed
    if token in report.walks:
        report.walks[renewed] = report.walks.pop(token)


def learn_sessions(case, answer, token):
    for session in answer["sessions"]:
        owners[session["session_id"]] = people.holders[token]


def learn_api_token(case, answer, token):
    owners[answer["token_id"]] = people.holders[token]


def learn_password(case, answer, token):
    people.holders[token].password = case.body["new_password"]


def learn_enrolling(case, answer, token):
    people.holders[token].enrolling = answer["totp"]["secret"]


def learn_authenticator(case, answer, token):
    people.holders[token].enrolled(answer["recovery_codes"])


def learn_codes(case, answer, token):
    people.holders[token].recovery_codes = list(answer["recovery_codes"])


def learn_enrolment(case, answer, token):
    person = people.by_id.get(case.path_parameters["user_id"])
    if person is not None:
        people.enrolling[answer["enrolment"]] = person


def learn_removal(case, answer, token):
    people.targets = {name: person for name, person in people.targets.items() if person.user_id != case.path_parameters["user_id"]}


LEARNT = {
    "removeAccount": learn_removal,
    "register": learn_person,
    "enrol": learn_person,
    "login": learn_challenge,
    "verifyOTP": learn_session,
    "renew": learn_renewal,
    "listSessions": learn_sessions,
    "createAPIToken": learn_api_token,
    "changePassword": learn_password,
    "beginEnrolment": learn_enrolling,
    "finishEnrolment": learn_authenticator,
    "newRecoveryCodes": learn_codes,
    "resetSecondFactor": learn_enrolment,
}

# --- Checks -----------------------------------------------------------------------------------------------------------


@schemathesis.check
def unknown_methods_are_not_found(context, response, case):
    """In the place of schemathesis' unsupported_method: API Gateway's REST APIs know no 405."""
    data = getattr(case.meta and case.meta.phase, "data", None)
    scenario = getattr(data, "scenario", None)
    if scenario is not None and scenario.name == "UNSPECIFIED_HTTP_METHOD":
        assert response.status_code == 404, f"{response.request.method}: {response.status_code}, want 404"
        if response.request.method != "HEAD":
            assert response.json()["type"] == "urn:problem-type:sallyport:not-found", response.text
