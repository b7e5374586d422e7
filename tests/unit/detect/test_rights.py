"""What a SelfSubjectRulesReview says."""

import pytest

from deploykit.detect.rights import Rights

EVERYTHING = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
VIEWER = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "configmaps"]}
OPERATORS = {"verbs": ["list"], "apiGroups": ["sparkoperator.k8s.io"], "resources": ["*"]}
ONE_SECRET = {"verbs": ["*"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["mine"]}


@pytest.mark.parametrize(
    ("rules", "verb", "resource", "allowed"),
    [
        ([EVERYTHING], "list", "secrets", True),
        ([VIEWER], "list", "pods", True),
        ([VIEWER], "get", "configmaps", True),
        ([VIEWER], "watch", "pods", False),
        ([VIEWER], "list", "secrets", False),
        ([VIEWER], "list", "pods.metrics.k8s.io", False),
        ([VIEWER, OPERATORS], "list", "sparkconnects.sparkoperator.k8s.io", True),
        ([VIEWER, OPERATORS], "list", "sparkconnectservers.spark.stackable.tech", False),
        ([ONE_SECRET], "list", "secrets", False),
        ([], "list", "pods", False),
    ],
)
def test_a_right_is_there_where_one_rule_gives_verb_group_and_resource(rules, verb, resource, allowed):
    assert Rights(rules).allow(verb, resource) is allowed


def test_where_the_rules_are_incomplete_only_trying_tells():
    assert Rights([], incomplete=True).allow("list", "pods")
