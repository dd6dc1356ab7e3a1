"""/api/accounts/: open, list, retrieve, statement."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from transactions.api.base import ApiView
from transactions.api.pagination import EntryPagination, IdPagination
from transactions.api.schema import problems
from transactions.api.serializers import (
    AccountRequestSerializer,
    AccountSerializer,
    StatementEntrySerializer,
)
from transactions.models import Account, LedgerEntry
from transactions.services.accounts import open_account


class AccountListView(ApiView):
    """The user's accounts."""

    serializer_class = AccountSerializer
    pagination_class = IdPagination

    @extend_schema(
        operation_id="accounts_list",
        responses={200: AccountSerializer(many=True), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """List your accounts, newest first."""
        return self.page_of(Account.objects.filter(owner_id=self.owner_id))

    @extend_schema(
        request=AccountRequestSerializer,
        responses={201: AccountSerializer, **problems(400, 413, 415)},
    )
    def post(self, request: Request) -> Response:
        """Open an account with a balance of zero."""
        serializer = AccountRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        account = open_account(self.owner_id, serializer.validated_data["currency"])
        return Response(AccountSerializer(account).data, status=201)


class AccountView(ApiView):
    """One account of the user."""

    serializer_class = AccountSerializer

    @extend_schema(responses={200: AccountSerializer, **problems(404)})
    def get(self, request: Request, pk: UUID) -> Response:
        """Retrieve an account and its balance."""
        return Response(AccountSerializer(own_account(self.owner_id, pk)).data)


class StatementView(ApiView):
    """The ledger entries of one account of the user."""

    serializer_class = StatementEntrySerializer
    pagination_class = EntryPagination

    @extend_schema(
        operation_id="accounts_statement",
        responses={200: StatementEntrySerializer(many=True), **problems(400, 404)},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """List an account's entries, newest first, each with the balance after it."""
        account = own_account(self.owner_id, pk)
        entries = LedgerEntry.objects.filter(account_id=account.pk).select_related("transaction")
        return self.page_of(entries, currency=account.currency)


def own_account(owner_id: int, pk: UUID) -> Account:
    """The user's account; raises NotFound, the same for another user's and for none."""
    account = Account.objects.filter(pk=pk, owner_id=owner_id).first()
    if account is None:
        raise NotFound("You have no account with this id.")
    return account
