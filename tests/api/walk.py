"""Asks the API as a program of each role does, with whatever schemathesis makes up, and holds it to its document.

No answer may be a fault of the server or one that the document does not name; each must have the documented form,
a token must be needed, a method that is not documented refused. Of the operations four fifths must come to a success.

Usage: walk.py SCHEMATHESIS BASE FOLDER ROLE=TOKEN...
"""

import json
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

SHARE_MIN = 0.8
EXAMPLES = 12
SEED = 186
# What the chart decides about a payload is no matter of the document: 409, 412, 422 and 428 are answers to sound data too.
SOUND = ["2xx", "304", "401", "403", "404", "409", "412", "422", "428"]


def ask(base, token, path, method="GET", body=None, headers=None):
    """The status and the JSON of one answer."""
    request = urllib.request.Request(f"{base}{path}", method=method)
    request.add_header("Authorization", f"Bearer {token}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    data = None
    if body is not None:
        request.add_header("Content-Type", "application/json")
        data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def sample(schema):
    """A value that the JSON Schema of an action is likely to take."""
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        wanted = schema.get("required", [])
        return {name: sample(one) for name, one in schema.get("properties", {}).items() if name in wanted}
    if kind == "array":
        return [sample(schema.get("items", {}))] if schema.get("minItems") else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    if schema.get("format") == "date":
        return "2022-06-30"
    return "Đã xem xét."


def an_action(base, token):
    """A case, an action and a body that this token can send now."""
    _, tasks = ask(base, token, "/api/v1/tasks?limit=60")
    _, cases = ask(base, token, "/api/v1/cases?open=yes&limit=40")
    ids = [task["case"]["id"] for task in tasks["items"]] + [case["id"] for case in cases["items"]]
    for case in dict.fromkeys(ids):
        _, actions = ask(base, token, f"/api/v1/cases/{case}/actions")
        for action in actions["allowed"]:
            path = f"/api/v1/cases/{case}/actions/{action['name']}?dry_run=true"
            body = sample(action["schema"]) if action["schema"] else None
            headers = {"If-Match": "*", "Idempotency-Key": "walk"}
            status, _ = ask(base, token, path, "POST", body, headers)
            if status == 200:
                return case, action["name"], body
    return (ids[0] if ids else None), "submit", {}


def a_report(base, token):
    """A report of this token's own organisation that can be handed in now; else any that it may see."""
    _, me = ask(base, token, "/api/v1/me")
    own = me["organisation"]["id"]
    _, reports = ask(base, token, "/api/v1/reports?limit=200")
    usable = [one for one in reports["items"] if one["href"]]
    usable.sort(key=lambda one: (one["unit"]["id"] != own, one["mark"] not in ("awaited", "overdue")))
    for one in usable:
        platform = (one["platform"] or {"id": "ministry"})["id"]
        status, whole = ask(base, token, one["href"])
        if status != 200:
            continue
        content = {"not_available": whole["required"], "nil_report": False, "reason": "Đính chính số liệu."}
        if "reason" not in (whole["schema"] or {}).get("properties", {}):
            del content["reason"]
        path = f"/api/v1/reports/{platform}/{one['period']}"
        query = "?validate_only=true"
        status, _ = ask(base, token, path + query, "PUT", content, {"If-Match": "*"})
        if status == 200:
            return platform, one["period"], own, content
    if not usable:
        return None
    one = usable[0]
    return (one["platform"] or {"id": "ministry"})["id"], one["period"], one["unit"]["id"], {"nil_report": True}


def fitted(base, token):
    """The document with examples that mean something to this token."""
    _, document = ask(base, token, "/api/openapi.json")
    # A stream has no end; tests/pages reads it.
    del document["paths"]["/entries/stream"]
    case, action, body = an_action(base, token)
    report = a_report(base, token)
    nowhere = "00000000-0000-0000-0000-000000000000"
    known = {"id": [one for one in (case, nowhere) if one], "name": [action, "submit", "dance"]}
    if report:
        platform, period, unit, content = report
        known |= {"platform": [platform, "ndp2022-99"], "period": [period, "1999-01"]}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                name, place = parameter["name"], parameter["in"]
                if place == "path" and name in known:
                    parameter["schema"] = {"type": "string", "enum": known[name]}
                    parameter["example"] = known[name][0]
                elif name in ("dry_run", "validate_only"):
                    parameter["example"] = True
                elif place == "query":
                    # Whatever is filled in narrows: a success needs none of it.
                    parameter.pop("example", None)
                    parameter.get("schema", {}).pop("example", None)
                if name == "unit" and report:
                    parameter["example"] = unit
            if operation["operationId"] == "act":
                operation["requestBody"]["content"]["application/json"]["example"] = body
            if operation["operationId"] == "putReport" and report:
                operation["requestBody"]["content"]["application/json"]["example"] = content
    return document


def config(folder):
    """What schemathesis is told beside its arguments."""
    path = folder / "schemathesis.toml"
    path.write_text(
        "[checks]\n"
        f"positive_data_acceptance.expected-statuses = {json.dumps(SOUND)}\n"
        "missing_required_header.expected-statuses = [400, 401, 428]\n"
    )
    return path


def statuses(document, har):
    """The statuses that each operation came to."""
    found = {}
    routes = []
    for path, methods in document["paths"].items():
        pattern = re.compile("/api/v1" + re.sub(r"\\\{\w+\\\}", "[^/]*", re.escape(path)) + "$")
        for method, operation in methods.items():
            routes.append((method.upper(), pattern, operation["operationId"]))
            found[operation["operationId"]] = set()
    for entry in json.loads(har.read_text())["log"]["entries"]:
        request = entry["request"]
        path = re.sub(r"^https?://[^/]+", "", request["url"]).split("?")[0]
        for method, pattern, name in routes:
            if request["method"] == method and pattern.match(path):
                found[name].add(entry["response"]["status"])
    return found


def run(schemathesis, base, folder, role, token):
    """Walks as one role; how many operations held and how many did not."""
    document = fitted(base, token)
    schema, har, junit = (folder / f"{role}.{end}" for end in ("json", "har", "xml"))
    schema.write_text(json.dumps(document, ensure_ascii=False))
    # One worker: Python before 3.11.5 fails now and then where two threads read syntax trees at once.
    command = [
        schemathesis, "--no-color", "--config-file", str(config(folder)), "run", str(schema),
        "--url", f"{base}/api/v1", "--header", f"Authorization: Bearer {token}",
        "--checks", "all", "--exclude-checks", "use_after_free,ensure_resource_availability",
        "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", str(SEED),
        "--workers", "1", "--continue-on-failure", "--request-timeout", "30",
        "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off",
        "--report", "har", "--report-har-path", str(har),
    ]
    # It keeps notes where it runs.
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=folder)
    said = done.stdout + done.stderr
    (folder / f"{role}.txt").write_text(said)
    if not har.exists():
        print(said)
        return 0, 1
    found = statuses(document, har)
    documented = {
        operation["operationId"]: {int(status) for status in operation["responses"]} | {405}
        for methods in document["paths"].values() for operation in methods.values()
    }
    passed = failed = 0
    for name, seen in sorted(found.items()):
        strange = {status for status in seen if status >= 500 or status not in documented[name]}
        if strange or not seen:
            failed += 1
            print(f"FAILED {role} {name}: {sorted(strange) or 'never asked'}")
        else:
            passed += 1
    succeeded = [name for name, seen in found.items() if any(200 <= status < 300 for status in seen)]
    share = len(succeeded) / len(found)
    print(f"{role}: {len(succeeded)} of {len(found)} operations came to a success ({share:.0%})")
    missing = sorted(set(found) - set(succeeded))
    if missing:
        print(f"  not: {', '.join(missing)}")
    for holds, words in [
        (share >= SHARE_MIN, f"fewer than {SHARE_MIN:.0%} of the operations came to a success"),
        (done.returncode == 0, "schemathesis found what does not fit the document"),
    ]:
        if holds:
            passed += 1
        else:
            failed += 1
            print(f"FAILED {role}: {words}")
    if done.returncode != 0:
        print(said)
    return passed, failed


def main():
    schemathesis, base, folder, *roles = sys.argv[1:]
    schemathesis, folder = str(pathlib.Path(schemathesis).absolute()), pathlib.Path(folder).absolute()
    passed = failed = 0
    for one in roles:
        role, token = one.split("=", 1)
        held, broke = run(schemathesis, base, folder, role, token)
        passed, failed = passed + held, failed + broke
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
