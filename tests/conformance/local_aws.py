"""A stand-in for the AWS around the local CodePipeline, which keeps objects, gives out sessions and judges by them.

Functions and buses only write down what they are sent.

Every request is judged as AWS judges it: the signature is computed again (by botocore), a session is known by all three
of its parts, and what its policy does not allow is denied. What this reads of policies is little on purpose: anything
else in one is an error here, so that nothing is allowed because it was not understood.
"""

import base64
import dataclasses
import datetime
import fnmatch
import http.server
import json
import re
import secrets
import sys
import threading
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

ROOT_KEY = ("test", "test", None)
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)")
STS = '<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result>{1}</{0}Result></{0}Response>'


@dataclasses.dataclass
class Session:
    """What STS was asked for, and what it gave out."""
    asked: dict
    keys: tuple

    @property
    def policy(self):
        return json.loads(self.asked["Policy"])


class Refusal(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


class LocalAws:
    """Listens until it is closed."""

    def __init__(self):
        self.objects = {}  # (bucket, key) -> (bytes, headers)
        self.sessions = []
        self.invocations = []  # (function, event)
        self.events = []
        #: What STS answers instead of a session: (status, body).
        self.sts_answers = None
        #: Called with a job's event before its invocation is accepted.
        self.while_invoking = lambda event: None
        self._server = Listener(("127.0.0.1", 0), self._handler())
        self.url = "http://127.0.0.1:%d" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, target, headers, body):
        """(status, body) for one request."""
        caller, service = self._caller(method, target, headers, body)
        path, _, query = target.partition("?")
        handler = {"s3": self._s3, "sts": self._sts, "lambda": self._lambda}.get(service, self._json)
        wanted, carry_out = handler(service, method, urllib.parse.unquote(path), query, headers, body)
        if isinstance(caller, Session) and not allows(caller.policy, *wanted):
            raise Refusal(403, "AccessDenied")
        return carry_out()

    def _caller(self, method, target, headers, body):
        """The session that signed, or None for the root of the account; and the service that was meant."""
        found = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if not found:
            raise Refusal(403, "MissingAuthenticationToken")
        key, region, service, signed, signature = found.groups()
        session = next((session for session in self.sessions if session.keys[0] == key), None)
        keys = session.keys if session else ROOT_KEY
        if key != keys[0] or headers.get("x-amz-security-token") != keys[2]:
            raise Refusal(403, "InvalidClientTokenId")
        request = botocore.awsrequest.AWSRequest(
            method, self.url + target, {name: headers[name] for name in signed.split(";")}, body)
        request.context["timestamp"] = headers["x-amz-date"]
        kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer = kind(botocore.credentials.Credentials(*keys), service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if not secrets.compare_digest(signer.signature(text, request), signature):
            raise Refusal(403, "SignatureDoesNotMatch")
        return session, service

    def _s3(self, _service, method, path, query, headers, body):
        bucket, _, key = path.lstrip("/").partition("/")
        place, arn = (bucket, key), f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
        action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[method]
        if not key:
            action = "ListBucket"
        elif "versionId" in query:
            action += "Version"

        def carry_out():
            if action == "PutObject":
                self.objects[place] = (body, headers)
            elif action != "GetObject" or place not in self.objects:
                raise Refusal(404, "NoSuchKey")
            return 200, self.objects[place][0] if method == "GET" else b""

        return ("s3:" + action, arn), carry_out

    def _sts(self, _service, _method, _path, _query, _headers, body):
        asked = dict(urllib.parse.parse_qsl(body.decode()))

        def carry_out():
            if self.sts_answers:
                return self.sts_answers
            if asked["Action"] != "GetFederationToken":
                raise Refusal(400, "InvalidAction")
            keys = ("ASIA" + secrets.token_hex(8).upper(), random_text(30), random_text(121))
            self.sessions.append(Session(asked, keys))
            lasts = datetime.timedelta(seconds=int(asked["DurationSeconds"]))
            end = (datetime.datetime.now(datetime.timezone.utc) + lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
            parts = zip(("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"), (*keys, end), strict=True)
            given = "".join(f"<{name}>{value}</{name}>" for name, value in parts)
            return 200, STS.format("GetFederationToken", f"<Credentials>{given}</Credentials>").encode()

        return ("sts:" + asked["Action"], "*"), carry_out

    def _lambda(self, _service, _method, path, _query, _headers, body):
        function = re.fullmatch(r"/2015-03-31/functions/([^/]+)/invocations", path)[1]

        def carry_out():
            event = json.loads(body)
            self.while_invoking(event)
            self.invocations.append((function, event))
            return 202, b""

        return ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:111122223333:function:{function}"), carry_out

    def _json(self, service, _method, _path, _query, headers, body):
        """EventBridge and KMS, as far as they are asked here."""
        action, asked = headers["x-amz-target"].partition(".")[2], json.loads(body)

        def carry_out():
            if action == "PutEvents":
                self.events += asked["Entries"]
                return 200, b'{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}'
            return 200, b"{}"

        return (f"{service}:{action}", asked.get("KeyId", "*")), carry_out

    def _handler(aws):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                code = None
                try:
                    status, answer = aws.answer(self.command, self.path, headers, body)
                except Refusal as refusal:
                    status, code = refusal.status, refusal.code
                    answer = refused(code, headers)
                self.send_response(status)
                if code:
                    self.send_header("x-amzn-errortype", code)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_request

            def log_message(self, *_):
                pass

        return Handler


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # The server under test is killed at the end of a test, in the middle of a word if need be.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def random_text(length):
    return base64.b64encode(secrets.token_bytes(length)).decode()


def refused(code, headers):
    """An error as each protocol has it."""
    error = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    service = headers.get("authorization", "").partition("/aws4_request")[0].rpartition("/")[2]
    bodies = {"s3": error, "sts": f"<ErrorResponse>{error}</ErrorResponse>"}
    return bodies.get(service, json.dumps({"__type": code, "message": code})).encode()


def allows(policy, action, resource):
    """Whether a policy allows it: something must, and nothing may deny it."""
    effects = set()
    for statement in policy["Statement"]:
        if set(statement) != {"Effect", "Action", "Resource"}:
            raise ValueError(f"this stand-in does not read all of {sorted(statement)}")
        if covers(statement["Action"], action) and covers(statement["Resource"], resource):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


def covers(patterns, text):
    patterns = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)
