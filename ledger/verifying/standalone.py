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

Not checked, as the output says, too: the C2PA signature inside audio, whether a certificate's chain leads to a root of
yours and was revoked (ledger-verify --roots); whether what was written down was true. Exit status: 0 if all holds, 1 if something does not, 2 if the file cannot be read.
"""

import argparse, base64, hashlib, json, re, stat, struct, sys, zipfile, zlib
from fractions import Fraction
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_FILES, MOST_BYTES, MOST_TEXT = 10_000, 2_000_000_000, 64 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,3}")
HEX = re.compile(r"[0-9a-f]{64}")
UNEXPECTED = (LookupError, TypeError, ValueError, AttributeError, StopIteration, ArithmeticError, RecursionError)


NOT_CHECKED = """
Not checked here: the C2PA signature inside audio; whether the chain of a certificate leads to a root that you trust,
or was revoked; what became of an output since. `ledger-verify PACK.zip --key log.vkey --roots roots.pem`, with the
service's own verifier, checks the first two. Nobody can check from a pack whether what was written down was true."""


class Unreadable(Exception):
    """The pack cannot be read, so that nothing can be said about it."""


class Wrong(Exception):
    """Something does not hold."""


def refuse(is_so, sentence, kind=Wrong):
    """Stop where it is so."""
    if is_so:
        raise kind(sentence)


def sha256(data):
    return hashlib.sha256(data).digest()


# --- The archive may be hostile: nothing is unpacked to a path, and no more is read than its directory announces


def open_archive(path):
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 42))
        tail = file.read()
    if not 22 <= size <= MOST_BYTES or tail[-22:-18] != b"PK\x05\x06" or tail.startswith(b"PK\x06\x07"):
        raise Unreadable("It does not end as a pack ends, or is too large.")
    disk, first, here, count, length, offset, comment = struct.unpack("<4H2LH", tail[-18:])
    if comment or disk or first or here != count or count > MOST_FILES or offset + length + 22 != size:
        raise Unreadable("A pack is one plain zip: no comment, no zip64, nothing between its parts.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as error:
        raise Unreadable(f"Its directory cannot be read: {error}") from error
    infos = archive.infolist()
    for info in infos:
        is_plain = stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG) and not info.flag_bits & 1
        if not NAME.fullmatch(info.orig_filename) or not is_plain or info.compress_type not in (0, 8):
            raise Unreadable(f"{info.filename!r} has a name, a type or a compression that packs do not use.")
        if info.file_size > info.compress_size * 100 + 1024 * 1024:
            raise Unreadable(f"{info.filename!r} would become far larger than what is stored of it.")
    if len({info.filename.lower() for info in infos}) != len(infos) or length > 4 * 1024 * 1024:
        raise Unreadable("Two files have the same name, or its directory is too large.")
    if sum(info.file_size for info in infos) > MOST_BYTES or sum(info.compress_size for info in infos) > size:
        raise Unreadable("Its files overlap, or become too large.")
    return archive


def chunks(archive, name):
    try:
        with archive.open(name) as member:
            while data := member.read(1024 * 1024):
                yield data
    except KeyError:
        raise Wrong(f"{name} is not in the pack.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, RuntimeError) as error:
        raise Wrong(f"{name} is damaged: {error}") from error


def read(archive, name):
    refuse(name in archive.namelist() and archive.getinfo(name).file_size > MOST_TEXT, f"{name} is too large.")
    return b"".join(chunks(archive, name))


# --- Canonical JSON (RFC 8785, without fractions): a document has one form, and its hash is of that form


def written(value, depth=0):
    if depth > 32 or isinstance(value, float) or (isinstance(value, int) and abs(value) > 2**53 - 1):
        raise Wrong("no such number, or nesting")
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(f"{written(key)}:{written(one, depth + 1)}" for key, one in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(one, depth + 1) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def canonical(data):
    try:
        value = json.loads(data.decode(), parse_float=float, parse_constant=float)
        if written(value).encode() == data:
            return value
    except (ValueError, RecursionError) as error:
        raise Wrong(f"It is not canonical JSON: {str(error)[:80]}") from error
    raise Wrong("The same document is written differently in canonical form.")


# --- The tree of the log (RFC 6962, RFC 9162)


def node(left, right):
    return sha256(b"\x01" + left + right)


def climb(position, last, proof, old, new):
    """Climb from a node to the root; `old` climbs by left siblings only, as the root of a tree that ends there."""
    for one in proof:
        refuse(last == 0 or len(one) != 32, "the proof is too long, or no proof")
        if position & 1 or position == last:
            old, new = node(one, old), node(one, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node(new, one)
        position, last = position >> 1, last >> 1
    refuse(last, "The proof is shorter than the tree is high.")
    return old, new


def included(leaf, index, size, proof, root):
    if not 0 <= index < size or climb(index, size - 1, proof, leaf, leaf)[1] != root:
        raise Wrong("the inclusion proof leads elsewhere")


def consistent(old_size, old_root, size, root, proof):
    if old_size == size and not proof and old_root == root:
        return
    refuse(not 0 < old_size < size or not proof, "nothing shows that the newer log extends the older")
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    if climb(position, last, path[1:], path[0], path[0]) != (old_root, root):
        raise Wrong("the newer log does not extend the older one")


# --- Keys, signed notes, checkpoints, cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature)


def decoded(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the only way to write it")
    return data


def parse_key(text):
    """A key is NAME+ID+BASE64: a byte of type and the public key. The id is of both and of the name."""
    try:
        name, key_id, public = text.removesuffix("\n").split("+", 2)
        data = decoded(public)
        if not name or re.search(r"\s", name) or key_id != sha256(f"{name}\n".encode() + data)[:4].hex():
            raise ValueError("its id is not that of the key")
    except ValueError as error:
        raise Wrong(f"This is not a key: {error}") from error
    return name, bytes.fromhex(key_id), data[:1], data[1:]


def keys_of(archive, name, given):
    """The keys of a log, one a line: the one that signs first, and those that did before."""
    text = read(archive, name).decode() if given is None else given
    return [parse_key(line) for line in text.split("\n") if line] or parse_key(text)


def parse_note(note):
    text, blank, lines = note.rpartition("\n\n")
    found = re.findall(r"— ([^\s+]+) (\S+)\n", lines)
    is_whole = blank and found and "".join(f"— {name} {data}\n" for name, data in found) == lines
    refuse(not is_whole or re.search(r"[\x00-\x09\x0b-\x1f\x7f]", note), "It is not a signed note.")
    try:
        return text + "\n", [(name, data[:4], data[4:]) for name, data in ((n, decoded(d)) for n, d in found)]
    except ValueError as error:
        raise Wrong("A signature line is not written as one.") from error


def checkpoint(note, keys):
    """Return size and root of a checkpoint that this log signed, with any of its keys."""
    text, found = parse_note(note)
    name, signed = keys[0][0], False
    try:
        for who, key_id, kind, public in keys:
            for value in [value for one, id_, value in found if (one, id_) == (who, key_id)]:
                Ed25519PublicKey.from_public_bytes(public).verify(value, text.encode())
                signed = kind == b"\x01"
    except (InvalidSignature, ValueError):
        signed = False
    refuse(not signed, f"The checkpoint is not signed by {name}, or its signature does not fit.")
    match = re.fullmatch(re.escape(name) + r"\n(0|[1-9][0-9]{0,18})\n(\S{43}=)\n(?:.+\n)*", text)
    refuse(not match or int(match[1]) >= 2**63, "What is signed is not a checkpoint of this log.")
    return int(match[1]), decoded(match[2])


def enough_witnesses(note, policy):
    """Return the witnesses of a policy that cosigned; groups name what stands above them."""
    text, found = parse_note(note)
    said, quorum = {}, None
    for line in policy.split("\n"):
        match line.split():
            case ["witness", name, vkey, *_]:
                key = parse_key(vkey)
                said[name] = any(
                    is_cosigned(text, key[0], *key[2:], value) for who, id_, value in found if (who, id_) == key[:2]
                )
            case ["group", name, wanted, *members]:
                least = {"all": len(members), "any": 1}.get(wanted) or int(wanted)
                said[name] = sum(said[member] for member in members) >= least
            case ["quorum", name]:
                quorum = name
    if quorum is None or (quorum != "none" and not said[quorum]):
        raise Wrong(f"too few of your policy cosigned: {', '.join(name for name in said if said[name]) or 'none'}")
    return [name for name in said if said[name]]


def is_cosigned(text, name, kind, public, value):
    seconds, signature, lines = int.from_bytes(value[:8], "big"), value[8:], text.split("\n")
    try:
        if kind == b"\x04":
            said = f"cosignature/v1\ntime {seconds}\n{text}".encode()
            Ed25519PublicKey.from_public_bytes(public).verify(signature, said)
        else:  # ML-DSA-44, in newer releases of `cryptography`
            from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

            who, origin = name.encode(), lines[0].encode()
            tree = struct.pack(">QQ", 0, int(lines[1])) + decoded(lines[2])
            said = bytes([len(who)]) + who + struct.pack(">Q", seconds) + bytes([len(origin)]) + origin + tree
            MLDSA44PublicKey.from_public_bytes(public).verify(signature, b"subtree/v1\n\0" + said)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, ImportError):
        return False
    return seconds > 0


# --- Entries, their rows and their receipts


def parse_receipt(text):
    """A receipt is c2sp.org/tlog-proof@v1: the entry's index, the hashes of the proof, and the checkpoint."""
    match = re.fullmatch(
        r"c2sp\.org/tlog-proof@v1\n(?:extra \S+\n)?index (0|[1-9]\d{0,18})\n((?:\S+\n){0,63})\n(.*)", text, re.DOTALL
    )
    refuse(not match, "It is not a receipt.")
    return int(match[1]), [decoded(line) for line in match[2].split()], match[3]


def check_entry(data):
    entry = canonical(data)
    tables = [group["table"] for group in entry["rows"]]
    members = {"table", "v", "count", "sha256"}
    is_plain = all(set(one) == members and HEX.fullmatch(one["sha256"]) for one in entry["rows"])
    if set(entry) != {"v", "id", "kind", "at", "subject", "data", "rows"} or entry["v"] != 1 or len(data) > 65_535:
        raise Wrong("It has not the members of an entry.")
    if not is_plain or tables != sorted(set(tables)) or not isinstance(entry["data"], dict):
        raise Wrong("Its rows are not grouped as an entry groups them.")
    return entry


def check_rows(archive, name, group):
    data = read(archive, name)
    rows = canonical(data)
    if hashlib.sha256(data).hexdigest() != group["sha256"] or len({str(row["id"]) for row in rows}) != group["count"]:
        raise Wrong(f"the rows of {group['table']} are not those that were logged")
    return rows


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


def sums(credit, debit):
    refuse(credit < 0 or debit < 0, "a node of the run's tree adds or takes less than nothing")
    return credit.to_bytes(16, "big") + debit.to_bytes(16, "big")


def leaf_of(line, units, salt):
    """A leaf of a run's tree: its hash, with what it adds and what it takes in minor units."""
    credit, debit = max(0, units), max(0, -units)
    return sha256(b"\x00" + bytes.fromhex(salt) + sums(credit, debit) + written(line).encode()), credit, debit


def above(left, right):
    digest = sha256(b"\x01" + left[0] + sums(*left[1:]) + right[0] + sums(*right[1:]))
    return digest, left[1] + right[1], left[2] + right[2]


def root_of(height, nodes, beside):
    """Climb from some nodes of the lowest level to the root; `beside` are the others that it takes, level by level."""
    others = iter(beside)
    for _ in range(height):
        level = {}
        for place in sorted(nodes):
            if place // 2 not in level:
                other = nodes[place ^ 1] if place ^ 1 in nodes else next(others)
                level[place // 2] = above(other, nodes[place]) if place & 1 else above(nodes[place], other)
        nodes = level
    refuse(set(nodes) != {0} or next(others, None) is not None, "the nodes of the run's tree lead nowhere")
    return nodes[0]


def parse_nodes(texts):
    found = [re.fullmatch(r"([0-9a-f]{64}) (\d{1,39}) (\d{1,39})", text).groups() for text in texts]
    return [(bytes.fromhex(digest), int(credit), int(debit)) for digest, credit, debit in found]


def logged_node(entry, name):
    one = entry["data"][name]
    return bytes.fromhex(one["sha256"]), int(one["credit"]), int(one["debit"])


def share_of(line, pool):
    """What a line gets of a pool: its weight's part, rounded down, and one more if it has what was left over."""
    exact, units = abs(int(pool)) * Fraction(line["weight"]), int(line["units"])
    share = (exact.numerator // exact.denominator + line["leftover"]) * (-1 if int(pool) < 0 else 1)
    refuse(units != share or (line["leftover"] and exact.denominator == 1), f"{units} is not its part: {line['leaf']}")
    return units


def check_bundle(archive, name, entries, key):
    """A payee's statement: what came on it is what went, and its lines are in the run that the log names."""
    bundle = canonical(read(archive, name))
    said, logged, tree = bundle["statement"], bundle["entry"].encode(), bundle["lines"]
    entry, (index, proof, note) = check_entry(logged), parse_receipt(bundle["receipt"])
    size, root = checkpoint(note, key)
    included(sha256(b"\x00" + logged), index, size, proof, root)
    named = [entry["data"][name] for name in ("run", "currency", "act")]
    if entries.get(index, logged) != logged or named != [said["run"], said["currency"], "published"]:
        raise Wrong("it rests on another entry than its run's")
    came, went = ({name: int(units) for name, units in said[side].items()} for side in ("came", "went"))
    refuse(sum(came.values()) != sum(went.values()), "what came on it is not what went")
    proof = bundle["statement_proof"]
    leaf = {proof["place"]: leaf_of(said, went["payable"], proof["salt"])}
    if root_of(len(proof["beside"]), leaf, parse_nodes(proof["beside"])) != logged_node(entry, "statements"):
        raise Wrong("it is not among the statements that the run issued")
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
        parts[part["number"]] = root_of(part["height"], nodes, parse_nodes(part["beside"]))
    root = logged_node(entry, "root")
    if parts and root_of(tree["height"], parts, parse_nodes(tree["beside"])) != root:
        raise Wrong("its lines do not lead to the root that the run's entry names")
    check_terms(bundle.get("terms"), said["party"], came.get("terms", 0), entry)
    if earned != came["earned"] or root[1] - root[2] != sum(int(one) for one in entry["data"]["units"].values()):
        raise Wrong("its lines, or the run's accounts, do not add up")


def check_terms(terms, party, said, entry):
    """Terms of money: each is the payee's and what was divided, and they lead to the root that the run's entry names."""
    if terms is None:
        refuse("terms" in entry["data"], "the run's entry names a root of terms, and the payee's are not shown")
        return
    nodes, came = {}, {}
    for row in terms["lines"]:
        line, units, whole = row["line"], int(row["line"]["units"]), row["line"]["whole"]
        is_own = line["account"] == party and line["transaction"] not in came
        shared = sum(share_of(one, whole) for one in line["shares"]) - int(line["before"])
        refuse(
            not is_own or shared != units, f"a term is not the payee's, not what was divided, or twice: {line['kind']}"
        )
        nodes[row["place"]], came[line["transaction"]] = leaf_of(line, units, row["salt"]), units
    root = root_of(terms["height"], nodes, parse_nodes(terms["beside"])) if nodes else None
    refuse(nodes and root != logged_node(entry, "terms"), "its terms do not lead to the root that the entry names")
    refuse(len(nodes) != len(came) or sum(came.values()) != said, "its terms do not add up to what the statement says")


# --- The whole


class Report:
    """Sentences by number, and how many of them say that something does not hold."""

    def __init__(self):
        self.lines, self.failed = [], 0

    def say(self, number, sentence, mark="ok   "):
        self.failed += mark == "FAILS"
        self.lines.append(f"{mark} {number:>2}  " + "".join(c if c.isprintable() else "\ufffd" for c in str(sentence)))

    def check(self, number, what, work, *given, well=None):
        """Do a piece of work; say what is wrong, or that it is well, and return what came of it."""
        try:
            found = work(*given)
        except Wrong as error:
            return self.say(number, f"{what}: {error}", "FAILS")
        except UNEXPECTED as error:
            return self.say(number, f"{what} is not what it should be ({type(error).__name__}).", "FAILS")
        if well is not None:
            self.say(number, well)
        return True if found is None else found


def verify(path, key=None, against=None, policy=None):
    report, archive = Report(), open_archive(path)
    try:
        contents = canonical(read(archive, "pack.json"))
        version, files = contents["v"], dict(contents["files"])
        listed = {int(one["index"]): one for one in contents["entries"]}
        if version not in (1, 2) or isinstance(version, bool) or not all(map(HEX.fullmatch, files.values())):
            raise Wrong("It is of a version that this file does not read.")
        whole, older, statements = contents.get("whole"), contents.get("older"), list(contents.get("statements", []))
        tokens = list(contents["certificates"]) if version == 2 else [*filter(None, [contents.get("certificate")])]
        about, key_file = str(contents["subject"]["id"]), contents["keys"]["log"]
    except (Wrong, *UNEXPECTED) as error:
        raise Unreadable(f"Its contents cannot be read: {error}") from error
    if len(listed) != len(contents["entries"]) or (version == 1 and not listed):
        report.say(3, "An entry is listed twice, or there is none.", "FAILS")
    report.check(1, "The files", check_files, archive, files, well="They are those that the contents list, and all.")
    if key is None:
        report.say(2, "Without --key this shows that the pack agrees with itself, and not who made it.", "note ")
    log = report.check(2, "The log's key", keys_of, archive, key_file, key)
    if log is None:
        return report
    report.say(2, f"The log is {log[0][0]}; its key's fingerprint is {sha256(log[0][3]).hex()}.", "note ")
    entries, rows, heads = {}, {}, {}
    for index, one in sorted(listed.items()):
        name, tables = f"Entry {index}", one["rows"]
        data = report.check(3, name, read, archive, one["entry"])
        entry = report.check(3, name, check_entry, data)
        if not isinstance(entry, dict):
            continue
        entries[index], rows[index], name = data, {}, f"Entry {index} ({entry['kind']})"
        groups = {group["table"]: group for group in entry["rows"]}
        if extra := set(tables) - set(groups) or set(groups) - set(tables) - set(one.get("withheld", [])):
            report.say(4, f"{name}: the rows of {', '.join(sorted(extra))} are missing, or not logged.", "FAILS")
        for table in set(tables) & set(groups):
            found = report.check(4, name, check_rows, archive, tables[table], groups[table])
            rows[index][table] = found if isinstance(found, list) else []
        report.check(5, name, check_receipt, archive, one["receipt"], index, data, log, heads)
        report.check(9, name, check_sums, rows[index])
    report.say(5, f"{len(entries)} entries were compared with the log, with their rows.", "note ")
    if version == 2:
        well = "Every receipt leads to the pack's one checkpoint, which extends the older one in it, if any."
        report.check(6, "The checkpoint", check_one, archive, contents["checkpoint"], older, log, heads, well=well)
        if whole is not None:
            report.check(7, "The period", check_whole, whole, entries, well="No entry is left out of this part.")
    else:
        well = "It was decided on, and the audio is the file that was recorded."
        report.check(7, "The output", check_output, contents, about, rows, well=well)
    for name in statements:
        well = f"{name}: its lines are in the run, and add up."
        report.check(10, name, check_bundle, archive, name, entries, log, well=well)
    vouched = {row.get("token") for tables in rows.values() for row in tables.get("provenance_certificate", [])}
    for name in tokens:
        well = f"{name}: an entry vouches for it, and its signature fits the chain that it brings."
        report.check(11, name, check_certificate, archive, name, vouched, well=well)
    if against is not None:
        well = "Your checkpoint is one that this pack rests on."
        report.check(12, "Your checkpoint", check_held, archive, against, older, log, heads, well=well)
    for size, (_, note) in sorted(heads.items() if policy is not None else ()):
        well = f"By your policy enough witnesses cosigned the checkpoint of {size} entries."
        report.check(13, "Witnesses", enough_witnesses, note, policy, well=well)
    return report


def check_files(archive, files):
    names = set(archive.namelist()) - {"pack.json"}
    wrong = names ^ set(files)
    for name in names & set(files):
        digest = hashlib.sha256()
        for data in chunks(archive, name):
            digest.update(data)
        if digest.hexdigest() != files[name]:
            wrong.add(name)
    refuse(wrong, f"{', '.join(sorted(wrong)[:5])}: missing, added or changed")


def check_receipt(archive, name, index, entry, log, heads):
    place, proof, note = parse_receipt(read(archive, name).decode())
    size, root = checkpoint(note, log)
    included(sha256(b"\x00" + entry), place, size, proof, root)
    if place != index or heads.setdefault(size, (root, note))[0] != root:
        raise Wrong("another entry's, or two trees of one size")


def check_one(archive, name, older, log, heads):
    """A pack of records rests on one checkpoint, which extends the older one in it. Return its size."""
    note = read(archive, name).decode()
    size, root = checkpoint(note, log)
    refuse(any((one, other) != (size, root) for one, (other, _) in heads.items()), "a receipt leads to another one")
    heads[size] = root, note
    if older is not None:
        hashes = [bytes.fromhex(one) for one in canonical(read(archive, older["proof"]))]
        consistent(*checkpoint(read(archive, older["checkpoint"]).decode(), log), size, root, hashes)
    return size


def check_whole(whole, entries):
    begin, end = whole["from"], whole["to"]
    if not 0 <= begin <= end <= begin + MOST_FILES or not set(range(begin, end)) <= set(entries):
        raise Wrong(f"of the entries from {begin} to before {end} some are left out")


def check_output(contents, about, rows):
    """The last decision about the output, and the digests under which its file was recorded."""
    decision, signed = None, []
    for _, tables in sorted(rows.items()):
        for row in tables.get("rights_decision", []):
            if about in (row["id"], row["submission_id"]):
                decision, signed = row, tables.get("provenance_manifest", [])
    if decision is None or decision["outcome"] not in ("cleared", "refused", "review"):
        raise Wrong("no entry in this pack decides it")
    digest = contents["files"][contents["audio"]["path"]]  # it is the file's: that was the first thing to be checked
    stamps = [row for tables in rows.values() for row in tables.get("provenance_timestamp", [])]
    known = [row["output_digest"] for row in signed]
    known += [row["output_digest"] for row in stamps if row["manifest_id"] in [one["id"] for one in signed]]
    if decision["outcome"] != "cleared":
        submitted = [row for tables in rows.values() for row in tables.get("rights_submission", [])]
        known = [row["audio_id"] for row in submitted if row["id"] == decision["submission_id"]]
    is_signed = len(signed) == (decision["outcome"] == "cleared")
    if not is_signed or digest not in known or digest != contents["audio"]["digest"]:
        raise Wrong("the audio is not the file that the records name")


def check_certificate(archive, name, vouched):
    """A certificate is a JWS (RFC 7515), signed within its time by the first of the chain that it brings."""
    token = read(archive, name).decode()
    refuse(token not in vouched, "no entry in this pack vouches for it")
    head, body, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    header, said = json.loads(head), json.loads(body)
    chain = [x509.load_der_x509_certificate(decoded(one)) for one in header["x5c"]]
    begin, end = chain[0].not_valid_before_utc.timestamp(), chain[0].not_valid_after_utc.timestamp()
    if header["typ"] != "output-certificate+jwt" or not begin <= said["iat"] < said["exp"] <= end:
        raise Wrong("it is no certificate of an output, or holds for longer than its signer's own")
    try:
        check_signature(chain[0].public_key(), header["alg"], signature, token.rpartition(".")[0].encode())
        for lower, upper in pairwise(chain):
            lower.verify_directly_issued_by(upper)
    except InvalidSignature:
        raise Wrong("its signature does not fit the chain that it brings") from None


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


def check_held(archive, against, older, log, heads):
    size, root = checkpoint(against, log)
    known = {one: other for one, (other, _) in heads.items()}
    if older is not None:
        known.setdefault(*checkpoint(read(archive, older["checkpoint"]).decode(), log))
    refuse(known.get(size, root) != root, "it has another root than the pack's: the log was rewritten")
    refuse(size not in known, "the pack has no proof for it: order one against this checkpoint")


def text_of(name):
    with open(name, encoding="utf-8") as file:
        return file.read(1_000_000)


def main():
    parser = argparse.ArgumentParser(description="Check an evidence pack.")
    parser.add_argument("pack")
    parser.add_argument("--key", help="file with the log's public key, from a source you trust")
    parser.add_argument("--against", help="file with an older checkpoint of the log")
    parser.add_argument("--policy", help="file with whom you trust as witnesses (c2sp.org/tlog-policy)")
    given = parser.parse_args()
    try:
        report = verify(given.pack, *(name and text_of(name) for name in (given.key, given.against, given.policy)))
    except (Unreadable, OSError, UnicodeDecodeError) as error:
        print(f"This file cannot be checked. {error}")
        return 2
    print("\n".join(report.lines) + "\n" + NOT_CHECKED)
    print(f"\n{report.failed} checks failed." if report.failed else "\nEverything that was checked holds.")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
