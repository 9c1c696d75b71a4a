"""Asks the web server in this container: `python deploy/healthcheck.py /healthz` ends with 0 when the answer is 200.

It asks under the portal's own host name, as no other is allowed, and as the proxy would, so that it is not sent to
the TLS port.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

PORT = int(os.environ.get("HEALTHCHECK_PORT", "8000"))
SECONDS = 4


def main() -> int:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=SECONDS)
    host = urlsplit(os.environ["BASE_URL"]).netloc
    connection.request("GET", sys.argv[1], headers={"Host": host, "X-Forwarded-Proto": "https"})
    answer = connection.getresponse()
    print(answer.status, answer.read().decode(errors="replace"))
    return 0 if answer.status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
