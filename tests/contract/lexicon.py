"""Lexicons, the descriptions that the AT protocol has of its calls and records: whether a value is what one promises."""
import json
import os
import re

FORMATS = {
    "did": r"did:[a-z]+:[A-Za-z0-9._:%-]+",
    "handle": r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
    "nsid": r"[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+\.[A-Za-z][A-Za-z0-9]*",
    "at-uri": r"at://[A-Za-z0-9._:%-]+(/[A-Za-z0-9.-]+(/[A-Za-z0-9._~:@!$&%')(*+,;=-]+)?)?",
    "cid": r"[A-Za-z0-9+]{8,256}",
    "datetime": r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})",
    "language": r"(i|[a-z]{2,3})(-[A-Za-z0-9]+)*",
    "tid": r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}",
    "record-key": r"(?!\.\.?$)[A-Za-z0-9._~:@!$&%')(*+,;=-]{1,512}",
    "uri": r"[a-z][a-z0-9+.-]*:\S+",
}
FORMATS["at-identifier"] = f"({FORMATS['did']}|{FORMATS['handle']})"


class Lexicons:
    def __init__(self, folder):
        self.folder = folder
        self.known = {}

    def definition(self, reference, home=""):
        """(definition, the lexicon it stands in) of "app.bsky.feed.post", "app.bsky.richtext.facet#link" or "#link"."""
        nsid, _, name = reference.partition("#")
        nsid = nsid or home
        if nsid not in self.known:
            with open(os.path.join(self.folder, *nsid.split(".")) + ".json", encoding="utf-8") as file:
                self.known[nsid] = json.load(file)
        return self.known[nsid]["defs"][name or "main"], nsid

    def faults_of_call(self, method, nsid, query, body):
        """What is wrong with a call: with its parameters, and with what it sends."""
        try:
            call, home = self.definition(nsid)
        except FileNotFoundError:
            return [f"{nsid}: there is no such lexicon"]
        if call["type"] != {"GET": "query", "POST": "procedure"}.get(method):
            return [f"{nsid} is a {call['type']}, and was asked with {method}"]
        faults = list(self._parameters(call.get("parameters", {"properties": {}}), query, home))
        schema = call.get("input", {}).get("schema")
        if schema and body is None:
            faults.append("it sends nothing")
        elif schema:
            faults += self.faults(schema, body, home, "body", closed=True)
        elif body is not None:
            faults.append("it sends something, and nothing is asked for")
        return faults

    def _parameters(self, described, query, home):
        names = [name for name, _ in query]
        for name in described.get("required", []):
            if name not in names:
                yield f"?{name} is missing"
        for name, text in query:
            schema = described["properties"].get(name)
            if schema is None:
                yield f"?{name} is not described"
                continue
            if schema["type"] == "array":
                schema = schema["items"]
            elif names.count(name) > 1:
                yield f"?{name} stands there twice"
            value = {"integer": lambda: int(text) if re.fullmatch(r"-?\d+", text) else text,
                     "boolean": lambda: {"true": True, "false": False}.get(text, text)}.get(schema["type"], lambda: text)()
            yield from self.faults(schema, value, home, f"?{name}")

    def faults(self, schema, value, home, where, closed=False):
        """Every way in which the value is not what the schema promises. Closed: members nobody described are one."""
        kind = schema["type"]
        check = getattr(self, "_" + kind.replace("-", "_"), None)
        if check is None:
            return [f"{where}: this checker knows no type {kind}"]
        return list(check(schema, value, home, where, closed))

    def _string(self, schema, value, home, where, closed):
        if not isinstance(value, str):
            yield f"{where} is no text: {value!r}"
            return
        if len(value.encode()) > schema.get("maxLength", 1 << 30):
            yield f"{where} has {len(value.encode())} bytes, and {schema['maxLength']} are allowed"
        if len(value.encode()) < schema.get("minLength", 0):
            yield f"{where} is too short"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where} is {value!r}, which is none of {schema['enum']}"
        if "format" in schema and not re.fullmatch(FORMATS[schema["format"]], value):
            yield f"{where} is no {schema['format']}: {value!r}"

    def _integer(self, schema, value, home, where, closed):
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{where} is no whole number: {value!r}"
        elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{where} is {value}, not between {schema.get('minimum')} and {schema.get('maximum')}"

    def _boolean(self, schema, value, home, where, closed):
        if not isinstance(value, bool):
            yield f"{where} is neither true nor false: {value!r}"

    def _array(self, schema, value, home, where, closed):
        if not isinstance(value, list):
            yield f"{where} is no list: {value!r}"
            return
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{where} has {len(value)} elements"
        for index, one in enumerate(value):
            yield from self.faults(schema["items"], one, home, f"{where}[{index}]")

    def _object(self, schema, value, home, where, closed):
        if not isinstance(value, dict):
            yield f"{where} is no object: {value!r}"
            return
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}.{name} is missing"
        for name, one in value.items():
            described = schema.get("properties", {}).get(name)
            if described is None:
                if closed and name != "$type":
                    yield f"{where}.{name} is not described"
            elif one is None:
                if name not in schema.get("nullable", []):
                    yield f"{where}.{name} is null"
            else:
                yield from self.faults(described, one, home, f"{where}.{name}")

    def _ref(self, schema, value, home, where, closed):
        definition, home = self.definition(schema["ref"], home)
        yield from self.faults(definition, value, home, where)

    def _union(self, schema, value, home, where, closed):
        kind = value.get("$type") if isinstance(value, dict) else None
        if kind is None:
            yield f"{where} does not say its $type"
            return
        refs = {(home if ref.startswith("#") else "") + ref for ref in schema["refs"]}
        if kind in refs:
            definition, home = self.definition(kind)
            yield from self.faults(definition, value, home, where)
        elif schema.get("closed"):
            yield f"{where} is a {kind}, which is none of {sorted(refs)}"

    def _unknown(self, schema, value, home, where, closed):
        """A record says what it is; then its own lexicon is asked. Those of other vendors are left alone."""
        kind = value.get("$type", "") if isinstance(value, dict) else ""
        if not isinstance(value, dict):
            yield f"{where} is no object"
        elif os.path.exists(os.path.join(self.folder, *kind.split(".")) + ".json"):
            definition, home = self.definition(kind)
            yield from self.faults(definition["record"], value, home, where)

    def _blob(self, schema, value, home, where, closed):
        if not isinstance(value, dict) or value.get("$type") != "blob":
            yield f"{where} is no blob"
