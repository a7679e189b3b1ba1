#!/usr/bin/env python3
"""Checks a ledger that 'halfmast audit export --format jsonl' wrote: verify.py FILE [CHECKPOINT.json kept elsewhere].

Nothing but Python's standard library, and nothing of halfmast's own code: the format is described in daemon/audit/README.md.
Ends with 0 and one line when everything holds, else with 1 and the first record that does not, with 2 when it cannot be read.
"""
import hashlib
import json
import sys

# Ed25519 (RFC 8032, section 5.1), only to verify: points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def decompress(raw):
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("not a point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signature_holds(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    try:
        a, r = decompress(key), decompress(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, BASE), add(r, times(h, a))
    return s < Q and not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))


class Broken(Exception):
    """The ledger is not what was signed."""


def sized(data):
    return len(data).to_bytes(8, "big") + data


def follow_chain(lines):
    """Gives the hash of every record, in order behind that of nothing, and the signed head of the last line."""
    hashes, head = ["00" * 32], None
    for seq, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            if line != json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" or head:
                raise Broken(f"record {seq}: the line was changed after it was exported, or stands behind the signed head")
            if set(row) == {"checkpoint"}:
                head = row["checkpoint"]
                continue
            if row["seq"] != seq or set(row) != {"seq", "at", "payload", "prev", "hash"}:
                raise Broken(f"record {seq} is missing: record {row['seq']} stands in its place")
            content = sized(row["at"].encode()) + sized(row["payload"].encode()) + sized(bytes.fromhex(row["prev"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Broken(f"record {seq}: line {seq} is not a line of an export: {error!r}") from error
        if row["hash"] != hashlib.sha256(b"halfmast-ledger-1\n" + seq.to_bytes(8, "big") + content).hexdigest():
            raise Broken(f"record {seq} was changed: its hash is not that of its content")
        if row["prev"] != hashes[-1]:
            raise Broken(f"record {seq} does not follow record {seq - 1}")
        hashes.append(row["hash"])
    if not head:
        raise Broken("the signed head at the end is missing")
    return hashes, head


def check_head(head, hashes, name):
    try:
        seq, at, covered, key = int(head["seq"]), head["at"], head["head"], head["public_key"]
        message = f"halfmast-checkpoint-1\n{seq}\n{at}\n{covered}\n".encode()
        holds = signature_holds(bytes.fromhex(key), message, bytes.fromhex(head["signature"]))
        lower = (key + head["signature"]).islower()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Broken(f"{name} is not a signed head: {error!r}") from error
    if not holds or not lower or len(head) != 5 or seq < 0:
        raise Broken(f"{name}: the signature does not hold")
    if seq >= len(hashes):
        raise Broken(f"records {len(hashes)} to {seq} were cut off: {name}, signed at {at}, covers record {seq}")
    if hashes[seq] != covered:
        raise Broken(f"record {seq} is not the one that was signed at {at} ({name})")
    return key


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            hashes, head = follow_chain(file)
        key = check_head(head, hashes, "the signed head")
        if len(arguments) == 2:
            with open(arguments[1], encoding="utf-8") as file:
                kept = json.load(file)
            if check_head(kept, hashes, arguments[1]) != key:
                raise Broken("the signed head was signed by another key than " + arguments[1])
    except Broken as why:
        print(why)
        return 1
    except (OSError, ValueError, RecursionError) as why:
        print(f"cannot be read: {why}", file=sys.stderr)
        return 2
    print(f"{len(hashes) - 1} records hold, {head['seq']} of them signed at {head['at']} by {key}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
