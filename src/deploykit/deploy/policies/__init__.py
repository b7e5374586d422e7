"""What NetworkPolicies allow: the evaluator of `networking.k8s.io/v1`.

Three steps, and everything after the first is pure::

    objects = read_yaml(text)                      # `helm template`; read_files(path); read_namespace(api, "mage")
    network = load(objects, namespace="mage")      # one frozen value; put what would be installed after what is there
    answer = evaluate(network, source=network.pod("mage", "deployment/mage"),
                      target=network.service("ilum", "spark-connect-server"), port=15002)

    answer.allowed                                 # may it?
    answer.paths                                   # one for each pod behind a Service and each address family, with
    answer.paths[0].egress.reason                  #   the `Decision` of either direction: policies, rules, `Reason`
    explain(network, answer)                       # the same in sentences
    near_misses(network, answer)                   # the rules that would have to change, with stable codes
    patch(answer)                                  # NetworkPolicies to apply: they allow it and isolate nobody
    notes(network, answer)                         # where network plugins differ, with stable codes

    kinds = mage_kinds(network, "mage")
    table(network, kinds=kinds, destinations=mage_destinations(network, kinds, named_by(kinds)).columns)
    findings(network, namespaces=["mage"])         # what is probably not meant, whatever is asked

A source is a `Pod` or an address; a target is a `Pod`, a `Service` or an address, and the address of a Service or pod
of the network means that one. Pods are named as they run, or `deployment/NAME`, `job/NAME` and the like where only
a template is known; the ConfigMap of Mage's Kubernetes executor stands for the pods of its Jobs.

A network is what it was loaded from: what is not in it (pods of another namespace, labels that may not be read) does
not exist. `Network.unread` holds sentences about the latter, and every answer's notes repeat them.
"""

from deploykit.deploy.policies.dns import destinations as dns_destinations
from deploykit.deploy.policies.evaluate import Answer, Decision, Path, Reason, evaluate
from deploykit.deploy.policies.explain import explain
from deploykit.deploy.policies.findings import Code, Finding, findings
from deploykit.deploy.policies.live import LiveObjects, read_labels, read_namespace
from deploykit.deploy.policies.load import load, read_files, read_yaml
from deploykit.deploy.policies.mage import mage_kinds, mage_pods, unlabelled_worker
from deploykit.deploy.policies.mage_destinations import Destinations, mage_destinations, named_by
from deploykit.deploy.policies.model import Network, Pod, Policy, Protocol, Service
from deploykit.deploy.policies.near_miss import Miss, NearMiss, near_misses
from deploykit.deploy.policies.notes import Note, notes
from deploykit.deploy.policies.patch import patch
from deploykit.deploy.policies.table import Destination, Table, table

__all__ = [
    "Answer",
    "Code",
    "Decision",
    "Destination",
    "Destinations",
    "Finding",
    "LiveObjects",
    "Miss",
    "NearMiss",
    "Network",
    "Note",
    "Path",
    "Pod",
    "Policy",
    "Protocol",
    "Reason",
    "Service",
    "Table",
    "dns_destinations",
    "evaluate",
    "explain",
    "findings",
    "load",
    "mage_destinations",
    "mage_kinds",
    "mage_pods",
    "named_by",
    "near_misses",
    "notes",
    "patch",
    "read_files",
    "read_labels",
    "read_namespace",
    "read_yaml",
    "table",
    "unlabelled_worker",
]
