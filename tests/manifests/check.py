"""Checks every manifest below k8s/ without a cluster: `just manifests`.

What kustomize builds of each environment and every file of the lab is held against the schemas of three Kubernetes
versions, against checkov (k8s/.checkov.yaml and k8s/lab/.checkov.yaml say what it is not asked, and why), and against the
rules below that no schema knows: a Service selects a pod, a token of one environment is none of another, times add up.
The exercise with the planted faults has to fail. Needs kubectl or kustomize, openssl.
"""

import ipaddress
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSIONS = ["1.34", "1.35", "1.36", "1.37"]
# Overlays by name; the namespace tells the environment.
OVERLAYS = ["dev", "dev-gateway", "staging", "production"]
# Lesson 4: the learner finds the missing label.
PUZZLE = ("Service", "monolith", {"secure": "enabled"})
# Where Pods and nodes have their addresses, and clients on the Internet do not.
PRIVATE = [
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]
# Of resource definitions, which have no schema in kubernetes-validate.
CUSTOM = ["gateway.networking.k8s.io/v1"]


def build(overlay):
    """What `kubectl apply -k` would send."""
    tool = ["kubectl", "kustomize"] if shutil.which("kubectl") else ["kustomize", "build"]
    run = subprocess.run([*tool, str(overlay)], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{overlay.name} does not build: {run.stderr}")
    return run.stdout


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def label(document):
    return f"{document['kind']}/{document['metadata']['name']}"


def template(document):
    """The pod that an object makes: its labels and its specification. None of other objects."""
    spec = document.get("spec", {})
    match document["kind"]:
        case "Pod":
            pod = document
        case "Deployment" | "StatefulSet" | "DaemonSet" | "Job":
            pod = spec["template"]
        case "CronJob":
            pod = spec["jobTemplate"]["spec"]["template"]
        case _:
            return None
    return pod.get("metadata", {}).get("labels", {}), pod["spec"]


def pods(objects):
    return [(document, *template(document)) for document in objects if template(document)]


def containers(spec):
    return spec.get("initContainers", []) + spec["containers"]


def schema_faults(objects):
    for document in objects:
        if document["apiVersion"] in CUSTOM:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as fault:
                yield f"{label(document)}: {version}: {'.'.join(map(str, fault.path))}: {fault.message}"


def selector_faults(objects):
    """Services and disruption budgets that select no pod, and ports that no selected pod has."""
    for document in objects:
        if document["kind"] == "Service":
            selector = document["spec"]["selector"]
        elif document["kind"] == "PodDisruptionBudget":
            selector = document["spec"]["selector"]["matchLabels"]
        else:
            continue
        selected = [spec for _, labels, spec in pods(objects) if selector.items() <= labels.items()]
        if not selected:
            yield f"{label(document)} selects no pod: {selector}"
        for port in document["spec"].get("ports", []) if selected else []:
            known = [p.get("name") for spec in selected for c in containers(spec) for p in c.get("ports", [])]
            numbers = [p["containerPort"] for spec in selected for c in containers(spec) for p in c.get("ports", [])]
            if port["targetPort"] not in known + numbers:
                yield f"{label(document)}: no selected pod has port {port['targetPort']}"


def image_faults(objects):
    """No tag, `latest`, or a version label that says something else than the tag."""
    for document, labels, spec in pods(objects):
        for container in containers(spec):
            name, _, tag = container["image"].partition(":")
            if tag in ("", "latest"):
                yield f"{label(document)}: {container['image']} has no tag of its own"
            version = labels.get("app.kubernetes.io/version", labels.get("version"))
            if version and name.startswith("flotilla/") and version != tag:
                yield f"{label(document)}: label says {version}, image {container['image']}"


def settings(objects, name):
    """The environment that the Deployment of this name gets from its ConfigMap."""
    deployment = next(d for d in objects if d["kind"] == "Deployment" and d["metadata"]["name"] == name)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    wanted = container["envFrom"][0]["configMapRef"]["name"]
    data = next(d["data"] for d in objects if d["kind"] == "ConfigMap" and d["metadata"]["name"] == wanted)
    return deployment["spec"]["template"]["spec"], container, data


def proxy_faults(objects):
    """Both hops must know their proxies, or all clients count as one; and the limit by address must be in force."""
    for name in ("auth", "frontend"):
        setting = f"{name.upper()}_TRUSTED_PROXIES"
        networks = settings(objects, name)[2].get(setting, "")
        if not networks:
            yield f"{name}: {setting} is missing; an overlay names the networks of the proxies in front"
            continue
        for network in map(ipaddress.ip_network, networks.split(",")):
            if not any(network.version == p.version and network.subnet_of(p) for p in PRIVATE):
                yield f"{name}: {setting} names {network}, where clients can be"
    if "AUTH_PEER_FAILURES" in settings(objects, "auth")[2]:
        yield "auth: AUTH_PEER_FAILURES is set; trusted proxies make the default right"


def environment_faults(objects, environment):
    """What every environment has to keep to."""
    seconds = lambda value: int(re.fullmatch(r"(\d+)s", value)[1])
    for name in ("auth", "hello", "frontend"):
        spec, container, data = settings(objects, name)
        prefix = name.upper()
        needed = seconds(data[f"{prefix}_DRAIN_DELAY"]) + seconds(data[f"{prefix}_SHUTDOWN_TIMEOUT"])
        if spec["terminationGracePeriodSeconds"] <= needed:
            yield f"{name}: draining may take {needed} s, and {spec['terminationGracePeriodSeconds']} s are granted"
        probe = container["readinessProbe"]
        if probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3) >= seconds(data[f"{prefix}_DRAIN_DELAY"]):
            yield f"{name}: it has drained before its readiness probe has failed"
        if (lab := data.get(f"{prefix}_LAB")) != ("true" if environment == "dev" else None):
            yield f"{name}: {prefix}_LAB is {lab}; only dev sets it, to true"
    yield from proxy_faults(objects)
    auth, hello = settings(objects, "auth"), settings(objects, "hello")
    for what in ("ISSUER", "AUDIENCE"):
        if auth[2][f"AUTH_{what}"] != hello[2][f"HELLO_{what}"]:
            yield f"auth and hello do not agree on the {what.lower()}"
    for document, labels, spec in pods(objects):
        if labels["app.kubernetes.io/name"] in ("auth", "auth-admin"):
            images = {c["image"] for c in containers(spec)}
            if images != {auth[1]["image"]}:
                yield f"{label(document)}: {images}, and the Deployment has {auth[1]['image']}"
        elif any(re.match(r"auth-", v.get("secret", {}).get("secretName", "")) for v in spec.get("volumes", [])):
            yield f"{label(document)} mounts auth's secret"
        if spec.get("automountServiceAccountToken") is not False or spec.get("enableServiceLinks") is not False:
            yield f"{label(document)}: a service-account token or service links"


def checkov(directory, config):
    tool = pathlib.Path(sys.executable).with_name("checkov")
    command = [tool, "--directory", directory, "--config-file", config, "--output", "json"]
    run = subprocess.run(command, capture_output=True, text=True)
    try:
        report = json.loads(run.stdout)
        passed, failed = report["summary"]["passed"], report["results"]["failed_checks"]
    except (ValueError, KeyError, TypeError):
        return [f"checkov did not report: {run.stdout[-1000:]} {run.stderr[-1000:]}"]
    print(f"checkov: {passed} passed, {len(failed)} failed, {report['summary']['skipped']} skipped beside their object")
    return [f"{fault['resource']}: {fault['check_id']}: {fault['check_name']}" for fault in failed]


def checked_environments(work, faults):
    issuers = {}
    for name in OVERLAYS:
        text = build(work / "k8s/overlays" / name)
        (work / "built" / f"{name}.yaml").write_text(text)
        objects = documents(text)
        environment = objects[0]["metadata"]["name"].removeprefix("flotilla-")
        found = [*schema_faults(objects), *selector_faults(objects), *image_faults(objects)]
        found += environment_faults(objects, environment)
        faults += [f"{name}: {fault}" for fault in found]
        issuers.setdefault(environment, settings(objects, "auth")[2]["AUTH_ISSUER"])
        print(f"overlay {name}: {len(objects)} objects, {len(found)} faults")
    if len(set(issuers.values())) != len(issuers):
        faults.append(f"environments share an issuer: {issuers}")
    faults += checkov(work / "built", ROOT / "k8s/.checkov.yaml")


def checked_lab(faults):
    lab = ROOT / "k8s/lab"
    files = [f for f in sorted(lab.rglob("*.yaml")) if "exercises" not in f.parts and f.name[0] != "."]
    objects = [document for file in files for document in documents(file.read_text())]
    found = [*schema_faults(objects), *image_faults(objects)]
    unmatched = list(selector_faults(objects))
    kind, name, solution = PUZZLE
    for document, labels, _ in pods(objects):
        if document["metadata"]["name"] == "secure-monolith":
            labels.update(solution)
    solved = list(selector_faults(objects))
    if [fault.split(" ")[0] for fault in unmatched] != [f"{kind}/{name}"] or solved:
        found.append(f"only the puzzle may select nothing, and its label has to solve it: {unmatched} {solved}")
    faults += [f"lab: {fault}" for fault in found]
    print(f"lab: {len(files)} files, {len(objects)} objects, {len(found)} faults")

    exercise = documents((lab / "exercises/go-ok-service.yaml").read_text())
    if not list(schema_faults(exercise)) or not list(selector_faults(exercise + objects)):
        faults.append("the faults of exercises/go-ok-service.yaml are not found: this check is broken")
    with tempfile.TemporaryDirectory() as copy:
        for file in files:
            shutil.copy(file, pathlib.Path(copy) / f"{file.parent.name}-{file.name}")
        faults += checkov(copy, lab / ".checkov.yaml")


def real_secrets(directory, names):
    return [name for name in names if pathlib.Path(directory).parent.name == "overlays" and "secrets" in name]


def main():
    faults = []
    with tempfile.TemporaryDirectory() as directory:
        # A copy: the secrets that the overlays are built with are nobody's.
        work = pathlib.Path(directory)
        shutil.copytree(ROOT / "k8s", work / "k8s", ignore=real_secrets)
        (work / "built").mkdir()
        for environment in ("staging", "production"):
            subprocess.run([work / "k8s/secrets", environment, "--new"], check=True, stdout=subprocess.DEVNULL)
        checked_environments(work, faults)
    checked_lab(faults)
    for fault in faults:
        print(fault)
    print(f"schemas of Kubernetes {', '.join(VERSIONS)}; faults: {len(faults)}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
