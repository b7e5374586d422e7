"""The Kubernetes API, opened in one way for every command: read-only, with a limit on each wait."""

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from deploykit.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from kubernetes.client import ApiException, Configuration

SECONDS = 3.0
"""How long the API server may take to accept a connection and to answer, unless a caller says otherwise."""
EVERYWHERE = ""
"""In the place of a namespace: all of them, and for what is in none, such as namespaces."""

_PAGE = 500
_DEFAULT_FILE = "~/.kube/config"
_CHOOSE = (
    "set KUBECONFIG, choose a context of `kubectl config get-contexts` with --context, "
    "or leave --namespace out and name the server"
)

Item: TypeAlias = Mapping[str, Any]  # an object of the Kubernetes API, as JSON


class KubernetesApi:
    """The API server of a kubeconfig's context or, in a pod that has no kubeconfig, of the pod's own cluster."""

    def __init__(self, context: str | None = None, *, timeout: float = SECONDS) -> None:
        """Read the kubeconfig; nothing is asked yet. `timeout` is in seconds, for each request.

        Raises `UsageError` when there is no kubeconfig, it is malformed, or it has no such context.
        """
        from kubernetes import client

        configuration = _configuration(context)
        configuration.retries = False  # the client's own three retries would quadruple every time limit
        self.host: str = configuration.host
        self._timeout = timeout
        self.connection = client.ApiClient(configuration)
        core, discovery = client.CoreV1Api(self.connection), client.DiscoveryV1Api(self.connection)
        networking = client.NetworkingV1Api(self.connection)
        self._methods: Mapping[str, Callable[..., Any]] = {
            "pods": core.list_namespaced_pod,
            "services": core.list_namespaced_service,
            "endpointslices.discovery.k8s.io": discovery.list_namespaced_endpoint_slice,
            "networkpolicies.networking.k8s.io": networking.list_namespaced_network_policy,
        }
        self._everywhere: Mapping[str, Callable[..., Any]] = {
            "pods": core.list_pod_for_all_namespaces,
            "services": core.list_service_for_all_namespaces,
            "endpointslices.discovery.k8s.io": discovery.list_endpoint_slice_for_all_namespaces,
            "networkpolicies.networking.k8s.io": networking.list_network_policy_for_all_namespaces,
            "namespaces": core.list_namespace,
            "nodes": core.list_node,
        }

    def list_objects(self, resource: str, namespace: str = EVERYWHERE, **selectors: str) -> list[Item]:
        """The objects of a namespace, or of the cluster; `resource` is named as `kubectl auth can-i` does.

        Raises `UnreachableError` when the API server does not answer, is not trusted, or does not allow it.
        """
        items, token = self._page(resource, namespace, selectors)
        while token:
            more, token = self._page(resource, namespace, {**selectors, "_continue": token})
            items += more
        return items

    def _page(self, resource: str, namespace: str, selectors: Mapping[str, str]) -> tuple[list[Item], str]:
        """Some objects, and the token for the next ones."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError, SSLError

        list_page = partial(self._methods[resource], namespace) if namespace else self._everywhere[resource]
        try:
            answer = list_page(limit=_PAGE, _request_timeout=self._timeout, _preload_content=False, **selectors)
            page = json.loads(answer.data)
            return list(page["items"]), page["metadata"].get("continue", "")
        except ApiException as error:
            if error.status:
                raise self._refused(error, resource, namespace) from None
            raise self._untrusted(str(error.reason)) from None  # the client's word for a failed TLS handshake
        except SSLError as error:
            raise self._untrusted(str(error)) from None
        except (HTTPError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise UnreachableError(
                f"The Kubernetes API does not answer at {self.host}.",
                why=f"{type(reason).__name__} within {self._timeout:g} s.",
                fix="check the context (kubectl config current-context), the VPN and the cluster",
            ) from None
        except (ValueError, KeyError, TypeError):
            raise UnreachableError(
                f"What answers at {self.host} is not the Kubernetes API.",
                why="Its answer is no list of objects.",
                fix="check `server` in the kubeconfig: kubectl config view --minify",
            ) from None

    def _refused(self, error: "ApiException", resource: str, namespace: str) -> UnreachableError:
        where = f"namespace {namespace}" if namespace else "the cluster"
        scope = f" --namespace {namespace}" if namespace else ""
        if error.status in (401, 403):
            return UnreachableError(
                f"The Kubernetes API at {self.host} does not let you list {resource} in {where}.",
                why="It does not accept the kubeconfig's login, or the login has ended."
                if error.status == 401
                else f"That needs the right `list` on `{resource}` there.",
                fix=f"kubectl auth can-i list {resource}{scope}",
            )
        return UnreachableError(
            f"The Kubernetes API at {self.host} answered {error.status} {error.reason}.",
            why=f"Listing {resource} in {where} failed.",
            fix=f"kubectl get {resource}{scope}",
        )

    def _untrusted(self, reason: str) -> UnreachableError:
        return UnreachableError(
            f"There is no TLS connection to the Kubernetes API at {self.host}.",
            why=f"{reason.splitlines()[-1] if reason else 'The TLS handshake failed'}.",
            fix="check `server` and `certificate-authority` in the kubeconfig: kubectl config view --minify",
        )


def _configuration(context: str | None) -> "Configuration":
    import yaml
    from kubernetes import client, config

    configuration = client.Configuration()
    # Named here, because the library reads the variable only once, when it is imported.
    named = os.environ.get("KUBECONFIG")
    try:
        if context is None and not named and not _has_default_file() and _in_pod():
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=named or _DEFAULT_FILE, context=context, client_configuration=configuration
            )
    except (config.ConfigException, OSError) as error:
        raise _unusable(named, context, str(error).partition("\n")[0] or type(error).__name__) from None
    except yaml.MarkedYAMLError as error:  # its text repeats the lines around, which may hold a token
        mark = error.problem_mark
        raise _unusable(named, context, f"line {mark.line + 1} is not YAML" if mark else "it is not YAML") from None
    except (yaml.YAMLError, TypeError, AttributeError, KeyError, ValueError):
        raise _unusable(named, context, "it does not have the form of a kubeconfig") from None
    return configuration


def _has_default_file() -> bool:
    try:
        return Path(_DEFAULT_FILE).expanduser().exists()
    except RuntimeError:  # a user id without a home, as OpenShift gives them
        return False


def _in_pod() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ


def _unusable(named: str | None, context: str | None, why: str) -> UsageError:
    chosen = f" with a context {context!r}" if context else ""
    return UsageError(f"No usable kubeconfig{chosen} in {named or _DEFAULT_FILE}", why=why, fix=_CHOOSE)
