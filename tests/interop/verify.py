"""Verifies tokens as a service in Python would: PyJWT, and the issuer's keys by their address.

usage: verify.py JWKS_URL ISSUER AUDIENCE ALGORITHM <tokens, one a line    answers each with `accepted SUB` or `refused WHY`
"""

import sys

import jwt


def verdict(token, keys, issuer, audience, algorithm):
    try:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=issuer,
            audience=audience,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
        )
    except jwt.PyJWTError as error:
        return f"refused {type(error).__name__}"
    return f"accepted {claims['sub']}"


def main():
    address, issuer, audience, algorithm = sys.argv[1:]
    keys = jwt.PyJWKClient(address)
    for line in sys.stdin:
        print(verdict(line.strip(), keys, issuer, audience, algorithm), flush=True)


main()
