#!/usr/bin/python3
"""Mends an OpenAPI document of Mastodon that is generated from its manual, where the generator is known to be wrong: mended.py IN OUT

- A header is called an object; it is a text (and Prism ends when an object of that kind is not sent).
- A new post is exactly one of text, media and poll; yet all three may have a text, so that one with media and a text fits two of them."""
import json
import sys


def mend(document):
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                if parameter.get("in") == "header" and parameter.get("schema", {}).get("type") == "object":
                    parameter["schema"] = {"type": "string"}
    post = document["paths"]["/api/v1/statuses"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    if "oneOf" in post:
        post["anyOf"] = post.pop("oneOf")
    return document


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as given, open(sys.argv[2], "w", encoding="utf-8") as made:
        json.dump(mend(json.load(given)), made)
