"""Case by case, what the API reference of networking.k8s.io/v1 and its concept page say.

A quotation beside a case is the sentence that it tests. Here is what the cluster's tests cannot show, too: IPv6,
dual stack, SCTP, pods on the host's network.
"""

import pytest
from tests.unit.deploy.policies.writing import network, pod, policy, service

from deploykit.deploy.policies import Reason, evaluate

ONE = pod("one", ip="10.0.0.1", app="one")
TWO = pod(
    "two",
    ip="10.0.0.2",
    app="two",
    ports="[{containerPort: 8080, name: http}, {containerPort: 9999, name: rpc, protocol: SCTP}]",
)
ELSEWHERE = pod("three", "ilum", ip="10.0.0.3", app="two", ports="[{containerPort: 8081, name: http}]")


def ask(spec, *, source="one", target="two", port=8080, protocol="TCP", more=()):
    """May one pod of namespace `mage` reach another under one policy?"""
    found = network(ONE, TWO, ELSEWHERE, policy(spec), *more)

    def end(name):
        return next((pod for pod in found.pods if pod.name == name), name)

    return evaluate(found, source=end(source), target=end(target), port=port, protocol=protocol)


@pytest.mark.parametrize(
    ("spec", "isolates"),
    [
        # "policies that contain an egress section are assumed to affect egress, and all policies (whether or not they
        # contain an ingress section) are assumed to affect ingress"
        ("{}", {"ingress"}),
        ("{podSelector: {}}", {"ingress"}),
        ("{policyTypes: []}", {"ingress"}),
        ("{egress: []}", {"ingress"}),  # "Egress will be set if the NetworkPolicy has any egress rules"
        ("{egress: [{ports: [{port: 1}]}]}", {"ingress", "egress"}),
        ("{policyTypes: [Egress]}", {"egress"}),
        ("{policyTypes: [Egress], ingress: [{}]}", {"egress"}),
        ("{policyTypes: [Ingress], egress: [{ports: [{port: 1}]}]}", {"ingress"}),
        ("{policyTypes: [Ingress, Egress]}", {"ingress", "egress"}),
    ],
)
def test_default_policy_types(spec, isolates):
    [path] = ask(spec).paths
    assert {one.direction for one in path.decisions if one.reason is Reason.NO_RULE} == isolates


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ("{}", True),  # both fields: "If this field is empty or missing, this rule matches all ..."
        ("{to: [], ports: []}", True),
        ("{to: []}", True),
        ("{ports: []}", True),
        ("{to: [{podSelector: {}}]}", True),  # "if present but empty, it selects all pods"
        ("{to: [{podSelector: {matchLabels: {app: two}}}]}", True),
        ("{to: [{podSelector: {matchLabels: {app: one}}}]}", False),
        ("{to: [{namespaceSelector: {}}]}", True),
        ("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: mage}}}]}", True),
        ("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ilum}}}]}", False),
        ("{to: [{podSelector: {}}], ports: [{port: 8081}]}", False),  # "The traffic must match both ports and to"
        ("{to: [{podSelector: {matchLabels: {app: one}}}], ports: [{port: 8080}]}", False),
        ("{to: [{podSelector: {matchLabels: {app: one}}}, {podSelector: {matchLabels: {app: two}}}]}", True),
    ],
)
def test_a_rule_must_match_peers_and_ports(rule, allowed):
    assert ask(f"{{policyTypes: [Egress], egress: [{rule}]}}").allowed is allowed


def test_no_rules_allow_nothing_and_one_empty_rule_allows_everything():
    assert not ask("{policyTypes: [Egress], egress: []}").allowed
    assert ask("{policyTypes: [Egress], egress: [{}]}").allowed


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        # "Otherwise it selects the pods matching podSelector in the policy's own namespace."
        ("{podSelector: {matchLabels: {app: two}}}", False),
        ("{podSelector: {matchLabels: {app: two}}, namespaceSelector: {}}", True),
        ("{podSelector: {matchLabels: {app: one}}, namespaceSelector: {}}", False),
        ("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ilum}}}", True),
        ("{namespaceSelector: {matchLabels: {team: spark}}}", True),
        ("{namespaceSelector: {matchLabels: {team: mage}}}", False),
    ],
)
def test_pods_of_other_namespaces_are_named_by_a_namespace_selector(peer, allowed):
    namespace = "{kind: Namespace, metadata: {name: ilum, labels: {team: spark}}}\n"
    spec = f"{{policyTypes: [Egress], egress: [{{to: [{peer}]}}]}}"
    assert ask(spec, target="three", more=[namespace]).allowed is allowed


@pytest.mark.parametrize(
    ("expression", "selects"),
    [
        ("{key: app, operator: In, values: [one, x]}", True),
        ("{key: app, operator: In, values: [x]}", False),
        ("{key: app, operator: NotIn, values: [x]}", True),
        ("{key: app, operator: NotIn, values: [one]}", False),
        ("{key: gone, operator: NotIn, values: [one]}", True),
        ("{key: gone, operator: In, values: [one]}", False),
        ("{key: app, operator: Exists}", True),
        ("{key: gone, operator: Exists}", False),
        ("{key: app, operator: DoesNotExist}", False),
        ("{key: gone, operator: DoesNotExist}", True),
    ],
)
def test_operators_of_selectors(expression, selects):
    spec = f"{{policyTypes: [Egress], podSelector: {{matchExpressions: [{expression}]}}}}"
    assert ask(spec).allowed is not selects


def test_labels_and_expressions_of_a_selector_must_all_hold():
    both = "matchLabels: {app: one}, matchExpressions: [{key: app, operator: %s}]"
    assert not ask(f"{{policyTypes: [Egress], podSelector: {{{both % 'Exists'}}}}}").allowed
    assert ask(f"{{policyTypes: [Egress], podSelector: {{{both % 'DoesNotExist'}}}}}").allowed


@pytest.mark.parametrize(
    ("port", "allowed"),
    [
        ("{}", True),  # "If this field is not provided, this matches all port names and numbers."
        ("{port: 8080}", True),  # "If not specified, this field defaults to TCP."
        ("{port: 8080, protocol: UDP}", False),
        ("{protocol: UDP}", False),
        ("{port: 8000, endPort: 8080}", True),  # "inclusive"
        ("{port: 8080, endPort: 8080}", True),
        ("{port: 8081, endPort: 9000}", False),
        ("{port: http}", True),  # "either a numerical or named port on a pod"
        ("{port: http, protocol: UDP}", False),
        ("{port: rpc}", False),
    ],
)
@pytest.mark.parametrize("direction", ["egress", "ingress"])
def test_ports(port, allowed, direction):
    selector = "podSelector: {matchLabels: {app: %s}}" % ("one" if direction == "egress" else "two")
    spec = f"{{{selector}, policyTypes: [{direction.capitalize()}], {direction}: [{{ports: [{port}]}}]}}"
    assert ask(spec).allowed is allowed


def test_a_named_port_means_what_each_target_declares():
    spec = "{policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: http}]}]}"
    assert [ask(spec, target="two", port=port).allowed for port in (8080, 8081)] == [True, False]
    assert [ask(spec, target="three", port=port).allowed for port in (8080, 8081)] == [False, True]


@pytest.mark.parametrize(
    ("port", "allowed"),
    [
        ("{protocol: SCTP}", True),
        ("{port: 9999, protocol: SCTP}", True),
        ("{port: rpc, protocol: SCTP}", True),
        ("{port: 9999}", False),
        ("{}", False),
    ],
)
def test_sctp_is_a_protocol_of_its_own(port, allowed):
    answer = ask(f"{{policyTypes: [Egress], egress: [{{ports: [{port}]}}]}}", port=9999, protocol="SCTP")
    assert answer.allowed is allowed


@pytest.mark.parametrize(
    ("block", "allowed"),
    [
        ("{cidr: 198.51.100.0/24}", True),
        ("{cidr: 198.51.100.0/24, except: [198.51.100.0/28]}", False),
        ("{cidr: 198.51.100.0/24, except: [198.51.100.128/25]}", True),
        ("{cidr: 198.51.100.77/24}", True),  # the API server accepts it, and masks it
        ("{cidr: 0.0.0.0/0}", True),
        ("{cidr: '::/0'}", False),  # the other family
        ("{cidr: 192.0.2.0/24}", False),
    ],
)
@pytest.mark.parametrize("direction", ["egress", "ingress"])
def test_address_ranges_and_their_exceptions(block, allowed, direction):
    word, ends = ("to", {"target": "198.51.100.7"}) if direction == "egress" else ("from", {"source": "198.51.100.7"})
    spec = f"{{policyTypes: [{direction.capitalize()}], {direction}: [{{{word}: [{{ipBlock: {block}}}]}}]}}"
    assert ask(spec, **ends).allowed is allowed


def test_no_selector_names_an_address_outside_and_a_rule_without_peers_does():
    assert not ask("{policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}]}]}", target="198.51.100.7").allowed
    assert ask("{policyTypes: [Egress], egress: [{ports: [{port: 8080}]}]}", target="198.51.100.7").allowed


def test_both_directions_must_allow():
    # "both the egress policy on the source pod and the ingress policy on the destination pod need to allow the traffic"
    out = "{podSelector: {matchLabels: {app: one}}, policyTypes: [Egress], egress: [{}]}"
    closed = policy("{podSelector: {matchLabels: {app: two}}}", "closed")
    assert ask(out).allowed
    [path] = ask(out, more=[closed]).paths
    assert (path.egress.allowed, path.ingress.allowed, path.allowed) == (True, False, False)


def test_policies_add_up():
    # "Network policies do not conflict; they are additive."
    deny, allow = (
        "{policyTypes: [Egress]}",
        policy("{policyTypes: [Egress], egress: [{ports: [{port: 8080}]}]}", "more"),
    )
    assert not ask(deny).allowed
    [path] = ask(deny, more=[allow]).paths
    assert path.allowed
    assert [one.name for one in path.egress.policies] == ["rules", "more"]
    assert [str(one) for one in path.egress.allowed_by] == ["egress rule 1 of policy mage/more"]


def test_a_policy_selects_pods_of_its_own_namespace_only():
    assert ask("{}", source="two", target="three").allowed
    assert not ask("{}", source="three", target="two").allowed


def test_a_pod_always_reaches_itself():
    answer = ask("{policyTypes: [Ingress, Egress]}", source="one", target="one")
    assert answer.allowed
    assert answer.paths[0].egress.reason is Reason.ITSELF


# Pods on the host's network: "hostNetwork pod traffic is ignored when matching podSelector and namespaceSelector", the
# most common behaviour of those that the concept page leaves to plugins.

AGENT = pod("agent", "mage", ip="192.0.2.1", host="192.0.2.1", node="node-1", host_network=True, app="agent")
NEAR = pod("near", "mage", ip="10.0.0.8", host="192.0.2.1", node="node-1", app="near")
FAR = pod("far", "mage", ip="10.0.0.9", host="192.0.2.2", node="node-2", app="far")


def test_no_policy_selects_a_pod_on_the_hosts_network():
    closed = "{policyTypes: [Ingress, Egress]}"
    answer = ask(closed, source="agent", target="198.51.100.7", more=[AGENT])
    assert answer.allowed
    assert answer.paths[0].egress.reason is Reason.HOST_NETWORK


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        ("{podSelector: {matchLabels: {app: agent}}}", False),
        ("{namespaceSelector: {}}", False),
        ("{ipBlock: {cidr: 192.0.2.1/32}}", True),
    ],
)
def test_a_pod_on_the_hosts_network_is_named_by_its_nodes_address_only(peer, allowed):
    spec = f"{{policyTypes: [Ingress], ingress: [{{from: [{peer}]}}]}}"
    assert ask(spec, source="agent", target="far", more=[AGENT, FAR]).allowed is allowed
    out = f"{{policyTypes: [Egress], egress: [{{to: [{peer}]}}]}}"
    assert ask(out, source="far", target="agent", more=[AGENT, FAR]).allowed is allowed


@pytest.mark.parametrize(("target", "allowed"), [("near", True), ("far", False)])
@pytest.mark.parametrize("source", ["agent", "192.0.2.1"])
def test_a_node_always_reaches_its_own_pods(source, target, allowed):
    # "Traffic is allowed to a pod if [...] the traffic source is the pod's local node"
    answer = ask("{policyTypes: [Ingress]}", source=source, target=target, more=[AGENT, NEAR, FAR])
    assert answer.allowed is allowed
    assert (answer.paths[0].ingress.reason is Reason.LOCAL_NODE) is allowed


SIX = pod("six", ip="2001:db8::6", app="six")
BOTH = pod("both", ip="10.0.0.7 2001:db8::7", app="both")


@pytest.mark.parametrize(
    ("block", "allowed"),
    [
        ("{cidr: '2001:db8::/64'}", True),
        ("{cidr: '2001:db8::/64', except: ['2001:db8::4/126']}", False),
        ("{cidr: '::/0'}", True),
        ("{cidr: 0.0.0.0/0}", False),
        ("{cidr: '2001:db8:0:0:0:0:0:7/128'}", True),
    ],
)
def test_ipv6_ranges(block, allowed):
    spec = f"{{policyTypes: [Egress], egress: [{{to: [{{ipBlock: {block}}}]}}]}}"
    assert ask(spec, source="six", target="both", more=[SIX, BOTH]).allowed is allowed
    assert ask(spec, source="six", target="2001:db8::7", more=[SIX]).allowed is allowed


def test_of_two_families_each_is_a_path_of_its_own():
    spec = "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"
    more = [BOTH, pod("same", ip="10.0.0.8 2001:db8::8")]
    answer = ask(spec, source="both", target="same", more=more)
    assert {path.place.target.address.version: path.allowed for path in answer.paths} == {4: True, 6: False}
    assert not answer.allowed
    assert ask(spec, source="both", target="two", more=more).allowed, "there is only one common family"


def test_ends_without_a_common_family_cannot_meet():
    answer = ask("{policyTypes: [Egress], egress: [{}]}", source="one", target="six", more=[SIX])
    assert not answer.allowed
    assert answer.unresolved == "Pod mage/one and Pod mage/six have no address of the same family, IPv4 or IPv6."


def test_a_service_of_one_family_leads_to_addresses_of_that_family():
    spec = "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"
    more = [BOTH, pod("same", ip="10.0.0.8 2001:db8::8", app="same")]
    six = service(
        "same", "mage", "{selector: {app: same}, clusterIP: '2001:db8:1::1', ports: [{port: 80, targetPort: 8080}]}"
    )
    answer = ask(spec, source="both", target="2001:db8:1::1", port=80, more=[*more, six])
    assert [str(path.place.target.address) for path in answer.paths] == ["2001:db8::8"]


def test_a_pod_without_an_address_is_in_a_range_only_where_all_are():
    template = (
        "{kind: Deployment, metadata: {name: db, namespace: mage}, spec: {template: {metadata: {labels: {app: db}}}}}\n"
    )
    for cidr, allowed in (("0.0.0.0/0", True), ("10.0.0.0/8", False)):
        spec = f"{{policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: {cidr}}}}}]}}]}}"
        assert ask(spec, target="deployment/db", more=[template]).allowed is allowed


# Services: policies see the pod behind, "Cluster ingress and egress mechanisms often require rewriting".

LEADING = service(
    "web", "mage", "{selector: {app: two}, clusterIP: 10.96.0.7, ports: [{name: www, port: 80, targetPort: http}]}"
)


@pytest.mark.parametrize(("allowed_port", "allowed"), [(80, False), (8080, True)])
@pytest.mark.parametrize(("target", "port"), [("web", 80), ("web", "www"), ("10.96.0.7", 80)])
def test_a_rule_for_a_service_names_the_pods_port(allowed_port, allowed, target, port):
    found = network(
        ONE, TWO, LEADING, policy(f"{{policyTypes: [Egress], egress: [{{ports: [{{port: {allowed_port}}}]}}]}}")
    )
    place = found.service("mage", "web") if target == "web" else target
    answer = evaluate(found, source=found.pod("mage", "one"), target=place, port=port)
    assert answer.allowed is allowed
    assert [(path.place.target.pod.name, path.place.port) for path in answer.paths] == [("two", 8080)]


def test_a_headless_service_does_not_change_the_port():
    headless = service("web", "mage", "{selector: {app: two}, clusterIP: None, ports: [{port: 80, targetPort: 8080}]}")
    found = network(ONE, TWO, headless)
    answer = evaluate(found, source=found.pod("mage", "one"), target=found.service("mage", "web"), port=80)
    assert [path.place.port for path in answer.paths] == [80]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("{selector: {app: none}, ports: [{port: 80}]}", "selects no pod."),
        ("{selector: {app: two}, ports: [{port: 81}]}", "has no TCP port 80; its ports: TCP 81."),
        (
            "{selector: {app: two}, ports: [{port: 80, targetPort: grpc}]}",
            "declares the TCP port grpc that it leads to.",
        ),
        ("{ports: [{port: 80}]}", "has no selector, and what it leads to is not known."),
        ("{type: ExternalName, externalName: db.example}", "is another name for db.example"),
    ],
)
def test_a_service_that_leads_nowhere_says_so(spec, sentence):
    found = network(ONE, TWO, service("web", "mage", spec))
    answer = evaluate(found, source=found.pod("mage", "one"), target=found.service("mage", "web"), port=80)
    assert not answer.allowed
    assert "Service mage/web" in answer.unresolved
    assert sentence in answer.unresolved


def test_a_service_without_a_selector_leads_to_its_endpoints():
    slices = """{kind: EndpointSlice, addressType: IPv4,
      metadata: {name: k, namespace: default, labels: {kubernetes.io/service-name: kubernetes}},
      ports: [{name: https, port: 6443}], endpoints: [{addresses: [192.0.2.10]}]}\n"""
    api = service(
        "kubernetes", "default", "{clusterIP: 10.96.0.1, ports: [{name: https, port: 443, targetPort: 6443}]}"
    )
    for cidr, allowed in (("10.96.0.1/32", False), ("192.0.2.10/32", True)):
        spec = f"{{policyTypes: [Egress], egress: [{{to: [{{ipBlock: {{cidr: {cidr}}}}}]}}]}}"
        answer = ask(spec, target="10.96.0.1", port=443, more=[slices, api])
        assert answer.allowed is allowed
        assert [(str(path.place.target), path.place.port) for path in answer.paths] == [("address 192.0.2.10", 6443)]


def test_a_headless_service_without_a_selector_leads_to_its_endpoints_at_the_port_that_is_dialled():
    slices = """{kind: EndpointSlice, addressType: IPv4,
      metadata: {name: k, namespace: mage, labels: {kubernetes.io/service-name: db}},
      ports: [{name: sql, port: 5432}, {name: any}], endpoints: [{addresses: [192.0.2.10]}]}\n"""
    found = network(ONE, slices, service("db", "mage", "{clusterIP: None, ports: [{port: 5432}]}"))
    answer = evaluate(found, source=found.pod("mage", "one"), target=found.service("mage", "db"), port=5433)
    assert [(str(path.place.target), path.place.port) for path in answer.paths] == [("address 192.0.2.10", 5433)]
