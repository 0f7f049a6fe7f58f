"""/openapi.json: a valid OpenAPI 3.1 document of what is served."""
import re

import requests
from openapi_spec_validator import OpenAPIV31SpecValidator


def test_the_document_is_valid_and_every_path_of_it_is_served(stage):
    document = requests.get(f"{stage.sandbox.gateway}/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    assert len(document["paths"]) > 10
    for path, operations in document["paths"].items():
        path = re.sub(r"\{[^}]*\}", "1", path)
        for method in operations:
            # Without a signature: 401 where it is served, 404 where it is not.
            reply = requests.request(method, stage.sandbox.gateway + path)
            assert reply.status_code == 401, f"{method} {path}: {reply.text}"
