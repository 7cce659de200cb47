"""Choose a running supplier's faults from outside: tests, rehearsals and demonstrations."""

import json
import secrets
import time
from dataclasses import dataclass, field

from urllib3 import request

from app.domain.fulfilment.signing import sign_request
from app.sandbox.supplier.faults import Fault


@dataclass(frozen=True, slots=True)
class SupplierControl:
    """Signed like everything else."""

    url: str
    key: str
    secret: str = field(repr=False)

    def set_fault(self, instance: str, fault: Fault | None, *, times: int | None = None) -> None:
        """Meet the next orders (all, or so many) with this fault; None ends it."""
        body = json.dumps({"supplier": instance, "fault": fault, "times": times}).encode()
        headers = sign_request(
            self.secret, key=self.key, method="POST", path="/control/faults", query="", body=body,
            timestamp=int(time.time()), nonce=secrets.token_urlsafe(18),
        )  # fmt: skip
        answer = request("POST", f"{self.url}/control/faults", body=body, headers=headers, timeout=5)
        if answer.status != 200:
            raise RuntimeError(f"the supplier refused the fault: HTTP {answer.status}")
