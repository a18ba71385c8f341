"""Every reply that a test gets is what the OpenAPI document says of its
operation and status: checked in stack.Client, for all tests.

The document's schemas use only keywords that mean the same in 2020-12 and in
draft 7 (test_contract.py holds that), so fastjsonschema compiles them."""
import http.client
import json
import re

import fastjsonschema

UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
FORMATS = {"uuid": UUID, "int32": lambda v: True, "int64": lambda v: True,
           "uri": r"^[a-z]+:\S+$", "password": lambda v: True,
           "binary": lambda v: True}
# What is said before there is a route to say it, or by the proxy of an API
# that broke off: the response "default".
FRAMING = {400, 404, 405, 408, 411, 413, 414, 417, 431, 501, 502, 504, 505}
KEYWORDS = {
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "default",
    "description", "enum", "exclusiveMaximum", "exclusiveMinimum",
    "maxProperties", "minProperties", "uniqueItems", "example", "examples", "format", "items", "maxItems", "maxLength",
    "maximum", "minItems", "minLength", "minimum", "oneOf", "pattern",
    "properties", "readOnly", "required", "title", "type", "writeOnly"}


def whole(schema, schemas):
    """What an allOf comes to, as one object."""
    out = {"type": "object", "properties": {}, "required": []}
    for part in schema["allOf"]:
        if "$ref" in part:
            part = schemas[part["$ref"].rsplit("/", 1)[1]]
        if "allOf" in part:
            part = whole(part, schemas)
        out["properties"] |= part.get("properties", {})
        out["required"] += part.get("required", [])
    return out


def strict(schema, schemas):
    """The schema, with members that it does not name refused."""
    if isinstance(schema, list):
        return [strict(s, schemas) for s in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        return strict(whole(schema, schemas), schemas)
    out = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties"):
            out[key] = {k: strict(v, schemas) for k, v in value.items()}
        elif key in ("example", "examples", "enum", "default") or \
                key.startswith("x-"):
            if key == "enum":
                out[key] = value
        else:
            out[key] = strict(value, schemas)
    if "properties" in out:
        out.setdefault("additionalProperties", False)
    return out


class Document:
    def __init__(self, doc):
        self.components = doc["components"]
        schemas = self.components["schemas"]
        self.schemas = {"schemas": {k: strict(v, schemas)
                                    for k, v in schemas.items()}}
        self.compiled = {}
        self.paths = []
        for path, ops in doc["paths"].items():
            parts = re.split(r"(\{\w+\})", path)
            pattern = "".join("[^/]+" if p.startswith("{") else re.escape(p)
                              for p in parts)
            self.paths.append((path.count("{"), re.compile(pattern), path,
                               ops))
        self.paths.sort(key=lambda p: p[:1] + (p[2],))
        self.seen = set()       # (operation, status)

    def operation(self, method, path):
        path = path.split("?", 1)[0]
        for _, pattern, _, ops in self.paths:
            if pattern.fullmatch(path) and method in ops:
                return ops[method]
        return None

    def response(self, op, status):
        found = None
        if op is not None:
            found = op["responses"].get(str(status))
        if found is None and status in FRAMING:
            found = {"$ref": "#/components/responses/Framing"}
        if found is not None and "$ref" in found:
            found = self.components["responses"][
                found["$ref"].rsplit("/", 1)[1]]
        return found

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.compiled:
            self.compiled[key] = fastjsonschema.compile(
                {**strict(schema, self.components["schemas"]),
                 "components": self.schemas},
                formats=FORMATS, use_default=False)
        return self.compiled[key]

    def check(self, method, path, headers, status, reply_headers, body):
        """AssertionError unless the document foresees the reply."""
        low = {k.lower(): v for k, v in headers.items()}
        if method == "POST" and status != 400:
            method = low.get("x-http-method-override", method)
        if method == "OPTIONS":
            return
        op = self.operation({"HEAD": "GET"}.get(method, method).lower(), path)
        what = f"{method} {path} {status}"
        response = self.response(op, status)
        assert response is not None, \
            f"{what}: the document does not foresee this status: {body[:300]}"
        if op:
            self.seen.add((op["operationId"], status))
        # Who has the revision and asks for another is told so.
        assert not op or method not in ("GET", "HEAD") or status != 200 or \
            "etag" not in reply_headers or "304" in op["responses"], \
            f"{what}: the document does not foresee 304 for its ETag"
        content = response.get("content")
        if method == "HEAD" or status == 304 or not content:
            assert not body, f"{what}: a body that nobody foresees"
            return
        kind = reply_headers.get("content-type", "").split(";")[0]
        assert kind in content or "*/*" in content, \
            f"{what}: content type {kind}"
        if kind not in ("application/json", "application/problem+json"):
            return
        try:
            self.validator(content[kind]["schema"])(json.loads(body))
        except fastjsonschema.JsonSchemaException as e:
            raise AssertionError(
                f"{what}: not as the document says: {e.message}"
                f" ({e.value!r:.200})\n{body[:600]}") from None


documents = {}


def document(build, port):
    """The document a server of this build serves; None while it cannot."""
    if build not in documents:
        conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            conn.request("GET", "/v1/openapi.json")
            r = conn.getresponse()
            text = r.read()
            if r.status == 200:
                documents[build] = Document(json.loads(text))
        except OSError:
            pass
        finally:
            conn.close()
    return documents.get(build)
