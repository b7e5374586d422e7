"""The Job of a block, as Mage makes it from the chart's K8S_CONFIG_FILE and from the pod that Mage runs in."""

import re

import yaml

INHERITED_BY_THE_CONTAINER = ("image", "env", "envFrom", "volumeMounts")
INHERITED_BY_THE_POD = ("tolerations", "nodeSelector", "imagePullSecrets")


def job_of_mage(documents):
    """The Job, in a list; none where the chart writes no such file."""
    for document in documents:
        if document["kind"] == "ConfigMap" and "executor.yaml" in document["data"]:
            config = yaml.safe_load(document["data"]["executor.yaml"])
            mage, pod = own_pod(documents)
            [prefix] = [variable["value"] for variable in mage["env"] if variable["name"] == "MAGE_CLUSTER_UUID"]
            metadata = {**camel_case(config["metadata"]), "name": f"{prefix}-data-prep-block-1"}
            template = {"metadata": metadata, "spec": pod_of_mage(config, mage, pod)}
            spec = {**camel_case(config["job"]), "template": template}
            return [{"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}]
    return []


def pod_of_mage(config, mage, pod):
    container = {
        **{key: mage[key] for key in INHERITED_BY_THE_CONTAINER if key in mage},
        **camel_case(config["container"]),
        **camel_case(config["container_config"]),
        "command": ["/app/run_app.sh", "mage", "run"],
    }
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    spec = {
        **{key: pod[key] for key in INHERITED_BY_THE_POD if key in pod},
        **camel_case(config["pod"]),
        "volumes": [volume for volume in pod["volumes"] if volume["name"] in mounted],
        "containers": [container],
        "restartPolicy": "Never",
    }
    return spec | ({"affinity": affinity_of_mage(spec["affinity"])} if "affinity" in spec else {})


def affinity_of_mage(given):
    """Mage reads the terms of other pods flat and makes weighted ones of all, so the required form is not valid."""
    return {
        kind: rules
        if kind == "nodeAffinity"
        else {when: [weighted(term) for term in terms] for when, terms in rules.items()}
        for kind, rules in given.items()
    }


def weighted(term):
    weight = {key: term[key] for key in ("weight",) if key in term}
    return {**weight, "podAffinityTerm": {key: term[key] for key in ("labelSelector", "topologyKey") if key in term}}


def camel_case(given):
    """Arguments of the Kubernetes client's classes, as the API names them; what is inside is the API's already."""
    return {re.sub(r"_(.)", lambda found: found[1].upper(), key): value for key, value in given.items()}


def own_pod(documents):
    """The container that starts Jobs, and the pod that it is in."""
    for document in documents:
        if document["kind"] == "Deployment":
            pod = document["spec"]["template"]["spec"]
            for container in pod["containers"]:
                if any(variable["name"] == "K8S_CONFIG_FILE" for variable in container.get("env", ())):
                    return container, pod
    raise AssertionError("no pod has K8S_CONFIG_FILE")
