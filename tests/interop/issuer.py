"""A small issuer made with PyJWT, as others have them: it publishes a JWK set, and signs what it is asked to.

usage: issuer.py ALGORITHM…    prints its address, then answers
    GET  /jwks.json   the public keys
    POST /token       {"alg":…, "claims":{…}, "headers":{…}} -> {"token":…}; a claim that is null is left out
"""

import json
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

KINDS = {
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
}
KEYS = {alg: KINDS[alg][0]() for alg in sys.argv[1:]}


def public(alg):
    jwk = KINDS[alg][1].to_jwk(KEYS[alg].public_key(), as_dict=True)
    # PyJWT adds the public key's `key_ops`; `kid`, `use` and `alg` are the publisher's to say.
    return {**jwk, "kid": alg, "use": "sig", "alg": alg}


JWKS = {"keys": [public(alg) for alg in KEYS]}


def token(alg, claims, headers):
    now = int(time.time())
    usual = {"sub": "ada", "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    claims = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(claims, KEYS[alg], algorithm=alg, headers={"kid": alg, **headers})


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, JWKS) if self.path == "/jwks.json" else self.answer(404, {})

    def do_POST(self):
        wanted = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.answer(200, {"token": token(wanted["alg"], wanted["claims"], wanted["headers"])})

    def answer(self, status, body):
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
