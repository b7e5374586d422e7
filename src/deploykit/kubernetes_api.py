"""The Kubernetes API, opened in one way for every command: with a limit on each wait, that for a login too."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

from deploykit.deadline import within
from deploykit.errors import UnreachableError, UsageError
from mage_ilum.deadline import Deadline

if TYPE_CHECKING:
    from kubernetes.client import Configuration

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
_QUERY = {"label_selector": "labelSelector", "field_selector": "fieldSelector"}

Item: TypeAlias = Mapping[str, Any]  # an object of the Kubernetes API, as JSON


class RefusedError(UnreachableError):
    """The API server answered, and not with what it was asked for: the HTTP `status`, and what it `said` in words."""

    def __init__(self, what: str, *, why: str, fix: str, status: int, said: str = "") -> None:
        super().__init__(what, why=why, fix=fix)
        self.status = status
        self.said = said

    @property
    def forbids(self) -> bool:
        """Whether a right is missing, or the login: asking again does not help."""
        return self.status in (401, 403)


class KubernetesApi:
    """The API server of a kubeconfig's context or, in a pod that has no kubeconfig, of the pod's own cluster."""

    def __init__(self, context: str | None = None, *, timeout: float = SECONDS, limit: Deadline | None = None) -> None:
        """Read the kubeconfig, and log in as it says; the API server is not asked yet.

        `timeout` is in seconds, for the login and for each request; `limit` is for all. Raises `UsageError` when there
        is no kubeconfig, it is malformed, or it has no such context, `UnreachableError` where its login takes too long.
        """
        from kubernetes import client

        self._context = context
        self._timeout = timeout
        self._limit = limit
        configuration = _configuration(context, self._seconds)
        configuration.retries = False  # the client's own three retries would quadruple every time limit
        self.host: str = configuration.host
        self.connection = client.ApiClient(configuration)

    @property
    def called(self) -> str:
        """The cluster, as a person knows it."""
        if not _is_by_file(self._context):
            return "the cluster that this pod is in"
        return f"the cluster of context {self._context or _current_context()}"

    def list_objects(
        self, resource: str, namespace: str = EVERYWHERE, *, version: str = "v1", **selectors: str
    ) -> list[Item]:
        """The objects of a namespace, or of the cluster; `resource` is named as `kubectl auth can-i` does.

        Raises `UnreachableError` when the API server does not answer, is not trusted, or does not allow it.
        """
        path = _path(resource, namespace, version)
        query = {"limit": str(_PAGE), **{_QUERY[name]: value for name, value in selectors.items()}}
        items: list[Item] = []
        while True:
            page = self._ask("GET", f"{path}?{urlencode(query)}", _Right("list", resource, namespace))
            try:
                items += page["items"]
                token = page["metadata"].get("continue", "")
            except (KeyError, TypeError, AttributeError):
                raise self._stranger() from None
            if not token:
                return items
            query["continue"] = token

    def read(self, resource: str, namespace: str, name: str, *, version: str = "v1") -> Item:
        """One object by its name. Raises as `list_objects` does; where it is not there, a `RefusedError` with 404."""
        return self._ask("GET", f"{_path(resource, namespace, version)}/{name}", _Right("get", resource, namespace))

    def create(self, resource: str, body: Item) -> None:
        """Make an object in the namespace that it names. Raises as `list_objects` does."""
        namespace = body["metadata"]["namespace"]
        self._ask("POST", _path(resource, namespace), _Right("create", resource, namespace), body)

    def delete(self, resource: str, namespace: str, name: str) -> None:
        """Remove an object, at once and without grace. Raises as `read` does."""
        path = f"{_path(resource, namespace)}/{name}?gracePeriodSeconds=0"
        self._ask("DELETE", path, _Right("delete", resource, namespace))

    def log(self, namespace: str, pod: str, container: str) -> str:
        """What a container of a pod has printed. Raises as `read` does."""
        path = f"{_path('pods', namespace)}/{pod}/log?container={container}"
        return self._send("GET", path, _Right("get", "pods/log", namespace)).decode(errors="replace")

    def review(self, namespace: str) -> Item:
        """What the login may do in a namespace: the status of a `SelfSubjectRulesReview`. Raises as `list_objects`."""
        resource = "selfsubjectrulesreviews.authorization.k8s.io"
        body = {"kind": "SelfSubjectRulesReview", "apiVersion": "authorization.k8s.io/v1"}
        right = _Right("create", resource, EVERYWHERE)
        answer = self._ask("POST", _path(resource), right, {**body, "spec": {"namespace": namespace}})
        status: Item = answer.get("status") or {}
        return status

    def serves(self, resource: str, *, version: str) -> bool:
        """Whether the API server knows this kind of object: the CRD of an operator may not be there."""
        name, _, group = resource.partition(".")
        try:
            known = self._ask("GET", f"/apis/{group}/{version}", _Right("get", group, EVERYWHERE))
        except RefusedError as error:
            if error.status == 404:
                return False
            raise
        return any(one.get("name") == name for one in known.get("resources") or ())

    def login(self, seconds: float) -> dict[str, str]:
        """The headers of a login, made anew where it has ended; raises `UnreachableError` where that takes too long."""
        try:
            settings = within(seconds, self.connection.configuration.auth_settings)
        except TimeoutError:
            raise _no_login(self._context, seconds) from None
        return {setting["key"]: setting["value"] for setting in settings.values()}

    def missing(
        self, verb: str, resource: str, namespace: str = EVERYWHERE, *, status: int = 403, said: str = ""
    ) -> RefusedError:
        """The error that says which right is missing."""
        where = f"namespace {namespace}" if namespace else "the cluster"
        scope = f" --namespace {namespace}" if namespace else ""
        return RefusedError(
            f"The Kubernetes API at {self.host} does not let you {verb} {resource} in {where}.",
            why="It does not accept the kubeconfig's login, or the login has ended."
            if status == 401
            else f"That needs the right `{verb}` on `{resource}` there.",
            fix=f"kubectl auth can-i {verb} {resource}{scope}",
            status=status,
            said=said,
        )

    @property
    def _seconds(self) -> float:
        """How long the next answer may take."""
        return self._timeout if self._limit is None else min(self._timeout, self._limit.left)

    def _ask(self, method: str, path: str, right: "_Right", body: Item | None = None) -> Item:
        """The JSON object that is answered."""
        try:
            content = json.loads(self._send(method, path, right, body))
        except ValueError:
            raise self._stranger() from None
        if not isinstance(content, dict):
            raise self._stranger()
        return content

    def _send(self, method: str, path: str, right: "_Right", body: Item | None = None) -> bytes:
        """What is answered. Without the client's own methods: their models take 0.7 s to import."""
        from urllib3 import BaseHTTPResponse, Timeout
        from urllib3.exceptions import HTTPError, SSLError

        seconds = self._seconds
        limit = Deadline(seconds)
        login = self.login(limit.left)

        def exchange() -> BaseHTTPResponse:
            answer: BaseHTTPResponse = self.connection.rest_client.pool_manager.request(
                method,
                f"{self.host.rstrip('/')}{path}",
                body=None if body is None else json.dumps(body),
                headers={"Accept": "application/json, */*", "Content-Type": "application/json", **login},
                timeout=Timeout(total=limit.left),
                retries=False,
            )
            return answer

        try:
            answer = within(limit.left, exchange)
        except SSLError as error:
            raise self._untrusted(str(error)) from None
        except (HTTPError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise UnreachableError(
                f"The Kubernetes API does not answer at {self.host}.",
                why=f"{type(reason).__name__} within {round(seconds, 2):g} s.",
                fix="check the context (kubectl config current-context), the VPN and the cluster",
            ) from None
        if answer.status >= 300:
            raise self._refused(answer.status, str(answer.reason), right, _message(answer.data))
        return answer.data

    def _refused(self, status: int, reason: str, right: "_Right", said: str) -> RefusedError:
        if status in (401, 403):
            return self.missing(right.verb, right.resource, right.namespace, status=status, said=said)
        where = f"namespace {right.namespace}" if right.namespace else "the cluster"
        scope = f" --namespace {right.namespace}" if right.namespace else ""
        return RefusedError(
            f"The Kubernetes API at {self.host} answered {status} {reason}.",
            why=f"It was asked to {right.verb} {right.resource} in {where}.",
            fix=f"kubectl get {right.resource.partition('/')[0]}{scope}",
            status=status,
            said=said,
        )

    def _stranger(self) -> UnreachableError:
        return UnreachableError(
            f"What answers at {self.host} is not the Kubernetes API.",
            why="Its answer is not what was asked for.",
            fix="check `server` in the kubeconfig: kubectl config view --minify",
        )

    def _untrusted(self, reason: str) -> UnreachableError:
        return UnreachableError(
            f"There is no TLS connection to the Kubernetes API at {self.host}.",
            why=f"{reason.splitlines()[-1] if reason else 'The TLS handshake failed'}.",
            fix="check `server` and `certificate-authority` in the kubeconfig: kubectl config view --minify",
        )


class _Right(NamedTuple):
    """What a request needs."""

    verb: str
    resource: str
    namespace: str


def _path(resource: str, namespace: str = EVERYWHERE, version: str = "v1") -> str:
    """Where the API has a kind of object, such as `pods` or `networkpolicies.networking.k8s.io`."""
    name, _, group = resource.partition(".")
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{name}" if namespace else f"{root}/{name}"


def _message(answer: bytes) -> str:
    """What the API server says of a refusal; nothing where it is not the API's."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, TypeError, KeyError):
        return ""


def _configuration(context: str | None, seconds: float) -> "Configuration":
    import yaml
    from kubernetes import client, config

    configuration = client.Configuration()
    # Named here, because the library reads the variable only once, when it is imported.
    named = os.environ.get("KUBECONFIG")

    def load() -> None:
        if not _is_by_file(context):
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=named or _DEFAULT_FILE, context=context, client_configuration=configuration
            )

    try:
        within(seconds, load)  # it runs the program, or asks the server, that the kubeconfig names for a login
    except TimeoutError:
        raise _no_login(context, seconds) from None
    except (config.ConfigException, OSError) as error:
        raise _unusable(named, context, str(error).partition("\n")[0] or type(error).__name__) from None
    except yaml.MarkedYAMLError as error:  # its text repeats the lines around, which may hold a token
        mark = error.problem_mark
        raise _unusable(named, context, f"line {mark.line + 1} is not YAML" if mark else "it is not YAML") from None
    except (yaml.YAMLError, TypeError, AttributeError, KeyError, ValueError):
        raise _unusable(named, context, "it does not have the form of a kubeconfig") from None
    return configuration


def is_set_up() -> bool:
    """Whether this machine may know a cluster: costs nothing, where opening one takes half a second."""
    named = os.environ.get("KUBECONFIG")
    return _in_pod() or (any(map(os.path.exists, named.split(os.pathsep))) if named else _has_default_file())


def _is_by_file(context: str | None) -> bool:
    """Whether a kubeconfig says where the cluster is, and not the pod that this runs in."""
    return context is not None or bool(os.environ.get("KUBECONFIG")) or _has_default_file() or not _in_pod()


def _current_context() -> str:
    from kubernetes import config

    list_contexts: Callable[..., tuple[object, Mapping[str, str]]] = config.list_kube_config_contexts
    return list_contexts(config_file=os.environ.get("KUBECONFIG") or _DEFAULT_FILE)[1]["name"]


def _has_default_file() -> bool:
    try:
        return Path(_DEFAULT_FILE).expanduser().exists()
    except RuntimeError:  # a user id without a home, as OpenShift gives them
        return False


def _in_pod() -> bool:
    return "KUBERNETES_SERVICE_HOST" in os.environ


def _no_login(context: str | None, seconds: float) -> UnreachableError:
    chosen = f" --context {context}" if context else ""
    return UnreachableError(
        f"The kubeconfig's way to log in gave no login within {round(seconds, 2):g} s.",
        why="A program that it names may wait for a browser, a password or a second factor, or for a VPN that is down.",
        fix=f"`kubectl{chosen} get ns`, which waits for it, then this again; a longer --timeout if it is always slow",
    )


def _unusable(named: str | None, context: str | None, why: str) -> UsageError:
    chosen = f" with a context {context!r}" if context else ""
    return UsageError(f"No usable kubeconfig{chosen} in {named or _DEFAULT_FILE}", why=why, fix=_CHOOSE)
