"""
Check an evidence pack, with nothing but this file, Python 3.11 and the package `cryptography`.

    python verify.py PACK.zip --key log.vkey [--against CHECKPOINT] [--policy POLICY]

Get log.vkey, the log's public key, over another channel than the pack: without it, what follows only shows that the
pack agrees with itself. Read this file before you trust it, from top to bottom. What is checked, by number:

     1  Every file is the one that the contents (pack.json) list by SHA-256; none is missing or added.
     2  The log's public key.
     3  Every entry is an entry, in canonical JSON.
     4  The rows (records/) that came with each entry are those whose SHA-256 the entry has.
     5  Every entry is in the log at its place: leaf hash, inclusion proof, the log's signature (RFC 6962, Ed25519).
     6  No two checkpoints contradict each other; the newer one extends the older one in the pack.
     7  Of a period: no entry is left out. Of an output: it was decided on, and the audio is the file that was recorded.
     9  Splits add up to exactly one, the figures of statements add up, transactions add up to nothing.
    10  Statements of payees: their lines are in the run's Merkle-sum tree, which adds up to what the log says.
    11  Certificates are those whose text an entry vouches for; their signature fits the chain that they bring.
    12  An older checkpoint that you hold (--against) does not contradict the pack's.
    13  Enough witnesses cosigned the pack's checkpoint, by your policy (--policy, c2sp.org/tlog-policy).

Exit status: 0 if all holds, 1 if something does not, 2 if the file cannot be read.

Not checked here: the C2PA signature inside audio; whether the chain of a certificate leads to a root that you trust,
or was revoked; what became of an output since. `ledger-verify PACK.zip --key log.vkey --roots roots.pem`, with the
service's own verifier, checks the first two. Nobody can check from a pack whether what was written down was true.
"""

import argparse, base64, hashlib, json, pathlib, re, stat, struct, sys, zipfile, zlib
from fractions import Fraction
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_FILES, MOST_BYTES, MOST_TEXT, MOST_LISTED = 10_000, 2_000_000_000, 64 * 1024 * 1024, 4 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,3}")
HEX = re.compile(r"[0-9a-f]{64}")
# What is raised where something is not of the form that it should have. Every check runs in Report.check, which says so.
FORMS = (LookupError, TypeError, ValueError, AttributeError, StopIteration, ArithmeticError, RuntimeError, EOFError)
MALFORMED = (*FORMS, struct.error, zlib.error, zipfile.BadZipFile, UnsupportedAlgorithm)


class Unreadable(Exception):
    """The pack cannot be read, so that nothing can be said about it."""


class Wrong(Exception):
    """Something does not hold."""


def refuse(is_so, sentence):
    """Stop where it is so."""
    if is_so:
        raise Wrong(sentence)


def sha256(data):
    return hashlib.sha256(data).digest()


# --- The archive may be hostile: nothing is unpacked to a path, and no more is read than its directory announces
def open_archive(path):
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 42))
        tail = file.read()
    refuse(not 42 < size <= MOST_BYTES or tail.startswith(b"PK\x06\x07"), "it is too short or too large for a pack")
    mark, disk, first, here, count, length, offset, comment = struct.unpack("<4s4H2LH", tail[-22:])
    is_plain = mark == b"PK\x05\x06" and not (comment or disk or first) and here == count
    refuse(not is_plain or offset + length + 22 != size, "it is no plain zip, or holds more than its files")
    refuse(count > MOST_FILES or length > MOST_LISTED, "its directory is too large")
    archive = zipfile.ZipFile(path)
    infos = archive.infolist()
    for info in infos:
        is_file = stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG) and not info.flag_bits & 1
        is_usual = is_file and NAME.fullmatch(info.orig_filename) and info.compress_type in (0, 8)
        refuse(not is_usual, f"{info.filename!r} has a name, a type or a compression that packs do not use")
        refuse(info.file_size > info.compress_size * 100 + 1024 * 1024, f"{info.filename!r} would become far larger")
    refuse(len({info.filename.lower() for info in infos}) != len(infos), "two files have the same name")
    refuse(sum(info.file_size for info in infos) > MOST_BYTES, "its files become too large")
    refuse(sum(info.compress_size for info in infos) > size, "its files overlap")
    return archive


def read(archive, name):
    refuse(archive.getinfo(name).file_size > MOST_TEXT, f"{name} is too large")
    return archive.read(name)


# --- Canonical JSON (RFC 8785, without fractions): a document has one form, and its hash is of that form
def written(value, depth=0):
    is_large = isinstance(value, int) and abs(value) > 2**53 - 1
    refuse(depth > 32 or isinstance(value, float) or is_large, "no such number, or nesting, is in canonical JSON")
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(f"{written(key)}:{written(one, depth + 1)}" for key, one in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(one, depth + 1) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def canonical(data):
    value = json.loads(data.decode(), parse_float=float, parse_constant=float)
    refuse(written(value).encode() != data, "the same document is written differently in canonical JSON")
    return value


# --- The tree of the log (RFC 9162, 2.1)
def climb(start, width, size, below, proof):
    """
    Climb from a node, which spans so many leaves, to the root: the last hash of a proof is the other half of the tree.

    Return two roots: of the tree that ends where the node ends, which has no right halves, and of the whole.
    """
    if size == width:
        refuse(proof or start, "the proof is longer than the tree is high")
        return below, below
    refuse(not proof or len(proof[-1]) != 32, "the proof is shorter than the tree is high, or not one of hashes")
    half, other = 1 << (size - 1).bit_length() - 1, proof[-1]  # the left half is full, and the largest that there is
    if start < half:
        old, new = climb(start, width, half, below, proof[:-1])
        return old, sha256(b"\x01" + new + other)
    old, new = climb(start - half, width, size - half, below, proof[:-1])
    return sha256(b"\x01" + other + old), sha256(b"\x01" + other + new)


def check_extended(old_size, old_root, size, root, proof):
    refuse(not 0 < old_size <= size, "nothing shows that the newer log extends the older one")
    width = size if old_size == size else old_size & -old_size  # of the last full node of the older tree
    if width < old_size:  # then it is the first of the proof; if not, it is all of the older tree
        first, *proof = proof
    else:
        first = old_root
    is_extended = climb(old_size - width, width, size, first, proof) == (old_root, root)
    refuse(not is_extended, "the newer log does not extend the older one")


# --- Keys, signed notes, checkpoints, cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature)
def decoded(text):
    data = base64.b64decode(text, validate=True)
    refuse(base64.b64encode(data).decode() != text, "it could be written in Base64 in another way, too")
    return data


def parse_keys(text):
    """A key is NAME+ID+BASE64: a byte of type and the public key. The id is of both and of the name. One a line."""
    keys = []
    for line in filter(None, text.split("\n")):
        name, key_id, public = line.split("+", 2)
        data = decoded(public)
        is_its_id = key_id == sha256(f"{name}\n".encode() + data)[:4].hex()
        refuse(not name or re.search(r"\s", name) or not is_its_id, "its id is not that of the key")
        keys.append((name, bytes.fromhex(key_id), data[:1], data[1:]))
    refuse(not keys, "there is none")
    return keys


def parse_note(note):
    text, blank, lines = note.rpartition("\n\n")
    found = re.findall(r"— ([^\s+]+) (\S+)\n", lines)
    is_whole = blank and found and "".join(f"— {name} {data}\n" for name, data in found) == lines
    refuse(not is_whole or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", note), "it is not a signed note")
    return text + "\n", [(name, decoded(data)[:4], decoded(data)[4:]) for name, data in found]


def checkpoint(note, keys):
    """Return size and root of a checkpoint that this log signed, with any of its keys: the first is that of today."""
    (text, found), name = parse_note(note), keys[0][0]
    signed = [(kind, public, value) for *whose, kind, public in keys for *by, value in found if by == whose]
    refuse(not signed, f"the checkpoint is not signed by {name}")
    for kind, public, value in signed:
        refuse(kind != b"\x01", "a log's key is one of Ed25519")
        Ed25519PublicKey.from_public_bytes(public).verify(value, text.encode())
    match = re.fullmatch(re.escape(name) + r"\n(0|[1-9][0-9]{0,18})\n(\S{43}=)\n(?:.+\n)*", text)
    refuse(not match or int(match[1]) >= 2**63, "what is signed is not a checkpoint of this log")
    return int(match[1]), decoded(match[2])


def enough_witnesses(note, policy):
    """A policy names witnesses, groups of what stands above them, and who must have cosigned: the quorum."""
    text, found = parse_note(note)
    said, quorum = {}, None
    for line in policy.split("\n"):
        match line.split():
            case ["witness", name, vkey, *_]:
                ((*whose, kind, public),) = parse_keys(vkey)
                values = [value for *by, value in found if by == whose]
                said[name] = any(is_cosigned(text, whose[0], kind, public, value) for value in values)
            case ["group", name, wanted, *members]:
                least = {"all": len(members), "any": 1}.get(wanted) or int(wanted)
                said[name] = sum(said[member] for member in members) >= least
            case ["quorum", name]:
                quorum = name
    is_enough = quorum == "none" or (quorum is not None and said[quorum])
    refuse(not is_enough, f"too few cosigned: {', '.join(name for name in said if said[name]) or 'none'}")


def is_cosigned(text, name, kind, public, value):
    seconds, signature, lines = int.from_bytes(value[:8], "big"), value[8:], text.split("\n")
    try:
        if kind == b"\x04":
            said = f"cosignature/v1\ntime {seconds}\n{text}".encode()
            Ed25519PublicKey.from_public_bytes(public).verify(signature, said)
        else:  # ML-DSA-44, in newer releases of `cryptography`
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

            who, origin = name.encode(), lines[0].encode()
            said = bytes([len(who)]) + who + value[:8] + bytes([len(origin)]) + origin
            said += struct.pack(">QQ", 0, int(lines[1])) + decoded(lines[2])
            MLDSA44PublicKey.from_public_bytes(public).verify(signature, b"subtree/v1\n\0" + said)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, ImportError):
        return False
    return seconds > 0


# --- Entries and their receipts
def check_entry(data):
    entry = canonical(data)
    groups, tables = entry["rows"], [group["table"] for group in entry["rows"]]
    is_entry = set(entry) == {"v", "id", "kind", "at", "subject", "data", "rows"} and entry["v"] == 1
    refuse(not is_entry or len(data) > 65_535 or not isinstance(entry["data"], dict), "it has not what an entry has")
    is_plain = all(set(one) == {"table", "v", "count", "sha256"} and HEX.fullmatch(one["sha256"]) for one in groups)
    refuse(not is_plain or tables != sorted(set(tables)), "its rows are not grouped as an entry groups them")
    return entry


def proven(receipt, entry, keys):
    """
    A receipt (c2sp.org/tlog-proof@v1) has the entry's index, the hashes of the proof, and the checkpoint.

    Return the index, the checkpoint's size and root, and the checkpoint.
    """
    form = r"c2sp\.org/tlog-proof@v1\n(?:extra \S+\n)?index (0|[1-9]\d{0,18})\n((?:\S+\n){0,63})\n(.*)"
    match = re.fullmatch(form, receipt, re.DOTALL)
    refuse(not match, "it is not a receipt")
    (size, root), index = checkpoint(match[3], keys), int(match[1])
    proof = [decoded(line) for line in match[2].split()]
    is_there = index < size and climb(index, 1, size, sha256(b"\x00" + entry), proof)[1] == root
    refuse(not is_there, "the inclusion proof leads elsewhere")
    return index, size, root, match[3]


# --- Money: splits, statements, transactions, and the tree of a run
def check_sums(rows):
    parts, posted = {}, {}
    for row in rows.get("royalties_split", []):
        zone = row["decision_id"], row.get("division_id"), row.get("zone", 0)
        parts[zone] = parts.get(zone, 0) + Fraction(int(row["numerator"]), int(row["denominator"]))
    for row in rows.get("royalties_posting", []):
        posted[row["transaction_id"]] = posted.get(row["transaction_id"], 0) + int(row["units"])
    for row in rows.get("royalties_statement", []):
        came = sum(int(row[name]) for name in ("earned", "released", "carried_in"))
        steps = ("held", "reserved", "recouped", "deducted", "withheld", "carried_out", "payable")
        refuse(came != sum(int(row[name]) for name in steps), f"the figures of statement {row['id']} do not add up")
    refuse(any(total != 1 for total in parts.values()) or any(posted.values()), "splits or a transaction do not add up")


def with_sums(digest, credit, debit):
    """A node of a run's tree: its hash, with what it adds and what it takes in minor units, neither below nothing."""
    return digest + credit.to_bytes(16, "big") + debit.to_bytes(16, "big")


def leaf_of(line, units, salt):
    sums = with_sums(b"", max(0, units), max(0, -units))
    return sha256(b"\x00" + bytes.fromhex(salt) + sums + written(line).encode()) + sums


def root_of(height, nodes, beside):
    """Climb from some nodes of the lowest level to the root; `beside` are the others that it takes, level by level."""
    found = (re.fullmatch(r"([0-9a-f]{64}) (\d{1,39}) (\d{1,39})", text).groups() for text in beside)
    others = (with_sums(bytes.fromhex(digest), int(credit), int(debit)) for digest, credit, debit in found)
    for _ in range(height):
        level = {}
        for place in sorted(nodes):
            if place // 2 not in level:
                other = nodes[place ^ 1] if place ^ 1 in nodes else next(others)
                left, right = (other, nodes[place]) if place & 1 else (nodes[place], other)
                sums = (sum(int.from_bytes(one[n : n + 16], "big") for one in (left, right)) for n in (32, 48))
                level[place // 2] = with_sums(sha256(b"\x01" + left + right), *sums)
        nodes = level
    refuse(set(nodes) != {0} or next(others, None) is not None, "the nodes of the run's tree lead nowhere")
    return nodes[0]


def logged(entry, name):
    """The root of a run's tree, as the run's entry has it."""
    one = entry["data"][name]
    return with_sums(bytes.fromhex(one["sha256"]), int(one["credit"]), int(one["debit"]))


def share_of(line, pool):
    """What a line gets of a pool: its weight's part, rounded down, and one more if it has what was left over."""
    exact, units = abs(int(pool)) * Fraction(line["weight"]), int(line["units"])
    share = (exact.numerator // exact.denominator + line["leftover"]) * (-1 if int(pool) < 0 else 1)
    refuse(units != share or (line["leftover"] and exact.denominator == 1), f"{units} is not its part: {line['leaf']}")
    return units


def check_terms(terms, party, said, entry):
    """Terms of money: each is the payee's and what was divided, and they lead to the root that the run's entry names."""
    refuse(terms is None and "terms" in entry["data"], "the entry names a root of terms, and the payee's are not shown")
    nodes, came = {}, {}
    for row in terms["lines"] if terms is not None else ():
        line, units, whole = row["line"], int(row["line"]["units"]), row["line"]["whole"]
        is_own = line["account"] == party and line["transaction"] not in came
        is_part = sum(share_of(one, whole) for one in line["shares"]) - int(line["before"]) == units
        refuse(not is_own or not is_part, f"a term is another's, not what was divided, or twice: {line['kind']}")
        nodes[row["place"]], came[line["transaction"]] = leaf_of(line, units, row["salt"]), units
    is_in_run = not nodes or root_of(terms["height"], nodes, terms["beside"]) == logged(entry, "terms")
    refuse(not is_in_run, "its terms do not lead to the root that the entry names")
    is_whole = len(nodes) == len(came) and (terms is None or sum(came.values()) == said)
    refuse(not is_whole, "its terms do not add up to what the statement says")


# --- Certificates
def check_certificate(archive, name, vouched):
    """A certificate is a JWS (RFC 7515), signed within its time by the first of the chain that it brings."""
    token = read(archive, name).decode()
    refuse(token not in vouched, "no entry in this pack vouches for it")
    head, body, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    header, said = json.loads(head), json.loads(body)
    chain = [x509.load_der_x509_certificate(decoded(one)) for one in header["x5c"]]
    begin, end = chain[0].not_valid_before_utc.timestamp(), chain[0].not_valid_after_utc.timestamp()
    is_timely = begin <= said["iat"] < said["exp"] <= end
    refuse(header["typ"] != "output-certificate+jwt" or not is_timely, "it is none, or outlives its signer's own")
    check_signature(chain[0].public_key(), header["alg"], signature, token.rpartition(".")[0].encode())
    for lower, upper in pairwise(chain):
        lower.verify_directly_issued_by(upper)


def check_signature(key, algorithm, signature, data):
    """JWS signs with Ed25519, RSA, or on a curve, where it writes the two numbers one after the other (RFC 7518)."""
    if algorithm == "EdDSA":
        return key.verify(signature, data)
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]
    if algorithm == "PS256":
        return key.verify(signature, data, padding.PSS(padding.MGF1(digest), 32), digest)
    half = len(signature) // 2
    pair = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    return key.verify(utils.encode_dss_signature(*pair), data, ec.ECDSA(digest))


# --- The whole
class Report:
    """Sentences by number, and how many of them say that something does not hold."""

    def __init__(self):
        self.lines, self.failed = [], 0

    def say(self, number, sentence, mark="note "):
        self.failed += mark == "FAILS"
        self.lines.append(f"{mark} {number:>2}  " + "".join(c if c.isprintable() else "\ufffd" for c in sentence))

    def check(self, number, what, work, *given, well=None):
        """Do a piece of work; say what is wrong, or that it is well, and return what came of it, or None."""
        try:
            found = work(*given)
        except Wrong as error:
            return self.say(number, f"{what}: {error}", "FAILS")
        except InvalidSignature:
            return self.say(number, f"{what}: a signature does not fit", "FAILS")
        except MALFORMED as error:
            return self.say(number, f"{what}: not as it should be ({type(error).__name__}: {error!s:.200})", "FAILS")
        if well is not None:
            self.say(number, f"{what}: {well}", "ok   ")
        return found


class Pack(Report):
    """A pack, what was found in it so far, and what was said of it."""

    def __init__(self, path):
        super().__init__()
        self.log, self.entries, self.rows = None, {}, {}  # the log's keys; bytes, and rows by table, of each entry
        self.heads, self.roots = {}, {}  # checkpoints that receipts lead to, and the roots of these and the older one
        self.archive = open_archive(path)
        self.contents = canonical(read(self.archive, "pack.json"))
        self.version, self.files = repr(self.contents["v"]), self.contents["files"]
        is_known = self.version in ("1", "2") and all(map(HEX.fullmatch, self.files.values()))
        refuse(not is_known, "it is of a version that this file does not read")
        self.listed = {int(one["index"]): one for one in self.contents["entries"]}
        self.about, self.key_file = str(self.contents["subject"]["id"]), self.contents["keys"]["log"]
        self.whole, self.older = self.contents.get("whole"), self.contents.get("older")
        self.statements = list(self.contents.get("statements", []))
        one = [self.contents["certificate"]] if self.contents.get("certificate") else []
        self.tokens = list(self.contents["certificates"]) if self.version == "2" else one

    def all_rows(self, table):
        return [row for _, tables in sorted(self.rows.items()) for row in tables.get(table, [])]

    def check_files(self):
        wrong = (set(self.archive.namelist()) - {"pack.json"}) ^ set(self.files)
        for name in set(self.files) - wrong:
            with self.archive.open(name) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != self.files[name]:
                    wrong.add(name)
        refuse(wrong, f"{', '.join(sorted(wrong)[:5])}: missing, added or changed")

    def find_keys(self, given):
        """The keys of a log: the one that signs first, and those that did before."""
        self.log = parse_keys(read(self.archive, self.key_file).decode() if given is None else given)

    def check_entries(self):
        is_listed = len(self.listed) == len(self.contents["entries"]) and (self.listed or self.version == "2")
        refuse(not is_listed, "one is listed twice, or there is none")
        for index, one in sorted(self.listed.items()):
            name = f"Entry {index}"
            entry = self.check(3, name, self.read_entry, index, one["entry"])
            if entry is not None:
                name += f" ({entry['kind']})"
                self.check(4, name, self.check_rows, index, entry["rows"], one["rows"], one.get("withheld", []))
                self.check(5, name, self.check_receipt, index, one["receipt"])
                self.check(9, name, check_sums, self.rows[index])

    def read_entry(self, index, name):
        entry = check_entry(read(self.archive, name))
        self.entries[index], self.rows[index] = read(self.archive, name), {}
        return entry

    def check_rows(self, index, groups, names, withheld):
        tables = {group["table"] for group in groups}
        odd = set(names) - tables | tables - set(names) - set(withheld)
        refuse(odd, f"the rows of {', '.join(sorted(odd))} are missing, or not logged")
        for group in groups:
            if group["table"] in names:
                data = read(self.archive, names[group["table"]])
                rows = canonical(data)
                is_all = len({str(row["id"]) for row in rows}) == group["count"]
                is_logged = sha256(data).hex() == group["sha256"] and is_all
                refuse(not is_logged, f"the rows of {group['table']} are not those that were logged")
                self.rows[index][group["table"]] = rows

    def check_receipt(self, index, name):
        place, size, root, note = proven(read(self.archive, name).decode(), self.entries[index], self.log)
        refuse(place != index, "the receipt is another entry's")
        self.keep_head(size, root, note)

    def keep_head(self, size, root, note):
        refuse(self.roots.get(size, root) != root, "two checkpoints are of two trees of one size")
        self.roots[size], self.heads[size] = root, note

    def check_head(self):
        """A pack of records rests on one checkpoint, which extends the older one in it."""
        note = read(self.archive, self.contents["checkpoint"]).decode()
        size, root = checkpoint(note, self.log)
        refuse(set(self.heads) - {size}, "a receipt leads to another one")
        self.keep_head(size, root, note)
        if self.older is not None:
            old_size, old_root = checkpoint(read(self.archive, self.older["checkpoint"]).decode(), self.log)
            proof = [bytes.fromhex(one) for one in canonical(read(self.archive, self.older["proof"]))]
            check_extended(old_size, old_root, size, root, proof)
            self.roots[old_size] = old_root

    def check_held(self, against):
        size, root = checkpoint(against, self.log)
        refuse(self.roots.get(size, root) != root, "it has another root than the pack's: the log was rewritten")
        refuse(size not in self.roots, "the pack has no proof for it: order one against this checkpoint")

    def check_whole(self):
        begin, end = self.whole["from"], self.whole["to"]
        is_whole = 0 <= begin <= end <= begin + MOST_FILES and set(range(begin, end)) <= set(self.entries)
        refuse(not is_whole, f"of the entries from {begin} to before {end} some are left out")

    def check_output(self):
        """The last decision about the output, and the digests under which its file was recorded."""
        audio, decision = self.contents["audio"], None
        for _, tables in sorted(self.rows.items()):
            for row in tables.get("rights_decision", []):
                if self.about in (row["id"], row["submission_id"]):
                    decision, signed = row, tables.get("provenance_manifest", [])
        refuse(not decision or decision["outcome"] not in ("cleared", "refused", "review"), "no entry here decides it")
        if decision["outcome"] == "cleared":
            ids, stamps = [row["id"] for row in signed], self.all_rows("provenance_timestamp")
            known = [row["output_digest"] for row in signed + [one for one in stamps if one["manifest_id"] in ids]]
        else:
            submitted = self.all_rows("rights_submission")
            known = [row["audio_id"] for row in submitted if row["id"] == decision["submission_id"]]
        is_file = self.files[audio["path"]] == audio["digest"]  # it is the file's: that was the first to be checked
        is_signed = len(signed) == (decision["outcome"] == "cleared")
        refuse(not is_file or not is_signed or audio["digest"] not in known, "the audio is not the file of the records")

    def check_statement(self, name):
        """A payee's statement: what came on it is what went, and its lines are in the run that the log names."""
        bundle = canonical(read(self.archive, name))
        said, tree, proof = bundle["statement"], bundle["lines"], bundle["statement_proof"]
        data = bundle["entry"].encode()
        entry, index = check_entry(data), proven(bundle["receipt"], data, self.log)[0]
        named = [entry["data"][name] for name in ("run", "currency", "act")]
        is_its_runs = self.entries.get(index, data) == data and named == [said["run"], said["currency"], "published"]
        refuse(not is_its_runs, "it rests on another entry than its run's")
        came, went = ({name: int(units) for name, units in said[side].items()} for side in ("came", "went"))
        refuse(sum(came.values()) != sum(went.values()), "what came on it is not what went")
        leaf = {proof["place"]: leaf_of(said, went["payable"], proof["salt"])}
        is_issued = root_of(len(proof["beside"]), leaf, proof["beside"]) == logged(entry, "statements")
        refuse(not is_issued, "it is not among the statements that the run issued")
        earned, parts, seen = 0, {}, set()
        for part in tree["partitions"]:
            nodes = {}
            for row in part["lines"]:
                line, name = row["line"], (row["line"]["output"], row["line"]["country"], row["line"]["leaf"])
                units = share_of(line, line["pool"])
                refuse(line["party"] != said["party"], f"a line is another's: {name}")
                refuse(name in seen or row["place"] in nodes, f"a line comes twice: {name}")
                seen.add(name)
                nodes[row["place"]], earned = leaf_of(line, units, row["salt"]), earned + units
            parts[part["number"]] = root_of(part["height"], nodes, part["beside"])
        is_in_run = not parts or root_of(tree["height"], parts, tree["beside"]) == logged(entry, "root")
        refuse(not is_in_run, "its lines do not lead to the root that the run's entry names")
        check_terms(bundle.get("terms"), said["party"], came.get("terms", 0), entry)
        root, accounts = entry["data"]["root"], entry["data"]["units"].values()
        is_whole = int(root["credit"]) - int(root["debit"]) == sum(int(units) for units in accounts)
        refuse(earned != came["earned"] or not is_whole, "its lines, or the run's accounts, do not add up")


def verify(path, key=None, against=None, policy=None):
    try:
        pack = Pack(path)
    except (Wrong, *MALFORMED) as error:
        raise Unreadable(f"It cannot be read as a pack: {error}") from error
    check = pack.check
    check(1, "The files", pack.check_files, well="they are those that the contents list, and all")
    if key is None:
        pack.say(2, "Without --key this shows that the pack agrees with itself, and not who made it.")
    check(2, "The log's key", pack.find_keys, key)
    if not pack.log:
        return pack
    pack.say(2, f"The log is {pack.log[0][0]}; its key's fingerprint is {sha256(pack.log[0][3]).hex()}.")
    check(3, "The entries", pack.check_entries)
    pack.say(5, f"{len(pack.entries)} entries were compared with the log, with their rows.")
    if pack.version == "1":
        check(7, "The output", pack.check_output, well="it was decided on, and the audio is the file that was recorded")
    else:
        check(6, "The checkpoint", pack.check_head, well="every receipt leads to it; it extends the older one, if any")
    if pack.version == "2" and pack.whole is not None:
        check(7, "The period", pack.check_whole, well="no entry is left out of this part")
    for name in pack.statements:
        check(10, name, pack.check_statement, name, well="its lines are in the run, and add up")
    vouched = [row.get("token") for row in pack.all_rows("provenance_certificate")]
    for name in pack.tokens:
        well = "an entry vouches for it, and its signature fits the chain that it brings"
        check(11, name, check_certificate, pack.archive, name, vouched, well=well)
    if against is not None:
        check(12, "Your checkpoint", pack.check_held, against, well="this pack rests on it")
    for size, note in sorted(pack.heads.items() if policy is not None else ()):
        check(13, f"Witnesses of {size} entries", enough_witnesses, note, policy, well="enough of your policy cosigned")
    return pack


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path")
    for name in ("--key", "--against", "--policy"):
        parser.add_argument(name, type=lambda path: pathlib.Path(path).read_text("utf-8"))
    try:
        report = verify(**vars(parser.parse_args()))
    except (Unreadable, OSError) as error:
        print(f"This file cannot be checked. {error}")
        return 2
    print("\n".join(report.lines) + "\n\n" + __doc__[__doc__.index("Not checked here") :])
    print(f"{report.failed} checks failed." if report.failed else "Everything that was checked holds.")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
