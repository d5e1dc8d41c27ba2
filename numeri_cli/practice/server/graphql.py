"""A GraphQL request → an answer, executed by graphql-core over the resolvers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    build_schema,
    execute_sync,
    get_operation_ast,
    validate,
)

from numeri_cli.practice.participants.refusals import Refusal
from numeri_cli.practice.server.fields import ROW_EXECUTOR, resolve_field, snake_cased, wire_value
from numeri_cli.practice.server.resolvers import account as resolvers_account
from numeri_cli.practice.server.resolvers import diagnostics as resolvers_diagnostics
from numeri_cli.practice.server.resolvers import hosting as resolvers_hosting
from numeri_cli.practice.server.resolvers import leaderboards as resolvers_leaderboards
from numeri_cli.practice.server.resolvers import rounds as resolvers_rounds
from numeri_cli.practice.server.resolvers import scores as resolvers_scores
from numeri_cli.practice.server.resolvers import submissions as resolvers_submissions
from numeri_cli.practice.server.resolvers import webhooks as resolvers_webhooks
from numeri_cli.practice.server.resolvers.request import ApiRequest, Wire, viewing
from numeri_cli.practice.server.spelling import understood

Resolver = Callable[..., Any]

QUERIES: Mapping[str, Resolver] = {
    "rounds": resolvers_rounds.rounds,
    "roundDetails": resolvers_rounds.round_details,
    "tournaments": resolvers_rounds.tournaments,
    "pipelineStatus": resolvers_rounds.pipeline_status,
    "listDatasets": resolvers_rounds.list_datasets,
    "dataset": resolvers_rounds.dataset,
    "account": resolvers_account.account,
    "apiTokenInfo": resolvers_account.api_token_info,
    "model": resolvers_account.model,
    "pendingModelPayouts": resolvers_scores.pending_model_payouts,
    "stakeTransactions": resolvers_scores.stake_transactions,
    "submissionUploadAuth": resolvers_submissions.submission_upload_auth,
    "submissionUploadSignalsAuth": resolvers_submissions.submission_upload_signals_auth,
    "submissionDownloadAuth": resolvers_submissions.submission_download_auth,
    "submissions": resolvers_submissions.submissions_list,
    "submissionScores": resolvers_scores.submission_scores,
    "v2RoundModelPerformances": resolvers_scores.v2_round_model_performances,
    "diagnosticsUploadAuth": resolvers_diagnostics.diagnostics_upload_auth,
    "diagnostics": resolvers_diagnostics.diagnostics,
    "computePickleUploadAuth": resolvers_hosting.compute_pickle_upload_auth,
    "computePickles": resolvers_hosting.compute_pickles,
    "computePickleDownloadAuth": resolvers_hosting.compute_pickle_download_auth,
    "triggerLogs": resolvers_hosting.trigger_logs,
    "diagnosticsTriggerLogs": resolvers_hosting.diagnostics_trigger_logs,
    "computePickleDataVersions": resolvers_hosting.compute_pickle_data_versions,
    "computePickleDockerImages": resolvers_hosting.compute_pickle_docker_images,
    "v2Leaderboard": resolvers_leaderboards.v2_leaderboard,
    "accountLeaderboard": resolvers_leaderboards.account_leaderboard,
    "accountProfile": resolvers_leaderboards.account_profile,
    "v3UserProfile": resolvers_leaderboards.v3_user_profile,
    "latestNmrPrice": resolvers_account.latest_nmr_price,
    "v3StakeConfig": resolvers_account.v3_stake_config,
    "v3StakeRound": resolvers_account.v3_stake_other,
    "v3StakeAuth": resolvers_account.v3_stake_other,
    "v3StakeClaim": resolvers_account.v3_stake_other,
}
MUTATIONS: Mapping[str, Resolver] = {
    "createSubmission": resolvers_submissions.create_submission,
    "createSignalsSubmission": resolvers_submissions.create_signals_submission,
    "createDiagnostics": resolvers_diagnostics.create_diagnostics,
    "createComputePickleUpload": resolvers_hosting.create_compute_pickle_upload,
    "assignPickleToModel": resolvers_hosting.assign_pickle_to_model,
    "triggerComputePickleUpload": resolvers_hosting.trigger_compute_pickle_upload,
    "updatePickleLabel": resolvers_hosting.update_pickle_label,
    "setSubmissionWebhook": resolvers_webhooks.set_submission_webhook,
    "triggerModelWebhook": resolvers_webhooks.trigger_model_webhook,
    "setUserBio": resolvers_account.set_user_bio,
    "setUserLink": resolvers_account.set_user_link,
    "v2ChangeStake": resolvers_account.v2_change_stake,
    "releaseStake": resolvers_account.release_stake,
}


@dataclass(frozen=True, kw_only=True)
class GraphQLRequest:
    """What a client posts: a document, its variables, the operation meant."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None = None


def answer(asked: ApiRequest, request: GraphQLRequest) -> Wire:
    """The payload for one request; refusals are in it, anything that breaks is raised."""
    schema = tournament_schema()
    try:
        document, faults = _read(request.query)
    except GraphQLError as error:
        return _refused([error])
    if faults:
        return _refused(faults)
    operation = get_operation_ast(document, request.operation_name)
    with ExitStack() as stack:
        context: Any = asked
        if not _changes(operation):
            context = stack.enter_context(viewing(asked))
        result = execute_sync(
            schema,
            document,
            context_value=context,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            field_resolver=resolve_field,
            **ROW_EXECUTOR,
        )
    for fault in result.errors or ():
        original = fault.original_error
        if original is not None and not isinstance(original, Refusal | GraphQLError):
            raise original
    if not result.errors:
        return {"data": result.data}
    known = any(value is not None for value in (result.data or {}).values())
    return {"data": result.data if known else None, "errors": _listed(result.errors)}


def root_fields(request: GraphQLRequest) -> list[str]:
    """What a request asks for, each as often as it does; nothing where it cannot be understood."""
    try:
        document, _ = _read(request.query)
    except GraphQLError:
        return []
    operation = get_operation_ast(document, request.operation_name)
    if operation is None:
        return []
    fragments = {
        one.name.value: one.selection_set
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    waiting: list[SelectionSetNode] = [operation.selection_set]
    fields: dict[str, str] = {}  # by the name in the answer, under which it is asked once
    while waiting:
        for one in waiting.pop().selections:
            if isinstance(one, FieldNode):
                fields[(one.alias or one.name).value] = one.name.value
            elif isinstance(one, InlineFragmentNode):
                waiting.append(one.selection_set)
            elif isinstance(one, FragmentSpreadNode) and one.name.value in fragments:
                waiting.append(fragments.pop(one.name.value))  # its fields count once
    return list(fields.values())


@lru_cache(maxsize=128)
def _read(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """The document of a query and what the schema has against it. Raises GraphQLSyntaxError.

    A client asks the same few questions again and again, with other variables.
    """
    schema = tournament_schema()
    document = understood(query, schema)
    return document, validate(schema, document)


def _changes(operation: OperationDefinitionNode | None) -> bool:
    return operation is not None and operation.operation is OperationType.MUTATION


def _refused(errors: list[GraphQLError]) -> Wire:
    return {"errors": _listed(errors), "data": None}


def _listed(errors: list[GraphQLError]) -> list[Wire]:
    return [
        {
            "message": error.message,
            "locations": [
                {"line": place.line, "column": place.column} for place in error.locations or ()
            ],
            "path": error.path,
        }
        for error in errors
    ]


@cache
def tournament_schema() -> GraphQLSchema:
    """The schema with a resolver on every query and mutation."""
    text = (
        files("numeri_cli.practice.server").joinpath("schema.graphql").read_text(encoding="utf-8")
    )
    schema = build_schema(text)
    for root, resolvers in ((schema.query_type, QUERIES), (schema.mutation_type, MUTATIONS)):
        if root is None or root.fields.keys() != resolvers.keys():
            raise ValueError("schema.graphql and the resolvers name different fields")
        _bind(root, resolvers)
    return schema


def _bind(root: GraphQLObjectType, resolvers: Mapping[str, Resolver]) -> None:
    for name, resolver in resolvers.items():
        root.fields[name].resolve = _called(resolver)


def _called(resolver: Resolver) -> Resolver:
    def resolve(_: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = resolver(info.context, **snake_cased(arguments))
        return wire_value(value, info)

    return resolve
